"""Call detail reports, as the document shows them, by each filter and with each refusal."""

from typing import Any

import pytest

from signalling.reports import FlowUsage, Usage
from tests.signalling.api.conftest import Api
from tests.support.journal import end, join, leave, measure

# 2024-03-15 10:00:00 UTC
TEN = 1_710_496_800.0
DAY = 86_400.0
AGENT = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"

# What the document shows of a report, with the values that follow from what is stored here.
USAGE = Usage(
    published_seconds=2640.0,
    published=("audio", "video"),
    send={
        "audio": FlowUsage(bits=40_960 * 100, lowest=38_000, highest=48_000, good=100),
        "video": FlowUsage(bits=512_000 * 100, lowest=256_000, highest=720_000, good=100),
    },
    receive={
        "audio": FlowUsage(bits=41_020 * 100, lowest=38_231, highest=42_752, good=100),
        "video": FlowUsage(bits=480_000 * 100, lowest=200_000, highest=680_000, good=95, moderate=4, bad=1),
    },
)
DOCUMENTED_QUALITY = {
    "send": {
        "audio": {
            "avg_bitrate": 40960,
            "avg_bitrate_quality": "Good",
            "max_bitrate": 48000,
            "min_bitrate": 38000,
        },
        "video": {
            "avg_bitrate": 512000,
            "avg_bitrate_quality": "Good",
            "max_bitrate": 720000,
            "min_bitrate": 256000,
        },
    },
    "receive": {
        "audio": {
            "avg_bitrate": 41020,
            "avg_bitrate_quality": "Good",
            "max_bitrate": 42752,
            "min_bitrate": 38231,
            "bitrate_good_percent": 100,
            "bitrate_moderate_percent": 0,
            "bitrate_bad_percent": 0,
        },
        "video": {
            "avg_bitrate": 480000,
            "avg_bitrate_quality": "Good",
            "max_bitrate": 680000,
            "min_bitrate": 200000,
            "bitrate_good_percent": 95,
            "bitrate_moderate_percent": 4,
            "bitrate_bad_percent": 1,
        },
    },
    "call_quality": "Good",
}


async def stay(
    api: Api, conf_num: str, client_id: str, *, at: float = TEN, seconds: float = 2700.0, usage: Usage | None = None
) -> None:
    """Someone was in a session."""
    await join(
        api.store, conf_num, client_id, at, name="Sarah Johnson", role="participant", user_ref="usr_4921", agent=AGENT
    )
    if usage is not None:
        await measure(api.store, conf_num, client_id, usage)
    await leave(api.store, conf_num, client_id, at + seconds)


async def session(api: Api, room_id: str, *client_ids: str, at: float = TEN) -> str:
    """A session that is over, and who was in it."""
    conf_num = await api.store.sessions.open(room_id, at)
    for client_id in client_ids:
        await stay(api, conf_num, client_id, at=at)
    await end(api.store, conf_num, at + 2700)
    return conf_num


async def reports(api: Api, path: str) -> list[dict[str, Any]]:
    answer = await api.call("GET", f"/cdr{path}")
    assert answer.status == 200, answer.json
    assert answer.json["result"] == "0"
    return list(answer.json["cdr"])


async def ids(api: Api, path: str) -> list[str]:
    return [one["cdr_id"] for one in await reports(api, path)]


async def test_a_report_is_what_the_document_shows(api: Api) -> None:
    room_id = await api.room(duration=45)
    conf_num = await api.store.sessions.open(room_id, TEN)
    await stay(api, conf_num, "a1", usage=USAGE)
    room = (await api.call("GET", f"/rooms/{room_id}")).json["room"]
    (report,) = await reports(api, f"/conf/{conf_num}")
    assert report == {
        "conf_num": conf_num,
        "call_num": "CALL-a1",
        "call_log_id": f"LOG-{conf_num.removeprefix('CONF-')}-a1",
        "trans_date": "2024-03-15T10:45:00.000Z",
        "app_id": api.credentials.app_id,
        "cdr_id": "cdr_a1",
        "sip": False,
        "lowcode": False,
        "room": {
            "room_id": room_id,
            "connect_dt": "2024-03-15T10:00:00.000Z",
            "disconnect_dt": "2024-03-15T10:45:00.000Z",
            "duration": 2700,
            "room_details": room,
        },
        "user": {
            "role": "participant",
            "name": "Sarah Johnson",
            "ref": "usr_4921",
            "ip": "203.0.113.42",
            "agent": AGENT,
        },
        "published_track": {"audio": True, "video": True, "screen": False, "data": False, "url": False},
        "usage": {
            "published_minutes": 44,
            "screen_minutes": 0,
            "connect_minutes": 45,
            "connect_minutes_cal": 45,
            "room_connect_minutes": 45,
        },
        "stats_quality": DOCUMENTED_QUALITY,
    }


