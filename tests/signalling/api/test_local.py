"""Local mode."""

from typing import Any

import pytest

from signalling.api.sessions import ActiveUser
from signalling.domain.roles import permissions_of

MODERATOR = ActiveUser("Sarah", "s", "moderator", permissions_of("moderator"))
PARTICIPANT = ActiveUser("Tom", "t", "participant", permissions_of("participant"))
NOBODYS = "0" * 24


async def new_room(api: Any) -> Any:
    answer = await api.raw("POST", "/local/rooms", json={})
    assert answer.status == 200
    return answer.json


async def role_of_next(api: Any, room_id: str, **body: str) -> str:
    answer = await api.raw("POST", f"/local/rooms/{room_id}/tokens", json={"name": "Next", **body})
    assert answer.status == 200
    claims = api.issuer.verify(answer.json["token"], api.now)
    assert (claims.room_id, claims.name, claims.role) == (room_id, "Next", answer.json["role"])
    return str(claims.role)


async def test_one_request_makes_a_room_and_its_moderator(api: Any) -> None:
    room = await new_room(api)
    claims = api.issuer.verify(room["token"], api.now)
    assert (claims.room_id, claims.role) == (room["room_id"], "moderator")
    assert room["url"].startswith(api.url)
    assert room["room_id"] in room["url"]


async def test_the_room_is_one_of_the_application(api: Any) -> None:
    room = await new_room(api)
    assert (await api.call("GET", f"/rooms/{room['room_id']}")).json["room"]["name"] == "Meeting"


async def test_whoever_comes_after_the_moderator_is_a_participant(api: Any) -> None:
    room = await new_room(api)
    assert await role_of_next(api, room["room_id"]) == "participant"
    claims = api.issuer.verify(room["token"], api.now)
    await api.store.used_tokens.use(claims.jti, claims.expires)
    api.sessions.users[room["room_id"]] = [PARTICIPANT, MODERATOR]
    assert await role_of_next(api, room["room_id"]) == "participant"


async def test_a_room_without_moderator_gets_one_again(api: Any) -> None:
    room = await new_room(api)
    claims = api.issuer.verify(room["token"], api.now)
    await api.store.used_tokens.use(claims.jti, claims.expires)
    api.sessions.users[room["room_id"]] = [PARTICIPANT]
    assert await role_of_next(api, room["room_id"]) == "moderator"
    assert await role_of_next(api, room["room_id"]) == "participant"


async def test_an_expired_token_of_a_moderator_is_waited_for_no_longer(api: Any) -> None:
    room = await new_room(api)
    api.now += 15 * 60
    assert await role_of_next(api, room["room_id"]) == "moderator"


async def test_a_role_can_be_chosen(api: Any) -> None:
    room = await new_room(api)
    assert await role_of_next(api, room["room_id"], role="viewer") == "viewer"


@pytest.mark.parametrize("room_id", [NOBODYS, "x", "%00"])
async def test_an_unknown_room_has_no_tokens(api: Any, room_id: str) -> None:
    answer = await api.raw("POST", f"/local/rooms/{room_id}/tokens", json={"name": "n"})
    assert (answer.status, answer.json["error"]["reason"]) == (404, "unknown-room")


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": 1}, {"name": "n", "role": "king"}, {"name": "n", "x": 1}])
async def test_a_wrong_body_is_refused(api: Any, body: Any) -> None:
    room = await new_room(api)
    answer = await api.raw("POST", f"/local/rooms/{room['room_id']}/tokens", json=body)
    assert (answer.status, answer.json["error"]["reason"]) == (400, "invalid-params")


async def test_a_page_of_another_origin_cannot_start_rooms_without_asking(api: Any) -> None:
    """Only a type that makes browsers ask first (CORS) is taken."""
    answer = await api.raw("POST", "/local/rooms", data="{}", headers={"Content-Type": "text/plain"})
    assert (answer.status, answer.json["error"]["reason"]) == (415, "not-json")


@pytest.mark.parametrize("host", ["a:b:c", ":"])
async def test_a_host_that_makes_no_address_is_refused(api: Any, host: str) -> None:
    answer = await api.raw("POST", "/local/rooms", json={}, headers={"Host": host})
    assert (answer.status, answer.json["error"]["reason"]) == (400, "invalid-host")
    assert (await api.call("GET", "/rooms")).json["rooms"] == []


async def test_a_failure_of_the_server_is_answered_in_json_too(api: Any) -> None:
    api.store.rooms.create = None
    answer = await api.raw("POST", "/local/rooms", json={})
    assert (answer.status, answer.json["error"]["reason"]) == (500, "internal-error")
