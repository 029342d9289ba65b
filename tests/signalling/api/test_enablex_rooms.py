"""Rooms over the video API."""

from typing import Any

import pytest

from signalling.api.enablex import ErrorCode
from signalling.api.sessions import ActiveUser
from signalling.domain.roles import permissions_of
from tests.support.journal import end

EXAMPLE: dict[str, Any] = {
    "name": "Weekly Team Standup",
    "owner_ref": "user_8821",
    "settings": {
        "description": "Daily 15-minute standup for the product team",
        "mode": "group",
        "scheduled": False,
        "adhoc": False,
        "duration": 30,
        "moderators": "1",
        "participants": "10",
        "quality": "HD",
        "auto_recording": False,
        "screen_share": True,
        "canvas": False,
        "knock": False,
        "wait_for_moderator": False,
        "abwd": True,
        "max_active_talkers": 4,
        "media_zone": "XX",
        "single_file_recording": False,
        "role_based_recording": {"moderator": "audiovideo", "participant": "audio"},
    },
    "sip": {"enabled": False},
    "data": {"your_custom_key": "any value you need"},
}
# 2027-01-15 10:00:00 UTC is two hours after NOW.
SCHEDULED = {"scheduled": True, "scheduled_time": "2027-01-15 10:00:00", "duration": 60}
TWO_HOURS = 7200
MINUTE = 60


async def test_the_documents_room_is_created_and_comes_back_with_every_setting(api: Any) -> None:
    answer = await api.call("POST", "/rooms", EXAMPLE)
    assert answer.status == 200
    assert answer.json["result"] == 0
    room = answer.json["room"]
    assert {key: room[key] for key in ("name", "owner_ref", "sip", "data")} == {
        key: EXAMPLE[key] for key in ("name", "owner_ref", "sip", "data")
    }
    assert EXAMPLE["settings"].items() <= room["settings"].items()
    assert room["settings"]["billing_code"] == ""
    assert room["created"] == "2027-01-15T08:00:00.000Z"
    assert len(room["room_id"]) == 24
    assert (await api.call("GET", f"/rooms/{room['room_id']}")).json == {"result": 0, "room": room}


async def test_a_room_without_settings_has_the_defaults_of_the_document(api: Any) -> None:
    assert await api.settings(await api.room()) == {
        "description": "",
        "mode": "group",
        "audio_only": False,
        "scheduled": False,
        "adhoc": False,
        "moderators": "10",
        "participants": "300",
        "audiences": "0",
        "billing_code": "",
        "auto_recording": False,
        "quality": "HD",
        "screen_share": True,
        "canvas": False,
        "knock": False,
        "wait_for_moderator": False,
        "abwd": False,
        "max_active_talkers": 16,
        "media_zone": "XX",
        "single_file_recording": False,
        "role_based_recording": {"moderator": "audiovideo", "participant": "audiovideo"},
        "watermark": False,
        "rtmp_streaming": {"streaming": False, "recording": False},
    }


async def test_numbers_come_back_as_they_were_written(api: Any) -> None:
    given = {"participants": 10, "moderators": "1", "duration": "30", "max_active_talkers": "4", "audiences": 0}
    assert given.items() <= (await api.settings(await api.room(**given))).items()


async def test_every_setting_can_be_set(api: Any) -> None:
    given = {
        "mode": "lecture",
        "audio_only": True,
        "scheduled": True,
        "scheduled_time": "2027-01-15 10:00:00",
        "adhoc": False,
        "duration": 10,
        "participants": "1000",
        "audiences": "5000",
        "quality": "LD",
        "auto_recording": True,
        "screen_share": False,
        "canvas": True,
        "knock": True,
        "wait_for_moderator": True,
        "abwd": True,
        "max_active_talkers": 1,
        "media_zone": "IN",
        "single_file_recording": True,
        "role_based_recording": {"moderator": "audio", "participant": "audio"},
        "watermark": True,
        "rtmp_streaming": {"streaming": True, "recording": True},
        "billing_code": "cost centre 7",
    }
    assert given.items() <= (await api.settings(await api.room(**given))).items()


