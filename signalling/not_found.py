"""Answers to requests for what there is not, outside the APIs that have a shape of their own for it."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from signalling.static_headers import FILE

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def describe_missing(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """404 and 405 as `{"error": {"reason", "message"}}`: a stable code and a sentence, as other errors of ours are."""
    try:
        return await handler(request)
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        headers = {**FILE, "Allow": allowed}
        return _failure(405, "wrong-method", f"{request.method} does nothing here: use {allowed}.", headers)
    except web.HTTPNotFound:
        return _failure(404, "not-found", f"There is nothing at {request.path}.", FILE)


def _failure(status: int, reason: str, message: str, headers: dict[str, str]) -> web.Response:
    return web.json_response({"error": {"reason": reason, "message": message}}, status=status, headers=headers)
