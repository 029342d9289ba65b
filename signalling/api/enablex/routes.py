"""The endpoints of the video API."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace

from aiohttp import web
from pydantic import JsonValue, TypeAdapter

from signalling.api.enablex.bodies import CreateRoom, CreateToken, UpdateRoom, check
from signalling.api.enablex.cdr import CallDetailReports
from signalling.api.enablex.envelope import Answer, Endpoint, handler
from signalling.api.enablex.errors import ApiError, ErrorCode, unknown_room
from signalling.api.enablex.filters import FILTERS
from signalling.api.enablex.pages import CursorInstant, RoomId, page_of
from signalling.api.enablex.settings import merged, to_settings
from signalling.api.enablex.shown import room_shown
from signalling.api.json_body import read_object
from signalling.api.sessions import Sessions
from signalling.credentials import Credentials
from signalling.domain.room import Room, is_room_id
from signalling.store import RoomInUseError, Store
from signalling.tokens import TokenIssuer

PREFIX = "/video/v2"

_ROOM_KEY: TypeAdapter[tuple[float, str]] = TypeAdapter(tuple[CursorInstant, RoomId])

_TOKEN_REFUSALS = {
    "too-early": (
        ErrorCode.TOO_EARLY_FOR_TOKEN,
        "The room gives no tokens yet: ask again from 30 minutes before its scheduled_time.",
    ),
    "over": (ErrorCode.ROOM_OVER, "The time of this room is over: create another room."),
}


def routes(
    store: Store,
    issuer: TokenIssuer,
    credentials: Credentials,
    sessions: Sessions,
    clock: Callable[[], float] = time.time,
) -> list[web.RouteDef]:
    """Everything under /video/v2, with and without a slash at the end. `clock` gives Unix seconds."""
    api = _VideoApi(store, issuer, credentials, sessions, clock)
    reports = CallDetailReports(store, credentials.app_id)
    resources: Mapping[str, Mapping[str, Endpoint]] = {
        "/rooms": {"GET": api.list_rooms, "POST": api.create_room},
        "/rooms/{room_id}": {"GET": api.get_room, "PATCH": api.update_room, "DELETE": api.delete_room},
        "/rooms/{room_id}/tokens": {"POST": api.create_token},
        "/rooms/{room_id}/users": {"GET": api.active_users},
        **{f"/cdr{path}": {"GET": reports.list} for path in FILTERS},
    }
    # One route for all methods of a path, so that a wrong method is answered in the envelope too.
    known = [
        web.route("*", PREFIX + path + slash, handler(credentials, methods))
        for path, methods in resources.items()
        for slash in ("", "/")
    ]
    unknown = handler(credentials, {})
    return [*known, web.route("*", PREFIX, unknown), web.route("*", PREFIX + "/{anything:.*}", unknown)]


class _VideoApi:
    """One method for each endpoint: takes the request, returns what the answer holds beside `result`."""

    def __init__(
        self,
        store: Store,
        issuer: TokenIssuer,
        credentials: Credentials,
        sessions: Sessions,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._issuer = issuer
        self._app_id = credentials.app_id
        self._sessions = sessions
        self._clock = clock

    async def list_rooms(self, request: web.Request) -> Answer:
        page = page_of(request, _ROOM_KEY)
        rooms = await self._store.rooms.list(self._app_id, page.limit + 1, page.after)
        shown: list[JsonValue] = [room_shown(room) for room in rooms[: page.limit]]
        return {"rooms": shown, **page.next([(room.created_at, room.room_id) for room in rooms])}

    async def create_room(self, request: web.Request) -> Answer:
        body = check(CreateRoom, await read_object(request))
        settings, text_numbers = to_settings(body.settings)
        room = await self._store.rooms.create(
            self._app_id,
            body.name,
            body.owner_ref,
            now=self._clock(),
            settings=settings,
            dial_in=body.sip.enabled,
            data=body.data,
            text_numbers=text_numbers,
        )
        return {"room": room_shown(room)}

    async def get_room(self, request: web.Request) -> Answer:
        return {"room": room_shown(await self._room(request))}

    async def update_room(self, request: web.Request) -> Answer:
        body = check(UpdateRoom, await read_object(request))
        now = self._clock()

        def change(room: Room) -> Room:
            if not room.can_change(now):
                raise ApiError(
                    ErrorCode.TOO_LATE_TO_CHANGE,
                    "A scheduled room can be changed until 30 minutes before its scheduled_time: create another room.",
                )
            return _changed(room, body)

        if await self._store.rooms.update(self._app_id, _room_id(request), change) is None:
            raise unknown_room()
        return {}

    async def delete_room(self, request: web.Request) -> Answer:
        room = await self._room(request)
        try:
            if self._sessions.is_active(room.room_id):
                raise RoomInUseError
            if not await self._store.rooms.delete(self._app_id, room.room_id):
                raise unknown_room()
        except RoomInUseError as error:
            raise ApiError(
                ErrorCode.SESSION_ACTIVE, "A session is running in this room: end the session, then delete the room."
            ) from error
        return {}

    async def create_token(self, request: web.Request) -> Answer:
        room = await self._room(request)
        body = check(CreateToken, await read_object(request))
        now = self._clock()
        refusal = room.token_refusal(now)
        if refusal is not None:
            raise ApiError(*_TOKEN_REFUSALS[refusal])
        return {"token": self._issuer.issue(room.room_id, body.name, body.role, body.user_ref, body.data, now)}

    async def active_users(self, request: web.Request) -> Answer:
        room = await self._room(request)
        users: list[JsonValue] = [asdict(user) for user in self._sessions.active_users(room.room_id)]
        return {"total": len(users), "users": users}

    async def _room(self, request: web.Request) -> Room:
        room = await self._store.rooms.get(_room_id(request), self._app_id)
        if room is None:
            raise unknown_room()
        return room


def _changed(room: Room, body: UpdateRoom) -> Room:
    """The room with everything replaced that the body holds."""
    settings, text_numbers = to_settings(merged(room, body.settings))
    given = body.model_fields_set
    return replace(
        room,
        name=body.name if "name" in given else room.name,
        owner_ref=body.owner_ref if "owner_ref" in given else room.owner_ref,
        settings=settings,
        text_numbers=text_numbers,
        dial_in=body.sip.enabled if "sip" in given else room.dial_in,
        data=body.data if "data" in given else room.data,
    )


def _room_id(request: web.Request) -> str:
    room_id = request.match_info["room_id"]
    if not is_room_id(room_id):
        raise unknown_room()
    return room_id