async def test_rooms_are_listed_as_they_are_shown_alone(api: Any) -> None:
    assert (await api.call("GET", "/rooms")).json == {"result": 0, "rooms": []}
    ids = [await api.room(), await api.room(mode="lecture")]
    listed = (await api.call("GET", "/rooms")).json["rooms"]
    assert sorted(room["room_id"] for room in listed) == sorted(ids)
    for room in listed:
        assert (await api.call("GET", f"/rooms/{room['room_id']}")).json["room"] == room


@pytest.mark.parametrize(
    ("body", "code", "mentions"),
    [
        ({"owner_ref": "o"}, ErrorCode.MISSING_FIELD, "name"),
        ({"name": "n"}, ErrorCode.MISSING_FIELD, "owner_ref"),
        ({"name": 7, "owner_ref": "o"}, ErrorCode.INVALID_VALUE, "name must be a valid string"),
        ({"name": " ", "owner_ref": "o"}, ErrorCode.INVALID_VALUE, "name must not be blank"),
        ({"name": "n" * 257, "owner_ref": "o"}, ErrorCode.INVALID_VALUE, "name"),
        ({"name": "n", "owner_ref": None}, ErrorCode.INVALID_VALUE, "owner_ref"),
        ({"name": "n", "owner_ref": "o", "setings": {}}, ErrorCode.UNKNOWN_FIELD, "did you mean settings?"),
        ({"name": "n", "owner_ref": "o", "settings": []}, ErrorCode.INVALID_VALUE, "settings"),
        ({"name": "n", "owner_ref": "o", "data": "x"}, ErrorCode.INVALID_VALUE, "data"),
        ({"name": "n", "owner_ref": "o", "sip": {"enabled": "yes"}}, ErrorCode.INVALID_VALUE, "sip.enabled"),
        ({"name": "n", "owner_ref": "o", "sip": {"number": 1}}, ErrorCode.UNKNOWN_FIELD, "sip.number"),
    ],
)
async def test_a_body_that_is_wrong_is_refused_by_field(api: Any, body: Any, code: ErrorCode, mentions: str) -> None:
    answer = await api.call("POST", "/rooms", body)
    assert (answer.status, answer.json["result"]) == (400, code)
    assert mentions in answer.json["error"]
    assert (await api.call("GET", "/rooms")).json["rooms"] == []


