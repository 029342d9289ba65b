"""Lists in pages, seen on the list of rooms."""

from base64 import urlsafe_b64encode

import pytest

from tests.signalling.api.conftest import Api


async def test_a_list_is_read_page_by_page_and_each_room_comes_once(api: Api) -> None:
    created = [await api.room() for _ in range(5)]
    seen: list[str] = []
    query = "?limit=2"
    pages = 0
    while query:
        answer = (await api.call("GET", f"/rooms{query}")).json
        seen += [room["room_id"] for room in answer["rooms"]]
        query = f"?limit=2&after={answer['next']}" if "next" in answer else ""
        pages += 1
    # All were created in the same moment, so it is the ids that order them.
    assert (seen, pages) == (sorted(created), 3)


async def test_a_page_that_holds_the_rest_has_no_next(api: Api) -> None:
    await api.room()
    assert "next" not in (await api.call("GET", "/rooms?limit=1")).json
    assert "next" not in (await api.call("GET", "/rooms")).json


async def test_a_room_that_was_deleted_in_between_does_not_break_the_pages(api: Api) -> None:
    first, second = sorted([await api.room(), await api.room()])
    cursor = (await api.call("GET", "/rooms?limit=1")).json["next"]
    await api.call("DELETE", f"/rooms/{first}")
    rest = (await api.call("GET", f"/rooms?after={cursor}")).json["rooms"]
    assert [room["room_id"] for room in rest] == [second]


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", "1.0", "1_0", "", "٣", "9" * 10])
async def test_a_limit_that_is_none_is_refused(api: Api, limit: str) -> None:
    answer = await api.call("GET", "/rooms", params={"limit": limit})
    assert (answer.status, answer.json["result"]) == (400, 4002)
    assert answer.json["error"].startswith("limit must be ")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "!",
        "ä",
        "x" * 600,
        *(
            urlsafe_b64encode(text.encode()).decode()
            for text in ["", "[]", "{}", '["a", "b"]', "[1e999, 2]", '[NaN, "%s"]' % ("0" * 24), '[1, "\\u0000"]']
        ),
    ],
)
async def test_a_cursor_that_is_none_is_refused(api: Api, cursor: str) -> None:
    answer = await api.call("GET", "/rooms", params={"after": cursor})
    assert (answer.status, answer.json["result"]) == (400, 4002)


async def test_an_unknown_parameter_is_refused_and_the_right_one_suggested(api: Api) -> None:
    answer = await api.call("GET", "/rooms?limt=3")
    assert (answer.status, answer.json["result"]) == (400, 4003)
    assert answer.json["error"] == "limt is not known: did you mean limit?"


async def test_a_parameter_given_twice_is_refused(api: Api) -> None:
    answer = await api.call("GET", "/rooms?limit=1&limit=2")
    assert (answer.json["result"], answer.json["error"]) == (4002, "limit is given 2 times: give it once.")