async def test_a_connection_without_figures_has_zeros_and_nothing_bad(api: Api) -> None:
    conf_num = await session(api, await api.room(), "a1")
    (report,) = await reports(api, f"/conf/{conf_num}")
    quality = report["stats_quality"]
    nothing = {"avg_bitrate": 0, "avg_bitrate_quality": "Good", "max_bitrate": 0, "min_bitrate": 0}
    percents = {"bitrate_good_percent": 0, "bitrate_moderate_percent": 0, "bitrate_bad_percent": 0}
    assert quality["send"] == {"audio": nothing, "video": nothing}
    assert quality["receive"] == {"audio": nothing | percents, "video": nothing | percents}
    assert quality["call_quality"] == "Good"
    assert not any(report["published_track"].values())


async def test_a_screen_is_reported_when_there_was_one_and_bad_quality_makes_the_call_bad(api: Api) -> None:
    conf_num = await api.store.sessions.open(await api.room(), TEN)
    screen = FlowUsage(bits=1e6, lowest=0, highest=9_000, good=7, bad=3)
    usage = Usage(screen_seconds=90.0, published=("screen",), send={"screen": screen})
    await stay(api, conf_num, "a1", usage=usage)
    (report,) = await reports(api, f"/conf/{conf_num}")
    assert report["stats_quality"]["send"]["screen"]["avg_bitrate_quality"] == "Bad"
    assert report["stats_quality"]["call_quality"] == "Bad"
    assert report["usage"]["screen_minutes"] == 2
    assert report["published_track"]["screen"] is True


@pytest.mark.parametrize(
    ("seconds", "duration", "minutes", "billed"),
    [(0.2, 0, 0, 0), (1.0, 1, 0, 1), (29.0, 29, 0, 1), (30.0, 30, 1, 1), (60.0, 60, 1, 1), (61.0, 61, 1, 2)],
)
async def test_minutes_are_the_nearest_and_those_that_are_billed_are_rounded_up(
    api: Api, seconds: float, duration: int, minutes: int, billed: int
) -> None:
    conf_num = await api.store.sessions.open(await api.room(), TEN - 600)
    await stay(api, conf_num, "a1", seconds=seconds, usage=Usage(published_seconds=seconds + 1000))
    (report,) = await reports(api, f"/conf/{conf_num}")
    usage = report["usage"]
    assert report["room"]["duration"] == duration
    assert (usage["connect_minutes"], usage["connect_minutes_cal"]) == (minutes, billed)
    assert usage["published_minutes"] <= minutes
    assert usage["room_connect_minutes"] == 10 + minutes


async def test_the_room_is_shown_as_it_was_when_the_session_began(api: Api) -> None:
    room_id = await api.room(quality="SD", participants=7)
    conf_num = await session(api, room_id, "a1")
    before = (await api.call("GET", f"/rooms/{room_id}")).json["room"]
    changed = await api.call("PATCH", f"/rooms/{room_id}", {"name": "Other", "settings": {"quality": "HD"}})
    assert changed.status == 200
    (report,) = await reports(api, f"/conf/{conf_num}")
    assert report["room"]["room_details"] == before


async def test_who_is_still_in_has_no_report_yet(api: Api) -> None:
    conf_num = await api.store.sessions.open(await api.room(), TEN)
    assert await reports(api, f"/conf/{conf_num}") == []
    await stay(api, conf_num, "gone")
    await join(api.store, conf_num, "here", TEN + 1)
    assert await ids(api, f"/conf/{conf_num}") == ["cdr_gone"]


async def test_a_room_has_the_reports_of_all_its_sessions_also_when_it_is_deleted(api: Api) -> None:
    room_id, other = await api.room(), await api.room()
    await session(api, room_id, "a", "b", at=TEN)
    await session(api, other, "x", at=TEN + 10)
    await session(api, room_id, "c", at=TEN + DAY)
    expected = ["cdr_a", "cdr_b", "cdr_c"]
    assert await ids(api, f"/room/{room_id}") == expected
    assert (await api.call("DELETE", f"/rooms/{room_id}")).status == 200
    assert await ids(api, f"/room/{room_id}") == expected


