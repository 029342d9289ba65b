"""The envelope of every answer, and what comes before every endpoint: credentials, path and method."""

from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping

import structlog
from aiohttp import web
from pydantic import JsonValue

from signalling.api.enablex.errors import ApiError, ErrorCode
from signalling.api.json_body import BodyError
from signalling.credentials import Credentials

Answer = dict[str, JsonValue]
Endpoint = Callable[[web.Request], Awaitable[Answer]]
Handler = Callable[[web.Request], Awaitable[web.Response]]

_log = structlog.get_logger(__name__)
_NO_STORE = {"Cache-Control": "no-store"}
_BODY_ERRORS = {
    400: ErrorCode.MALFORMED_BODY,
    413: ErrorCode.BODY_TOO_LARGE,
    415: ErrorCode.NOT_JSON,
}


def handler(credentials: Credentials, methods: Mapping[str, Endpoint]) -> Handler:
    """What aiohttp calls for one path: checks credentials and method, and puts everything into the envelope."""

    async def handle(request: web.Request) -> web.Response:
        try:
            _authenticate(request, credentials)
            return web.json_response({"result": 0, **await _endpoint(request, methods)(request)}, headers=_NO_STORE)
        except ApiError as error:
            return _failure(error, methods)
        except BodyError as error:
            return _failure(ApiError(_BODY_ERRORS[error.status], str(error)), methods)
        except Exception:
            # Not a mistake of the caller: the operator finds it in the log, the caller learns that it was not theirs.
            _log.exception("request-failed", method=request.method, path=request.path)
            return _failure(
                ApiError(ErrorCode.INTERNAL, "The server failed at this: try again, and see its log if that fails."),
                methods,
            )

    return handle


def _endpoint(request: web.Request, methods: Mapping[str, Endpoint]) -> Endpoint:
    if not methods:
        raise ApiError(ErrorCode.UNKNOWN_PATH, f"There is nothing at {request.path}: see the list of endpoints.")
    endpoint = methods.get("GET" if request.method == "HEAD" else request.method)
    if endpoint is None:
        allowed = ", ".join(methods)
        raise ApiError(ErrorCode.WRONG_METHOD, f"{request.method} does nothing here: use {allowed}.")
    return endpoint


def _authenticate(request: web.Request, credentials: Credentials) -> None:
    """HTTP Basic (RFC 7617), in UTF-8."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        user, _, password = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        user = password = ""
    if scheme.lower() != "basic" or not credentials.matches(user, password):
        raise ApiError(
            ErrorCode.UNAUTHORISED, "Send the app id and app key of this server as the user and password of HTTP Basic."
        )


def _failure(error: ApiError, methods: Mapping[str, Endpoint]) -> web.Response:
    headers = dict(_NO_STORE)
    if error.code is ErrorCode.UNAUTHORISED:
        headers["WWW-Authenticate"] = 'Basic realm="roomcast", charset="UTF-8"'
    elif error.code is ErrorCode.WRONG_METHOD:
        headers["Allow"] = ", ".join(methods)
    return web.json_response(
        {"result": error.code.value, "error": str(error)}, status=error.code.status, headers=headers
    )
