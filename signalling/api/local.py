"""Local mode: rooms and tokens without credentials, for trying out roomcast on one's own machine.

`POST /local/rooms {"name"?}` → `{"room_id", "token", "url"}`: a new room, a token of a moderator, the page of the room.
`POST /local/rooms/{room_id}/tokens {"name", "role"?}` → `{"token", "role"}`: a token for anyone who knows the room.
Errors are `{"error": {"reason", "message"}}`: a stable code and a sentence.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, TypeVar

import structlog
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from yarl import URL

from signalling.api.json_body import BodyError, read_object
from signalling.api.sessions import Sessions
from signalling.credentials import Credentials
from signalling.domain.room import Role, is_room_id
from signalling.origin import origin_of
from signalling.store import Store
from signalling.tokens import TokenIssuer
from signalling.ws.addresses import Network

_Answer = dict[str, str]
_Endpoint = Callable[[web.Request], Awaitable[_Answer]]
_Handler = Callable[[web.Request], Awaitable[web.Response]]

_NO_STORE = {"Cache-Control": "no-store"}
_log = structlog.get_logger(__name__)
_BODY_REASONS = {400: "malformed-body", 413: "body-too-large", 415: "not-json"}


class LocalError(ValueError):
    """A request that is refused: the HTTP status, a stable reason, and a sentence."""

    def __init__(self, status: int, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.reason = reason


class _NewRoom(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, Field(min_length=1, max_length=256)] = "Meeting"


class _NewToken(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, Field(min_length=1, max_length=256)]
    role: Role | None = None


_Body = TypeVar("_Body", _NewRoom, _NewToken)


def routes(
    store: Store,
    issuer: TokenIssuer,
    credentials: Credentials,
    sessions: Sessions,
    clock: Callable[[], float] = time.time,
    proxies: Sequence[Network] = (),
) -> list[web.RouteDef]:
    """To be served in local mode only: whoever reaches these makes rooms. `clock` gives Unix seconds,
    `proxies` are believed about the URL that was asked for."""
    local = _LocalRooms(store, issuer, credentials.app_id, sessions, clock, proxies)
    return [
        web.post("/local/rooms", _answering(local.create_room)),
        web.post("/local/rooms/{room_id}/tokens", _answering(local.create_token)),
    ]


class _LocalRooms:
    def __init__(
        self,
        store: Store,
        issuer: TokenIssuer,
        app_id: str,
        sessions: Sessions,
        clock: Callable[[], float],
        proxies: Sequence[Network],
    ) -> None:
        self._store = store
        self._issuer = issuer
        self._app_id = app_id
        self._sessions = sessions
        self._clock = clock
        self._proxies = proxies
        # Rooms whose moderator was named: the id and the expiry (Unix seconds) of the last moderator's token.
        self._moderators: dict[str, tuple[str, float]] = {}

    async def create_room(self, request: web.Request) -> _Answer:
        body = await _body(_NewRoom, request)
        origin = self._origin(request)
        room = await self._store.rooms.create(self._app_id, body.name, "local", now=self._clock())
        token = self._issue(room.room_id, "Moderator", "moderator")
        return {"room_id": room.room_id, "token": token, "url": str(origin / "room" / room.room_id)}

    async def create_token(self, request: web.Request) -> _Answer:
        room_id = request.match_info["room_id"]
        if not is_room_id(room_id) or await self._store.rooms.get(room_id, self._app_id) is None:
            raise LocalError(404, "unknown-room", "There is no such room any more: start a new one.")
        body = await _body(_NewToken, request)
        role = body.role or await self._role_of_next(room_id)
        return {"token": self._issue(room_id, body.name, role), "role": role}

    async def _role_of_next(self, room_id: str) -> Role:
        """Moderator when there is none in the room and none on the way in with a token that is still good."""
        if any(user.role == "moderator" for user in self._sessions.active_users(room_id)):
            return "participant"
        jti, expires = self._moderators.get(room_id, ("", 0.0))
        if self._clock() < expires and not await self._store.used_tokens.is_used(jti):
            return "participant"
        return "moderator"

    def _origin(self, request: web.Request) -> URL:
        try:
            return origin_of(request, self._proxies)
        except ValueError as error:
            raise LocalError(400, "invalid-host", "The Host header must name this server.") from error

    def _issue(self, room_id: str, name: str, role: Role) -> str:
        now = self._clock()
        token = self._issuer.issue(room_id, name, role, name, {}, now)
        if role == "moderator":
            claims = self._issuer.verify(token, now)
            self._moderators = {room: last for room, last in self._moderators.items() if now < last[1]}
            self._moderators[room_id] = (claims.jti, claims.expires)
        return token


async def _body(model: type[_Body], request: web.Request) -> _Body:
    try:
        return model.model_validate(await read_object(request))
    except BodyError as error:
        raise LocalError(error.status, _BODY_REASONS[error.status], str(error)) from error
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, detail["loc"]))
        raise LocalError(400, "invalid-params", f"{field}: {detail['msg']}.") from error


def _answering(endpoint: _Endpoint) -> _Handler:
    """The endpoint with errors answered as JSON."""

    async def handle(request: web.Request) -> web.Response:
        try:
            return web.json_response(await endpoint(request), headers=_NO_STORE)
        except LocalError as error:
            return _failure(error)
        except Exception:
            # A mistake of ours, or a database that is gone: pages expect JSON then, too.
            _log.exception("request-failed", method=request.method, path=request.path)
            return _failure(LocalError(500, "internal-error", "The server failed at this: try again."))

    return handle


def _failure(error: LocalError) -> web.Response:
    answer = {"error": {"reason": error.reason, "message": str(error)}}
    return web.json_response(answer, status=error.status, headers=_NO_STORE)
