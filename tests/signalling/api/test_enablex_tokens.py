"""Join tokens over the video API."""

import json
from typing import Any

import pytest

from signalling.api.enablex import ErrorCode

SARAH = {
    "name": "Sarah Johnson",
    "role": "participant",
    "user_ref": "usr_4921",
    "data": {"department": "engineering", "avatar_url": "https://example.com/avatars/sarah.jpg"},
}
TWO_HOURS = 7200
MINUTE = 60


async def test_a_token_holds_the_room_the_user_and_the_role(api: Any) -> None:
    room_id = await api.room()
    answer = await api.call("POST", f"/rooms/{room_id}/tokens", SARAH)
    assert answer.status == 200
    assert answer.json.keys() == {"result", "token"}
    claims = api.issuer.verify(answer.json["token"], api.now)
    assert (claims.room_id, claims.name, claims.role) == (room_id, "Sarah Johnson", "participant")
    assert (claims.user_ref, claims.data) == ("usr_4921", SARAH["data"])
    assert claims.expires == api.now + 15 * MINUTE


@pytest.mark.parametrize("role", ["moderator", "participant", "viewer", "audience"])
async def test_there_are_four_roles(api: Any, role: str) -> None:
    body = {"name": "n", "role": role, "user_ref": "u"}
    answer = await api.call("POST", f"/rooms/{await api.room()}/tokens", body)
    assert api.issuer.verify(answer.json["token"], api.now).role == role


@pytest.mark.parametrize(
    ("change", "code", "mentions"),
    [
        ({"role": "admin"}, ErrorCode.INVALID_VALUE, "role"),
        ({"name": ""}, ErrorCode.INVALID_VALUE, "name"),
        ({"user_ref": 4921}, ErrorCode.INVALID_VALUE, "user_ref"),
        ({"data": []}, ErrorCode.INVALID_VALUE, "data"),
        ({"data": {"long": "x" * 8192}}, ErrorCode.INVALID_VALUE, "8192 bytes"),
        ({"rolle": "viewer"}, ErrorCode.UNKNOWN_FIELD, "did you mean role?"),
    ],
)
async def test_a_token_for_a_wrong_body_is_refused(api: Any, change: Any, code: ErrorCode, mentions: str) -> None:
    answer = await api.call("POST", f"/rooms/{await api.room()}/tokens", {**SARAH, **change})
    assert (answer.status, answer.json["result"]) == (400, code)
    assert mentions in answer.json["error"]


@pytest.mark.parametrize("missing", ["name", "role", "user_ref"])
async def test_name_role_and_user_ref_are_required(api: Any, missing: str) -> None:
    body = {key: value for key, value in SARAH.items() if key != missing}
    answer = await api.call("POST", f"/rooms/{await api.room()}/tokens", body)
    assert answer.json == {"result": ErrorCode.MISSING_FIELD, "error": f"{missing} is required."}


async def test_a_scheduled_room_gives_tokens_from_30_minutes_before_its_start_to_its_end(api: Any) -> None:
    room_id = await api.room(scheduled=True, scheduled_time="2027-01-15 10:00:00", duration=60)
    start = api.now + TWO_HOURS
    for now, result in [
        (start - 30 * MINUTE - 1, ErrorCode.TOO_EARLY_FOR_TOKEN),
        (start - 30 * MINUTE, 0),
        (start + 60 * MINUTE - 1, 0),
        (start + 60 * MINUTE, ErrorCode.ROOM_OVER),
    ]:
        api.now = now
        answer = await api.call("POST", f"/rooms/{room_id}/tokens", SARAH)
        assert (now, answer.json["result"]) == (now, result)
        assert answer.status == (409 if result else 200)


async def test_a_session_that_was_extended_beyond_the_time_of_its_room_takes_more_people(api: Any) -> None:
    room_id = await api.room(scheduled=True, scheduled_time="2027-01-15 10:00:00", duration=60)
    api.now += TWO_HOURS + 60 * MINUTE
    assert (await api.call("POST", f"/rooms/{room_id}/tokens", SARAH)).json["result"] == ErrorCode.ROOM_OVER
    api.sessions.users[room_id] = []
    assert (await api.call("POST", f"/rooms/{room_id}/tokens", SARAH)).json["result"] == 0


async def test_a_deleted_room_gives_no_tokens(api: Any) -> None:
    room_id = await api.room()
    await api.call("DELETE", f"/rooms/{room_id}")
    answer = await api.call("POST", f"/rooms/{room_id}/tokens", SARAH)
    assert (answer.status, answer.json["result"]) == (404, ErrorCode.UNKNOWN_ROOM)


async def test_tokens_are_not_kept_by_caches(api: Any) -> None:
    answer = await api.call("POST", f"/rooms/{await api.room()}/tokens", SARAH)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("character", ["x", "ж", "語", "😀", "\x01", '"'])
async def test_the_largest_token_that_is_given_out_can_be_used(api: Any, character: str) -> None:
    """In a token each character that is not ASCII takes six bytes, or twelve."""
    largest = 8192 - len('{"k":""}')
    body = {
        "name": character * 256,
        "role": "participant",
        "user_ref": character * 256,
        "data": {"k": character * (largest // (len(json.dumps(character, ensure_ascii=False).encode()) - 2))},
    }
    answer = await api.call("POST", f"/rooms/{await api.room()}/tokens", body)
    assert answer.json["result"] == 0
    assert api.issuer.verify(answer.json["token"], api.now).data == body["data"]
