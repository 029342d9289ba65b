"""The endpoints of rooms, their tokens and the users who are in them now."""

from dataclasses import asdict, replace
from typing import Any

from pydantic import TypeAdapter

from signalling.api.enablex.answers import (
    Answer,
    PermissionsShown,
    RoomAnswer,
    RoomsAnswer,
    TokenAnswer,
    UsersAnswer,
    UserShown,
)
from signalling.api.enablex.backend import Backend
from signalling.api.enablex.bodies import CreateRoom, CreateToken, UpdateRoom
from signalling.api.enablex.errors import ApiError, ErrorCode, unknown_room
from signalling.api.enablex.operations import Call, Nothing, Operation
from signalling.api.enablex.pages import CursorInstant, PageQuery, RoomId, page_of
from signalling.api.enablex.settings import merged, to_settings
from signalling.api.enablex.shown import room_shown
from signalling.domain.room import Room, is_room_id
from signalling.store import RoomInUseError

_ROOM_KEY: TypeAdapter[tuple[float, str]] = TypeAdapter(tuple[CursorInstant, RoomId])

_TOKEN_REFUSALS = {
    "too-early": (
        ErrorCode.TOO_EARLY_FOR_TOKEN,
        "The room gives no tokens yet: ask again from 30 minutes before its scheduled_time.",
    ),
    "over": (ErrorCode.ROOM_OVER, "The time of this room is over: create another room."),
}


def operations(backend: Backend) -> list[Operation[Any, Any]]:
    rooms = _Rooms(backend)
    unknown = ErrorCode.UNKNOWN_ROOM
    room, tokens, users = "/rooms/{room_id}", "/rooms/{room_id}/tokens", "/rooms/{room_id}/users"
    token_errors = (unknown, ErrorCode.TOO_EARLY_FOR_TOKEN, ErrorCode.ROOM_OVER)
    update_errors = (unknown, ErrorCode.TOO_LATE_TO_CHANGE)
    delete_errors = (unknown, ErrorCode.SESSION_ACTIVE)
    return [
        Operation("GET", "/rooms", "List all rooms", rooms.list, RoomsAnswer, PageQuery, Nothing),
        Operation("POST", "/rooms", "Create a room", rooms.create, RoomAnswer, Nothing, CreateRoom),
        Operation("GET", room, "Get room details", rooms.get, RoomAnswer, Nothing, Nothing, (unknown,)),
        Operation("PATCH", room, "Update a room", rooms.update, Answer, Nothing, UpdateRoom, update_errors),
        Operation("DELETE", room, "Delete a room", rooms.delete, Answer, Nothing, Nothing, delete_errors),
        Operation("POST", tokens, "Create a join token", rooms.token, TokenAnswer, Nothing, CreateToken, token_errors),
        Operation("GET", users, "Get active users in session", rooms.users, UsersAnswer, Nothing, Nothing, (unknown,)),
    ]


class _Rooms:
    """One method for each endpoint."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._rooms = backend.store.rooms
        self._app_id = backend.app_id

    async def list(self, call: Call[PageQuery, Nothing]) -> RoomsAnswer:
        page = page_of(call.query, _ROOM_KEY)
        rooms = await self._rooms.list(self._app_id, page.limit + 1, page.after)
        return RoomsAnswer(
            rooms=[room_shown(room) for room in rooms[: page.limit]],
            next=page.next([(room.created_at, room.room_id) for room in rooms]),
        )

    async def create(self, call: Call[Nothing, CreateRoom]) -> RoomAnswer:
        body = call.body
        settings, text_numbers = to_settings(body.settings)
        room = await self._rooms.create(
            self._app_id,
            body.name,
            body.owner_ref,
            now=self._backend.clock(),
            settings=settings,
            dial_in=body.sip.enabled,
            data=body.data,
            text_numbers=text_numbers,
        )
        return RoomAnswer(room=room_shown(room))

    async def get(self, call: Call[Nothing, Nothing]) -> RoomAnswer:
        return RoomAnswer(room=room_shown(await self._room(call.path)))

    async def update(self, call: Call[Nothing, UpdateRoom]) -> Answer:
        now = self._backend.clock()

        def change(room: Room) -> Room:
            if not room.can_change(now):
                raise ApiError(
                    ErrorCode.TOO_LATE_TO_CHANGE,
                    "A scheduled room can be changed until 30 minutes before its scheduled_time: create another room.",
                )
            return _changed(room, call.body)

        if await self._rooms.update(self._app_id, _room_id(call.path), change) is None:
            raise unknown_room()
        return Answer()

    async def delete(self, call: Call[Nothing, Nothing]) -> Answer:
        room = await self._room(call.path)
        try:
            if self._backend.sessions.is_active(room.room_id):
                raise RoomInUseError
            if not await self._rooms.delete(self._app_id, room.room_id):
                raise unknown_room()
        except RoomInUseError as error:
            raise ApiError(
                ErrorCode.SESSION_ACTIVE, "A session is running in this room: end the session, then delete the room."
            ) from error
        return Answer()

    async def token(self, call: Call[Nothing, CreateToken]) -> TokenAnswer:
        room, body, now = await self._room(call.path), call.body, self._backend.clock()
        refusal = room.token_refusal(now)
        # A session that was extended goes on after the time of its room, and more people may come.
        if refusal is not None and not (refusal == "over" and self._backend.sessions.is_active(room.room_id)):
            raise ApiError(*_TOKEN_REFUSALS[refusal])
        issuer = self._backend.issuer
        return TokenAnswer(token=issuer.issue(room.room_id, body.name, body.role, body.user_ref, body.data, now))

    async def users(self, call: Call[Nothing, Nothing]) -> UsersAnswer:
        room = await self._room(call.path)
        users = [
            UserShown(
                name=user.name,
                user_ref=user.user_ref,
                role=user.role,
                permissions=PermissionsShown(**asdict(user.permissions)),
            )
            for user in self._backend.sessions.active_users(room.room_id)
        ]
        return UsersAnswer(total=len(users), users=users)

    async def _room(self, path: dict[str, str]) -> Room:
        room = await self._rooms.get(_room_id(path), self._app_id)
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
        dial_in=body.sip.enabled if "enabled" in body.sip.model_fields_set else room.dial_in,
        data=body.data if "data" in given else room.data,
    )


def _room_id(path: dict[str, str]) -> str:
    room_id = path["room_id"]
    if not is_room_id(room_id):
        raise unknown_room()
    return room_id
