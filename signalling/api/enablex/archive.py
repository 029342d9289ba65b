"""The endpoints of the archive: which files there are of past sessions, and the files themselves."""

from collections.abc import Sequence
from typing import Any

from aiohttp import web
from pydantic import TypeAdapter
from yarl import URL

from signalling.api.enablex.answers import ArchiveAnswer, ArchiveShown, Link
from signalling.api.enablex.backend import Backend
from signalling.api.enablex.errors import ApiError, ErrorCode
from signalling.api.enablex.filters import FILTERS, errors_of, selected
from signalling.api.enablex.operations import Call, Nothing, Operation
from signalling.api.enablex.pages import ConfNum, PageQuery, page_of
from signalling.api.enablex.shown import instant_shown
from signalling.archive import download
from signalling.origin import origin_of
from signalling.store import ArchiveFile, FileKind, SessionRecord, number_of
from signalling.ws.addresses import Network

_FILES = "/archive/files/{file_id}/{name}"
_KEY: TypeAdapter[str] = TypeAdapter(ConfNum)


def operations(backend: Backend, prefix: str) -> list[Operation[Any, Any]]:
    """`prefix` is where the API is, for the URLs of the files."""
    archive = _Archive(backend, prefix)
    lists = [
        Operation(
            "GET",
            "/archive" + path,
            f"Archive {summary}",
            archive.list,
            ArchiveAnswer,
            PageQuery,
            Nothing,
            errors_of(path),
        )
        for path, summary in FILTERS.items()
    ]
    download = Operation(
        "GET", _FILES, "Download a file", archive.download, None, Nothing, Nothing, (ErrorCode.UNKNOWN_FILE,)
    )
    return [*lists, download]


class _Archive:
    def __init__(self, backend: Backend, prefix: str) -> None:
        self._backend = backend
        self._prefix = prefix
        self._files = backend.store.archive_files

    async def list(self, call: Call[PageQuery, Nothing]) -> ArchiveAnswer:
        page = page_of(call.query, _KEY)
        base = base_url(call.request, self._backend.proxies) / self._prefix.strip("/")
        selection = await selected(call.path, self._backend.store, self._backend.app_id)
        found = await self._files.find(selection, self._backend.clock(), page.limit + 1, page.after)
        return ArchiveAnswer(
            archive=[_shown(session, files, base) for session, files in found[: page.limit]],
            next=page.next([session.conf_num for session, _ in found]),
        )

    async def download(self, call: Call[Nothing, Nothing]) -> web.StreamResponse:
        storage = self._backend.storage
        file = await existing_file(self._backend, call.path["file_id"])
        if file is not None and storage is not None and file.name == call.path["name"]:
            answer = await download(call.request, storage, file)
            if answer is not None:
                return answer
        raise unknown_file()


def base_url(request: web.Request, proxies: Sequence[Network]) -> URL:
    """Where the caller reached this server. Raises ApiError when that cannot be told."""
    try:
        return origin_of(request, proxies)
    except ValueError as error:
        raise ApiError(ErrorCode.INVALID_VALUE, "The Host header must name this server.") from error


async def existing_file(backend: Backend, file_id: str) -> ArchiveFile | None:
    """The file of this id, of which nothing is known yet: it may be anything that came in a path."""
    if not (file_id.isascii() and file_id.isalnum()):
        return None
    return await backend.store.archive_files.get(file_id, backend.app_id, backend.clock())


def unknown_file() -> ApiError:
    """The error for a file that is not in the archive, or no more."""
    return ApiError(
        ErrorCode.UNKNOWN_FILE, "There is no such file, or no longer: ask the archive for those that there are."
    )


def _shown(session: SessionRecord, files: list[ArchiveFile], base: URL) -> ArchiveShown:
    def urls(kind: FileKind) -> list[str]:
        return [str(base / "archive" / "files" / one.file_id / one.name) for one in files if one.kind == kind]

    return ArchiveShown(
        id=f"{number_of(session.conf_num):024x}",
        trans_date=instant_shown(session.closed_at or session.opened_at),
        conf_num=session.conf_num,
        app_id=session.app_id,
        room_id=session.room_id,
        recording=[Link(url=url) for url in urls("recording")],
        transcoded=[Link(url=url) for url in urls("transcoded")],
        chatdata=next(iter(urls("chat")), ""),
        metadata=next(iter(urls("metadata")), ""),
    )
