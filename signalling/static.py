"""The pages and the JavaScript SDK, served from their folders.

    routes(static_dirs, local_mode=...) -> list of aiohttp routes
    find_static_dirs() -> {"sdk": …, "web": …}

`/` is the start page, `/room/{room_id}` the meeting page, `/recordings` the operator's page, `/sdk/…` and `/web/…` the
files themselves. Files are read when they are first asked for and again when they change on disk; browsers
revalidate by ETag (RFC 9110 section 8.8.3).
"""

import gzip
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from signalling import static_headers

# Text only: everything served from here is compressed.
CONTENT_TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".ts": "text/plain",
    ".webmanifest": "application/manifest+json",
}

# No segment starts with a dot, so no path leaves its folder or reaches a hidden file.
SAFE_PATH: Final = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*")

START_PAGE: Final = "index.html"
MEETING_PAGE: Final = "room.html"
RECORDINGS_PAGE: Final = "recordings.html"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class StaticDirError(ValueError):
    """A folder that has to be served is not there."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent. `stamp` tells whether the file on disk is still the same."""

    body: bytes
    compressed: bytes
    content_type: str
    etag: str
    stamp: tuple[int, int]


class AssetFolder:
    """The servable files of one folder."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise StaticDirError(f"There is no folder {folder} to serve")
        self._folder = folder
        self._assets: dict[str, Asset] = {}

    def get(self, path: str) -> Asset | None:
        """The file of this relative path, or None for whatever is not served."""
        content_type = CONTENT_TYPES.get(Path(path).suffix)
        if content_type is None or SAFE_PATH.fullmatch(path) is None:
            return None
        file = self._folder / path
        try:
            status = file.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            known = self._assets.get(path)
            if known is not None and known.stamp == stamp:
                return known
            body = file.read_bytes()
        except OSError:
            return None
        asset = Asset(body, gzip.compress(body, mtime=0), content_type, hashlib.sha256(body).hexdigest()[:32], stamp)
        self._assets[path] = asset
        return asset


def find_static_dirs() -> dict[str, Path]:
    """Where `sdk` and `web` are: beside the packages in a source checkout, in roomcast/static of an installed wheel.

    Raises StaticDirError when they are in neither place.
    """
    top = Path(__file__).resolve().parent.parent
    for parent in (top, top / "roomcast" / "static"):
        found = {name: parent / name for name in ("sdk", "web")}
        if (found["sdk"] / "roomcast.js").is_file() and (found["web"] / MEETING_PAGE).is_file():
            return found
    raise StaticDirError(f"The folders sdk and web are neither in {top} nor in {top / 'roomcast' / 'static'}")


def routes(static_dirs: Mapping[str, Path], *, local_mode: bool = False) -> Sequence[web.RouteDef]:
    """The routes of the folders `sdk` and `web` of `static_dirs`. Raises StaticDirError when one is missing.

    `local_mode` lets the start page offer what only works then.
    """
    missing = {"sdk", "web"} - static_dirs.keys()
    if missing:
        raise StaticDirError(f"static_dirs lacks {', '.join(sorted(missing))}")
    sdk = AssetFolder(static_dirs["sdk"])
    pages = AssetFolder(static_dirs["web"])

    async def config(_request: web.Request) -> web.Response:
        return web.json_response(
            {"local_mode": local_mode}, headers=static_headers.FILE | {"Cache-Control": "no-store"}
        )

    return [
        web.get("/", _page(pages, START_PAGE)),
        web.get("/room/{room_id}", _page(pages, MEETING_PAGE)),
        web.get("/recordings", _page(pages, RECORDINGS_PAGE)),
        web.get("/web/config.json", config),
        web.get("/web/{path:.+}", _files(pages, static_headers.FILE)),
        web.get("/sdk/{path:.+}", _files(sdk, static_headers.SHARED_FILE)),
    ]


def _page(folder: AssetFolder, name: str) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        return _respond(request, folder.get(name), static_headers.page(request.host))

    return handler


def _files(folder: AssetFolder, headers: Mapping[str, str]) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        return _respond(request, folder.get(request.match_info["path"]), headers)

    return handler


def _respond(request: web.Request, asset: Asset | None, headers: Mapping[str, str]) -> web.Response:
    if asset is None:
        raise web.HTTPNotFound(headers=static_headers.FILE)
    compressed = "gzip" in request.headers.get("Accept-Encoding", "")
    # The two encodings are two representations: a strong ETag names one of them.
    etag = f'"{asset.etag}-gzip"' if compressed else f'"{asset.etag}"'
    shared = {**headers, "ETag": etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if _matches(request, etag.strip('"')):
        return web.Response(status=304, headers=shared)
    response = web.Response(
        body=asset.compressed if compressed else asset.body,
        content_type=asset.content_type,
        charset="utf-8",
        headers=shared,
    )
    if compressed:
        response.headers["Content-Encoding"] = "gzip"
    return response


def _matches(request: web.Request, etag: str) -> bool:
    """RFC 9110 section 13.1.2: weak comparison with If-None-Match."""
    return any(candidate.value in (etag, "*") for candidate in request.if_none_match or ())
