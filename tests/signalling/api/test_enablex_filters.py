"""Which sessions the filters of archives and call detail reports take."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signalling.api.enablex.errors import ApiError
from signalling.api.enablex.filters import selected
from signalling.store import Store
from tests.support.journal import end
from tests.support.prepared_database import prepared_database

DAY = 86_400.0
# 2027-01-15 00:00:00 UTC
MIDNIGHT = 1_799_971_200.0


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(await prepared_database(tmp_path / "filters.db"))
    yield store
    await store.close()


async def session(store: Store, room_id: str, at: float) -> str:
    conf_num = await store.sessions.open(room_id, at)
    await end(store, conf_num, at + 60)
    return conf_num


async def room(store: Store, app_id: str = "app") -> str:
    return (await store.rooms.create(app_id, "Room", "owner", now=1.0)).room_id


async def found(store: Store, **path: str) -> list[str]:
    return [one.conf_num for one in await store.sessions.find(await selected(path, store, "app"), limit=100)]


async def refusal(store: Store, **path: str) -> tuple[int, str]:
    with pytest.raises(ApiError) as refused:
        await selected(path, store, "app")
    return refused.value.code.value, str(refused.value)


async def test_a_session_is_found_by_its_number(store: Store) -> None:
    room_id = await room(store)
    first, _second = await session(store, room_id, 10.0), await session(store, room_id, 100.0)
    assert await found(store, conf_num=first) == [first]


async def test_a_room_has_its_sessions_only_and_in_their_order(store: Store) -> None:
    room_id, other = await room(store), await room(store)
    first = await session(store, room_id, 10.0)
    await session(store, other, 20.0)
    second = await session(store, room_id, 100.0)
    assert await found(store, room_id=room_id) == [first, second]


async def test_a_period_takes_both_of_its_days(store: Store) -> None:
    room_id = await room(store)
    before, first, last, after = [
        await session(store, room_id, at)
        for at in (MIDNIGHT - 0.001, MIDNIGHT, MIDNIGHT + 2 * DAY - 0.001, MIDNIGHT + 2 * DAY)
    ]
    assert await found(store, **{"from": "2027-01-15", "to": "2027-01-16"}) == [first, last]
    assert await found(store, **{"from": "2027-01-14", "to": "2027-01-14"}) == [before]
    assert await found(store, **{"from": "0001-01-01", "to": "9999-12-31"}) == [before, first, last, after]


async def test_a_room_and_a_period_both_count(store: Store) -> None:
    room_id, other = await room(store), await room(store)
    await session(store, other, MIDNIGHT)
    await session(store, room_id, MIDNIGHT - DAY)
    wanted = await session(store, room_id, MIDNIGHT)
    assert await found(store, room_id=room_id, **{"from": "2027-01-15", "to": "2027-01-15"}) == [wanted]


async def test_sessions_of_a_deleted_room_are_still_found(store: Store) -> None:
    room_id = await room(store)
    conf_num = await session(store, room_id, MIDNIGHT)
    assert await store.rooms.delete("app", room_id)
    assert await found(store, room_id=room_id) == [conf_num]
    assert await found(store, conf_num=conf_num) == [conf_num]


async def test_another_applications_sessions_are_never_found(store: Store) -> None:
    theirs = await room(store, "other")
    conf_num = await session(store, theirs, MIDNIGHT)
    assert (await refusal(store, conf_num=conf_num))[0] == 4043
    assert (await refusal(store, room_id=theirs))[0] == 4042
    assert await found(store, **{"from": "2027-01-15", "to": "2027-01-15"}) == []
    await store.rooms.delete("other", theirs)
    assert (await refusal(store, room_id=theirs))[0] == 4042


@pytest.mark.parametrize(
    "conf_num", ["", "CONF-1", "CONF-999999", "conf-100001", "100001", "CONF-0100001", "CONF-\0", "CONF-9" * 9]
)
async def test_a_number_that_no_session_has_is_refused(store: Store, conf_num: str) -> None:
    await session(store, await room(store), 10.0)
    assert await refusal(store, conf_num=conf_num) == (
        4043,
        "There is no session with this conf_num: it looks like CONF-100001, and is in the answers of the filters by "
        "room and by period.",
    )


@pytest.mark.parametrize("room_id", ["", "0" * 24, "A" * 24, "\0", "'; --"])
async def test_an_id_that_no_room_has_is_refused(store: Store, room_id: str) -> None:
    assert (await refusal(store, room_id=room_id))[0] == 4042


@pytest.mark.parametrize("day", ["", "2027-1-5", "20270115", "2027-02-30", "2027-W01-1", "٢٠٢٧-01-15", "2027-01-15T00"])
async def test_a_date_that_is_none_is_refused_by_name(store: Store, day: str) -> None:
    sentence = "must be a date in UTC written as YYYY-MM-DD, such as 2027-03-31."
    assert await refusal(store, **{"from": day, "to": "2027-01-15"}) == (4002, f"from {sentence}")
    assert await refusal(store, **{"from": "2027-01-15", "to": day}) == (4002, f"to {sentence}")


async def test_a_period_that_ends_before_it_begins_is_refused(store: Store) -> None:
    code, sentence = await refusal(store, **{"from": "2027-01-16", "to": "2027-01-15"})
    assert (code, sentence) == (4002, "from is after to: give the earlier date first.")


async def test_sessions_come_in_pages(store: Store) -> None:
    room_id = await room(store)
    conf_nums = [await session(store, room_id, MIDNIGHT + 100 * number) for number in range(3)]
    selection = await selected({"room_id": room_id}, store, "app")
    first = await store.sessions.find(selection, 2)
    rest = await store.sessions.find(selection, 2, after=first[-1].conf_num)
    assert [one.conf_num for one in [*first, *rest]] == conf_nums
