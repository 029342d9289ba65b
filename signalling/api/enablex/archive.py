"""The endpoints of the archive: which files there are of past sessions, and the files themselves."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from pydantic import TypeAdapter
from yarl import URL

from signalling.api.enablex.answers import ArchiveAnswer, ArchiveShown, Link, ProgressShown
from signalling.api.enablex.backend import Backend
from signalling.api.enablex.errors import ApiError, ErrorCode
from signalling.api.enablex.filters import FILTERS, errors_of, selected
from signalling.api.enablex.operations import Call, Nothing, Operation
from signalling.api.enablex.pages import ConfNum, PageQuery, page_of
from signalling.api.enablex.shown import instant_shown
from signalling.origin import origin_of
from signalling.recording.composites import CompositeState
from signalling.static_headers import FILE
from signalling.store import ArchiveFile, FileKind, SessionRecord, number_of

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
        base = self._base(call.request)
        selection = await selected(call.path, self._backend.store, self._backend.app_id)
        found = await self._files.find(selection, self._backend.clock(), page.limit + 1, page.after)
        return ArchiveAnswer(
            archive=[
                _shown(session, files, base, self._backend.composites.of(session.conf_num))
                for session, files in found[: page.limit]
            ],
            next=page.next([session.conf_num for session, _ in found]),
        )

    async def download(self, call: Call[Nothing, Nothing]) -> web.StreamResponse:
        file = await self._file(call.path)
        local = self._backend.storage.local_file(file.location) if file and self._backend.storage else None
        if file is None or local is None:
            raise ApiError(
                ErrorCode.UNKNOWN_FILE, "There is no such file, or no longer: ask the archive for those that there are."
            )
        headers = {
            **FILE,
            "Content-Type": file.content_type,
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
            "Cache-Control": "private, no-cache",
        }
        return _Download(local, headers=headers)

    async def _file(self, path: Mapping[str, str]) -> ArchiveFile | None:
        file_id = path["file_id"]
        if not (file_id.isascii() and file_id.isalnum()):
            return None
        file = await self._files.get(file_id, self._backend.app_id, self._backend.clock())
        return file if file is not None and file.name == path["name"] else None

    def _base(self, request: web.Request) -> URL:
        try:
            return origin_of(request, self._backend.proxies) / self._prefix.strip("/")
        except ValueError as error:
            raise ApiError(ErrorCode.INVALID_VALUE, "The Host header must name this server.") from error


class _Download(web.FileResponse):
    """What aiohttp leaves out of RFC 9110: If-Range with an ETag (section 13.1.5), and a Range of several parts, which
    may be answered with the whole file (section 14.2)."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        if self._is_range_void(request):
            headers = request.headers.copy()
            headers.popall(hdrs.RANGE, None)
            request = request.clone(headers=headers)
        return await super().prepare(request)

    def _is_range_void(self, request: web.BaseRequest) -> bool:
        if "," in request.headers.get(hdrs.RANGE, ""):
            return True
        if_range = request.headers.get(hdrs.IF_RANGE, "")
        status = self._path.stat()
        return '"' in if_range and if_range != f'"{status.st_mtime_ns:x}-{status.st_size:x}"'


def _shown(
    session: SessionRecord, files: list[ArchiveFile], base: URL, composites: Sequence[CompositeState]
) -> ArchiveShown:
    def urls(*kinds: FileKind) -> list[str]:
        return [str(base / "archive" / "files" / one.file_id / one.name) for one in files if one.kind in kinds]

    progress = [ProgressShown(segment=one.segment, percent=one.percent, failure=one.failure) for one in composites]

    return ArchiveShown(
        id=f"{number_of(session.conf_num):024x}",
        trans_date=instant_shown(session.closed_at or session.opened_at),
        conf_num=session.conf_num,
        app_id=session.app_id,
        room_id=session.room_id,
        recording=[Link(url=url) for url in urls("recording")],
        transcoded=[Link(url=url) for url in urls("transcoded", "live")],
        chatdata=next(iter(urls("chat")), ""),
        metadata=next(iter(urls("metadata")), ""),
        progress=progress or None,
    )