@pytest.mark.parametrize(
    ("settings", "code", "mentions"),
    [
        ({"mode": "webinar"}, ErrorCode.INVALID_VALUE, "settings.mode must be 'group' or 'lecture'"),
        ({"participants": "ten"}, ErrorCode.INVALID_VALUE, "settings.participants must be a whole number"),
        ({"participants": "10.5"}, ErrorCode.INVALID_VALUE, "settings.participants"),
        ({"participants": 10.5}, ErrorCode.INVALID_VALUE, "settings.participants"),
        ({"participants": -1}, ErrorCode.INVALID_VALUE, "settings.participants"),
        ({"participants": "٣"}, ErrorCode.INVALID_VALUE, "settings.participants"),
        ({"participants": True}, ErrorCode.INVALID_VALUE, "settings.participants"),
        (
            {"participants": 301},
            ErrorCode.INVALID_VALUE,
            "settings.participants is too large: a room in group mode takes at most 300",
        ),
        ({"participants": 1001, "mode": "lecture"}, ErrorCode.INVALID_VALUE, "settings.participants"),
        ({"max_active_talkers": 17}, ErrorCode.INVALID_VALUE, "settings.max_active_talkers"),
        ({"max_active_talkers": 0}, ErrorCode.INVALID_VALUE, "settings.max_active_talkers"),
        ({"duration": 9}, ErrorCode.INVALID_VALUE, "settings.duration"),
        ({"quality": "FHD"}, ErrorCode.INVALID_VALUE, "settings.quality"),
        ({"media_zone": "EU"}, ErrorCode.INVALID_VALUE, "settings.media_zone"),
        ({"knock": "false"}, ErrorCode.INVALID_VALUE, "settings.knock"),
        ({"scheduled": 1}, ErrorCode.INVALID_VALUE, "settings.scheduled"),
        ({"abwd": "yes"}, ErrorCode.INVALID_VALUE, "settings.abwd"),
        ({"adhoc": None}, ErrorCode.INVALID_VALUE, "settings.adhoc"),
        ({"role_based_recording": {"moderator": "video"}}, ErrorCode.INVALID_VALUE, "role_based_recording.moderator"),
        ({"role_based_recording": {"viewer": "audio"}}, ErrorCode.UNKNOWN_FIELD, "role_based_recording.viewer"),
        ({"partcipants": 5}, ErrorCode.UNKNOWN_FIELD, "did you mean settings.participants?"),
        ({"bandwidth_detection": True}, ErrorCode.UNKNOWN_FIELD, "settings.bandwidth_detection"),
        ({"scheduled": True, "duration": 30}, ErrorCode.MISSING_FIELD, "settings.scheduled_time"),
        ({"scheduled": True, "scheduled_time": "2027-01-15 10:00:00"}, ErrorCode.MISSING_FIELD, "settings.duration"),
        ({**SCHEDULED, "adhoc": True}, ErrorCode.INVALID_VALUE, "settings.adhoc"),
        ({**SCHEDULED, "scheduled_time": "2027-01-15T10:00:00Z"}, ErrorCode.INVALID_VALUE, "YYYY-MM-DD HH:MM:SS"),
        ({**SCHEDULED, "scheduled_time": "2027-02-30 10:00:00"}, ErrorCode.INVALID_VALUE, "YYYY-MM-DD HH:MM:SS"),
        ({**SCHEDULED, "scheduled_time": 1800000000}, ErrorCode.INVALID_VALUE, "YYYY-MM-DD HH:MM:SS"),
    ],
)
async def test_a_setting_that_is_wrong_is_refused_by_name(
    api: Any, settings: Any, code: ErrorCode, mentions: str
) -> None:
    answer = await api.call("POST", "/rooms", {"name": "n", "owner_ref": "o", "settings": settings})
    assert (answer.status, answer.json["result"]) == (400, code), answer.json
    assert mentions in answer.json["error"]


async def test_an_update_changes_what_it_names_and_nothing_else(api: Any) -> None:
    room = (await api.call("POST", "/rooms", EXAMPLE)).json["room"]
    path = f"/rooms/{room['room_id']}"
    change = {"name": "Weekly Team Standup — Revised", "settings": {"participants": "15", "auto_recording": True}}
    answer = await api.call("PATCH", path, change)
    assert (answer.status, answer.json) == (200, {"result": 0})
    expected = {**room, "name": change["name"], "settings": {**room["settings"], **change["settings"]}}
    assert (await api.call("GET", path)).json["room"] == expected


async def test_part_of_a_setting_made_of_parts_can_be_updated(api: Any) -> None:
    room_id = await api.room(role_based_recording={"moderator": "audio", "participant": "audio"})
    await api.call("PATCH", f"/rooms/{room_id}", {"settings": {"role_based_recording": {"participant": "audiovideo"}}})
    recording = (await api.settings(room_id))["role_based_recording"]
    assert recording == {"moderator": "audio", "participant": "audiovideo"}


async def test_everything_beside_the_settings_can_be_updated(api: Any) -> None:
    room_id = await api.room()
    change = {"owner_ref": "other", "sip": {"enabled": True}, "data": {"a": 1}}
    assert (await api.call("PATCH", f"/rooms/{room_id}", change)).json == {"result": 0}
    room = (await api.call("GET", f"/rooms/{room_id}")).json["room"]
    assert change.items() <= room.items()
    assert room["name"] == "Room"
    # What is left out of a part stays, too.
    await api.call("PATCH", f"/rooms/{room_id}", {"sip": {}})
    assert (await api.call("GET", f"/rooms/{room_id}")).json["room"]["sip"] == {"enabled": True}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"settings": {"mode": "x"}}, ErrorCode.INVALID_VALUE),
        ({"settings": {"scheduled": True}}, ErrorCode.MISSING_FIELD),
        ({"name": None}, ErrorCode.INVALID_VALUE),
        ({"name": "changed", "settings": {"x": 1}}, ErrorCode.UNKNOWN_FIELD),
        ({"room_id": "64f3a1b2c8e94d001f2e3a77"}, ErrorCode.UNKNOWN_FIELD),
    ],
)
async def test_an_update_that_is_wrong_in_part_changes_nothing(api: Any, change: Any, code: ErrorCode) -> None:
    room_id = await api.room()
    before = (await api.call("GET", f"/rooms/{room_id}")).json
    answer = await api.call("PATCH", f"/rooms/{room_id}", change)
    assert (answer.status, answer.json["result"]) == (400, code)
    assert (await api.call("GET", f"/rooms/{room_id}")).json == before


