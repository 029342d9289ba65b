"""Sending files of the archive: whole or in parts (RFC 9110 section 14), so that downloads go on and players seek."""

from urllib.parse import quote

import structlog
from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter

from signalling.archive.storage import Storage
from signalling.static_headers import FILE
from signalling.store import ArchiveFile

log = structlog.get_logger()

_CHUNK = 1_048_576


async def download(request: web.Request, storage: Storage, file: ArchiveFile) -> web.StreamResponse | None:
    """The answer that sends a file, or the part that the request asks for; None when the storage does not have it.

    Raises OSError when the storage fails.
    """
    headers = {
        **FILE,
        "Content-Type": file.content_type,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "Cache-Control": "private, no-cache",
    }
    local = storage.local_file(file.location)
    if local is not None:
        return _LocalDownload(local, headers=headers)
    size = await storage.size(file.location)
    return None if size is None else await _stream(request, storage, file, size, headers)


class _LocalDownload(web.FileResponse):
    """What aiohttp leaves out of RFC 9110: If-Range with an ETag (section 13.1.5), and a Range of several parts, which
    may be answered with the whole file (section 14.2)."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        status = self._path.stat()
        if _is_range_void(request, f'"{status.st_mtime_ns:x}-{status.st_size:x}"'):
            headers = request.headers.copy()
            headers.popall(hdrs.RANGE, None)
            request = request.clone(headers=headers)
        return await super().prepare(request)


async def _stream(
    request: web.Request, storage: Storage, file: ArchiveFile, size: int, headers: dict[str, str]
) -> web.StreamResponse:
    etag = f'"{file.sha256}"'
    headers |= {"ETag": etag, "Accept-Ranges": "bytes"}
    if any(one.value in (file.sha256, "*") for one in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    start, stop, status = 0, size, 200
    if hdrs.RANGE in request.headers and not _is_range_void(request, etag):
        found = _range(request, size)
        if found is None:
            return web.Response(status=416, headers=headers | {"Content-Range": f"bytes */{size}"})
        (start, stop), status = found, 206
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = stop - start
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    try:
        for at in range(start, stop, _CHUNK):
            await response.write(await storage.read(file.location, at, min(at + _CHUNK, stop)))
    except OSError as error:
        # Too late for an error answer: that the connection breaks off tells that the file is not whole.
        if not isinstance(error, ConnectionError):
            log.warning("a download broke off", location=file.location, error=str(error))
        if request.transport is not None:
            request.transport.abort()
    return response


def _range(request: web.Request, size: int) -> tuple[int, int] | None:
    """The first byte that is asked for and the one after the last; None when there are none of these."""
    try:
        start, stop, _ = request.http_range.indices(size)
    except ValueError:
        return None
    return (start, stop) if start < stop else None


def _is_range_void(request: web.BaseRequest, etag: str) -> bool:
    if "," in request.headers.get(hdrs.RANGE, ""):
        return True
    if_range = request.headers.get(hdrs.IF_RANGE, "")
    # A date instead of an ETag is for whoever sends a Last-Modified to judge.
    return '"' in if_range and if_range != etag