async def test_a_room_without_sessions_has_no_reports(api: Api) -> None:
    assert await reports(api, f"/room/{await api.room()}") == []


async def test_a_period_holds_both_its_days_in_utc(api: Api) -> None:
    room_id, other = await api.room(), await api.room()
    midnight = TEN - 10 * 3600
    await session(api, room_id, "before", at=midnight - 1)
    await session(api, room_id, "first", at=midnight)
    await session(api, other, "other", at=TEN)
    await session(api, room_id, "last", at=midnight + 2 * DAY - 1)
    await session(api, room_id, "after", at=midnight + 2 * DAY)
    assert await ids(api, "/period/2024-03-15/2024-03-16") == ["cdr_first", "cdr_other", "cdr_last"]
    assert await ids(api, f"/room-period/{room_id}/2024-03-15/2024-03-16") == ["cdr_first", "cdr_last"]
    assert await ids(api, f"/room-period/{room_id}/2024-03-15/2024-03-15/") == ["cdr_first"]
    assert await ids(api, "/period/2020-01-01/2020-01-02") == []


async def test_long_lists_come_in_pages(api: Api) -> None:
    room_id = await api.room()
    await session(api, room_id, "a", "b", "c", at=TEN)
    await session(api, room_id, "d", at=TEN + 10)
    seen: list[str] = []
    query = "?limit=2"
    while query:
        answer = await api.call("GET", f"/cdr/room/{room_id}{query}")
        seen += [one["cdr_id"] for one in answer.json["cdr"]]
        query = f"?limit=2&after={answer.json['next']}" if "next" in answer.json else ""
    assert seen == ["cdr_a", "cdr_b", "cdr_c", "cdr_d"]


@pytest.mark.parametrize(
    ("path", "result"),
    [
        ("/conf/CONF-999999", 4043),
        ("/conf/CONF-", 4043),
        ("/conf/882210", 4043),
        (f"/room/{'0' * 24}", 4042),
        ("/room/ROOM", 4042),
        (f"/room-period/{'0' * 24}/2024-03-01/2024-03-31", 4042),
        ("/period/2024-03-31/2024-03-01", 4002),
        ("/period/2024-02-30/2024-03-01", 4002),
        ("/period/20240301/2024-03-31", 4002),
        ("/period/2024-03-01/yesterday", 4002),
        ("/period/2024-03-01/2024-03-31?limit=0", 4002),
        ("/period/2024-03-01/2024-03-31?after=nonsense", 4002),
        ("/period/2024-03-01/2024-03-31?page=2", 4003),
        ("/period/2024-03-01", 4041),
        ("/conf", 4041),
        ("", 4041),
    ],
)
async def test_what_cannot_be_found_is_refused_with_a_code_and_a_sentence(api: Api, path: str, result: int) -> None:
    answer = await api.call("GET", f"/cdr{path}")
    assert (answer.status, answer.json["result"]) == (result // 10, result)
    assert answer.json["error"].endswith(".")


async def test_reports_are_only_read_and_only_with_credentials(api: Api) -> None:
    assert (await api.call("POST", "/cdr/period/2024-03-01/2024-03-31", {})).json["result"] == 4051
    assert (await api.raw("GET", "/video/v2/cdr/period/2024-03-01/2024-03-31")).json["result"] == 4011


async def test_another_application_sees_nothing(api: Api) -> None:
    room = await api.store.rooms.create("other-app", "Theirs", "owner", now=TEN)
    conf_num = await session(api, room.room_id, "a")
    assert (await api.call("GET", f"/cdr/conf/{conf_num}")).json["result"] == 4043
    assert (await api.call("GET", f"/cdr/room/{room.room_id}")).json["result"] == 4042
    assert await reports(api, "/period/2024-03-15/2024-03-15") == []


async def test_a_clock_that_was_set_back_makes_no_negative_times(api: Api) -> None:
    conf_num = await api.store.sessions.open(await api.room(), TEN)
    await join(api.store, conf_num, "client-1", TEN)
    await leave(api.store, conf_num, "client-1", TEN - 3600)
    [report] = (await api.call("GET", f"/cdr/conf/{conf_num}")).json["cdr"]
    assert report["room"]["connect_dt"] == report["room"]["disconnect_dt"] == "2024-03-15T10:00:00.000Z"
    assert (report["room"]["duration"], set(report["usage"].values())) == (0, {0})