async def test_a_lecture_with_many_participants_cannot_become_a_group(api: Any) -> None:
    room_id = await api.room(mode="lecture", participants=1000)
    answer = await api.call("PATCH", f"/rooms/{room_id}", {"settings": {"mode": "group"}})
    assert answer.json["result"] == ErrorCode.INVALID_VALUE
    assert (await api.settings(room_id))["mode"] == "lecture"


async def test_a_scheduled_room_is_not_updated_in_its_last_30_minutes(api: Any) -> None:
    room_id = await api.room(**SCHEDULED)
    api.now += TWO_HOURS - 30 * MINUTE
    assert (await api.call("PATCH", f"/rooms/{room_id}", {"name": "new"})).json == {"result": 0}
    api.now += 1
    answer = await api.call("PATCH", f"/rooms/{room_id}", {"name": "newer"})
    assert (answer.status, answer.json["result"]) == (409, ErrorCode.TOO_LATE_TO_CHANGE)
    assert (await api.call("GET", f"/rooms/{room_id}")).json["room"]["name"] == "new"


async def test_a_room_is_deleted_for_ever(api: Any) -> None:
    room_id = await api.room()
    answer = await api.call("DELETE", f"/rooms/{room_id}")
    assert (answer.status, answer.json) == (200, {"result": 0})
    for method in ("GET", "DELETE"):
        answer = await api.call(method, f"/rooms/{room_id}")
        assert (answer.status, answer.json["result"]) == (404, ErrorCode.UNKNOWN_ROOM)


async def test_a_room_with_a_running_session_is_not_deleted(api: Any) -> None:
    room_id = await api.room()
    api.sessions.users[room_id] = []
    answer = await api.call("DELETE", f"/rooms/{room_id}")
    assert (answer.status, answer.json["result"]) == (409, ErrorCode.SESSION_ACTIVE)
    del api.sessions.users[room_id]
    conf_num = await api.store.sessions.open(room_id, api.now)
    assert (await api.call("DELETE", f"/rooms/{room_id}")).json["result"] == ErrorCode.SESSION_ACTIVE
    await end(api.store, conf_num, api.now)
    assert (await api.call("DELETE", f"/rooms/{room_id}")).json == {"result": 0}


async def test_nobody_is_active_in_a_room_without_session(api: Any) -> None:
    answer = await api.call("GET", f"/rooms/{await api.room()}/users")
    assert answer.json == {"result": 0, "total": 0, "users": []}


async def test_active_users_are_listed_with_their_permissions(api: Any) -> None:
    room_id = await api.room()
    api.sessions.users[room_id] = [
        ActiveUser("Sarah Johnson", "usr_4921", "moderator", permissions_of("moderator")),
        ActiveUser("Tom Lee", "usr_7734", "participant", permissions_of("participant")),
    ]
    everything = {"publish": True, "subscribe": True, "record": True, "stats": True, "controlhandlers": True}
    assert (await api.call("GET", f"/rooms/{room_id}/users")).json == {
        "result": 0,
        "total": 2,
        "users": [
            {"name": "Sarah Johnson", "user_ref": "usr_4921", "role": "moderator", "permissions": everything},
            {
                "name": "Tom Lee",
                "user_ref": "usr_7734",
                "role": "participant",
                "permissions": {**everything, "record": False},
            },
        ],
    }
