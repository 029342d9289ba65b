"""Files of the archive by signed links, without credentials: see `signalling.archive.links`.

`GET /files/{file_id}/{name}?expires=…&signature=…` sends the file, or the part that `Range` asks for. Errors are
`{"error": {"reason", "message"}}`: `link-invalid` and `link-expired` (403), `unknown-file` (404).
"""

from collections.abc import Callable

from aiohttp import web

from signalling.archive import FileLinks, LinkError, Storage, download
from signalling.static_headers import FILE
from signalling.store import Store


def routes(
    store: Store, storage: Storage, links: FileLinks, app_id: str, clock: Callable[[], float]
) -> list[web.RouteDef]:
    """`clock` gives Unix seconds."""

    async def send(request: web.Request) -> web.StreamResponse:
        file_id, query = request.match_info["file_id"], request.query
        try:
            links.check(file_id, query.get("expires", ""), query.get("signature", ""), clock())
        except LinkError as error:
            return _failure(403, error.reason, str(error))
        file = await store.archive_files.get(file_id, app_id, clock())
        if file is not None and file.name == request.match_info["name"]:
            answer = await download(request, storage, file)
            if answer is not None:
                return answer
        return _failure(404, "unknown-file", "There is no such file, or no longer.")

    return [web.get("/files/{file_id}/{name}", send)]


def _failure(status: int, reason: str, message: str) -> web.Response:
    answer = {"error": {"reason": reason, "message": message}}
    return web.json_response(answer, status=status, headers={**FILE, "Cache-Control": "no-store"})
