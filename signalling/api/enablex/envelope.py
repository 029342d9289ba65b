"""The envelope of every answer, and what comes before every endpoint: credentials, path, method, query and body."""

from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from aiohttp import web

from signalling.api.enablex.answers import ErrorAnswer
from signalling.api.enablex.bodies import check
from signalling.api.enablex.errors import ApiError, ErrorCode
from signalling.api.enablex.operations import Call, Nothing, Operation
from signalling.api.enablex.queries import check_query
from signalling.api.json_body import BodyError, read_object
from signalling.credentials import Credentials

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Methods = Mapping[str, Operation[Any, Any]]

_log = structlog.get_logger(__name__)
_NO_STORE = {"Cache-Control": "no-store"}
_BODY_ERRORS = {
    400: ErrorCode.MALFORMED_BODY,
    413: ErrorCode.BODY_TOO_LARGE,
    415: ErrorCode.NOT_JSON,
}


def handler(credentials: Credentials, methods: Methods) -> Handler:
    """What aiohttp calls for one path: checks credentials and request, and puts everything into the envelope."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            _authenticate(request, credentials)
            operation = _operation(request, methods)
            answer = await operation.run(await _checked(request, operation))
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
        if isinstance(answer, web.StreamResponse):
            return answer
        return web.json_response(text=answer.model_dump_json(by_alias=True), headers=_NO_STORE)

    return handle


def _operation(request: web.Request, methods: Methods) -> Operation[Any, Any]:
    if not methods:
        raise ApiError(ErrorCode.UNKNOWN_PATH, f"There is nothing at {request.path}: see the list of endpoints.")
    operation = methods.get("GET" if request.method == "HEAD" else request.method)
    if operation is None:
        allowed = ", ".join(methods)
        raise ApiError(ErrorCode.WRONG_METHOD, f"{request.method} does nothing here: use {allowed}.")
    return operation


async def _checked(request: web.Request, operation: Operation[Any, Any]) -> Call[Any, Any]:
    query = check_query(operation.query, request)
    body = Nothing() if operation.body is Nothing else check(operation.body, await read_object(request))
    return Call(request, query, body)


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


def _failure(error: ApiError, methods: Methods) -> web.Response:
    headers = dict(_NO_STORE)
    if error.code is ErrorCode.UNAUTHORISED:
        headers["WWW-Authenticate"] = 'Basic realm="roomcast", charset="UTF-8"'
    elif error.code is ErrorCode.WRONG_METHOD:
        headers["Allow"] = ", ".join(methods)
    answer = ErrorAnswer(result=error.code.value, error=str(error))
    return web.json_response(text=answer.model_dump_json(), status=error.code.status, headers=headers)
