"""What is kept, on both databases."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from signalling.domain.room import Room, RoomSettings
from signalling.store import RoomInUseError, Store, StoreError, UnknownRoomError
from signalling.store.sessions import LEFT_BY_RESTART
from tests.support.journal import end, join, leave

NOW = 1_800_000_000.25
MINUTE = 60


async def make_room(store: Store, **values: Any) -> Room:
    return await store.rooms.create("app", "Standup", "user_1", **{"now": NOW, **values})


async def test_what_a_change_raises_leaves_everything_as_it_was_and_the_next_one_works(store: Store) -> None:
    room = await make_room(store)

    def fail(room: Room) -> Room:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.rooms.update("app", room.room_id, fail)
    renamed = await store.rooms.update("app", room.room_id, lambda room: replace(room, name="Other"))
    assert renamed == await store.rooms.get(room.room_id, "app") == replace(room, name="Other")


async def test_a_room_comes_back_as_it_was_stored(store: Store) -> None:
    room = await make_room(
        store,
        settings=RoomSettings(kind="scheduled", starts_at=NOW + 3600, duration=30, participants=5, mode="lecture"),
        dial_in=True,
        data={"key": [1, 2.5, None, {"ü": "\U0001f600"}], "text": 'quote " and \\u0000 in letters'},
        text_numbers=frozenset({"participants", "moderators"}),
    )
    assert await store.rooms.get(room.room_id) == room
    assert room.created_at == NOW


async def test_room_ids_are_24_hexadecimal_digits(store: Store) -> None:
    ids = {(await make_room(store)).room_id for _ in range(5)}
    assert len(ids) == 5
    assert all(len(room_id) == 24 and set(room_id) <= set("0123456789abcdef") for room_id in ids)


async def test_rooms_are_listed_oldest_first_and_only_to_their_application(store: Store) -> None:
    later = await make_room(store, now=NOW + 1)
    earlier = await make_room(store, now=NOW)
    other = await store.rooms.create("other", "x", "y", now=NOW)
    assert await store.rooms.list("app") == [earlier, later]
    assert await store.rooms.get(other.room_id, "app") is None
    assert await store.rooms.update("app", other.room_id, lambda room: replace(room, name="stolen")) is None
    assert not await store.rooms.delete("app", other.room_id)
    assert await store.rooms.get(other.room_id) == other


async def test_updates_at_the_same_time_do_not_lose_each_other(store: Store) -> None:
    room = await make_room(store)

    def add(name: str) -> Callable[[Room], Room]:
        return lambda room: replace(room, data={**room.data, name: True})

    await asyncio.gather(*(store.rooms.update("app", room.room_id, add(f"key-{n}")) for n in range(10)))
    changed = await store.rooms.get(room.room_id)
    assert changed is not None
    assert set(changed.data) == {f"key-{n}" for n in range(10)}


async def test_an_update_that_raises_changes_nothing(store: Store) -> None:
    room = await make_room(store)

    def refuse(_room: Room) -> Room:
        raise KeyError("no")

    with pytest.raises(KeyError):
        await store.rooms.update("app", room.room_id, refuse)
    assert await store.rooms.get(room.room_id) == room


async def test_a_deleted_room_is_gone_and_its_sessions_stay(store: Store) -> None:
    room = await make_room(store)
    conf_num = await store.sessions.open(room.room_id, NOW)
    await end(store, conf_num, NOW + MINUTE)
    assert await store.rooms.delete("app", room.room_id)
    assert await store.rooms.get(room.room_id) is None
    assert not await store.rooms.delete("app", room.room_id)
    record = await store.sessions.get(conf_num)
    assert record is not None
    assert (record.room_id, record.opened_at, record.closed_at) == (room.room_id, NOW, NOW + MINUTE)
    assert record.room["name"] == "Standup"


async def test_a_room_with_an_open_session_is_not_deleted(store: Store) -> None:
    room = await make_room(store)
    conf_num = await store.sessions.open(room.room_id, NOW)
    with pytest.raises(RoomInUseError):
        await store.rooms.delete("app", room.room_id)
    await end(store, conf_num, NOW)
    assert await store.rooms.delete("app", room.room_id)


async def test_a_session_is_not_opened_in_a_deleted_room(store: Store) -> None:
    room = await make_room(store)
    await store.rooms.delete("app", room.room_id)
    with pytest.raises(UnknownRoomError):
        await store.sessions.open(room.room_id, NOW)


async def test_deleting_and_opening_at_the_same_time_never_leaves_a_session_without_room(store: Store) -> None:
    for _ in range(5):
        room = await make_room(store)
        opened, deleted = await asyncio.gather(
            store.sessions.open(room.room_id, NOW), store.rooms.delete("app", room.room_id), return_exceptions=True
        )
        if isinstance(opened, str):
            assert isinstance(deleted, RoomInUseError)
        else:
            assert isinstance(opened, UnknownRoomError)
            assert deleted is True


async def test_each_session_gets_a_number_of_its_own(store: Store) -> None:
    room = await make_room(store)
    first = await store.sessions.open(room.room_id, NOW)
    second = await store.sessions.open(room.room_id, NOW + 1)
    assert first != second
    assert first.startswith("CONF-")
    left_open = await store.sessions.get(first)
    assert left_open is not None
    assert left_open.closed_at == NOW, "it ended when it was last seen"


@pytest.mark.parametrize("conf_num", ["", "CONF-", "CONF-x", "CONF-99999999999999999999", "100001", "CONF-1", "CONF-²"])
async def test_an_unknown_number_finds_no_session(store: Store, conf_num: str) -> None:
    await store.sessions.open((await make_room(store)).room_id, NOW)
    assert await store.sessions.get(conf_num) is None


async def hold_session(store: Store, room: Room, begins: float, ends: float) -> None:
    """A session with one participant."""
    conf_num = await store.sessions.open(room.room_id, begins)
    await join(store, conf_num, f"client-of-{conf_num}", begins)
    await end(store, conf_num, ends)


async def test_an_adhoc_room_goes_with_its_only_session(store: Store) -> None:
    room = await make_room(store, settings=RoomSettings(kind="adhoc"))
    await hold_session(store, room, NOW, NOW + 1)
    assert await store.rooms.get(room.room_id) is None


async def test_an_adhoc_room_is_not_used_up_by_those_who_only_waited_to_be_let_in(store: Store) -> None:
    room = await make_room(store, settings=RoomSettings(kind="adhoc", knock=True))
    await end(store, await store.sessions.open(room.room_id, NOW), NOW + 1)
    unused = await store.rooms.get(room.room_id)
    assert unused is not None and unused.first_session_at is None
    await hold_session(store, room, NOW + 2, NOW + 3)
    assert await store.rooms.get(room.room_id) is None


async def test_an_adhoc_room_with_a_duration_serves_sessions_until_it_has_passed(store: Store) -> None:
    room = await make_room(store, settings=RoomSettings(kind="adhoc", duration=10))
    await hold_session(store, room, NOW, NOW + MINUTE)
    again = await store.rooms.get(room.room_id)
    assert again is not None
    assert again.over_at == NOW + 10 * MINUTE
    await hold_session(store, room, NOW + 2 * MINUTE, NOW + 11 * MINUTE)
    assert await store.rooms.get(room.room_id) is None


async def test_an_adhoc_room_is_not_used_up_by_a_session_that_a_crash_cut_short(store: Store) -> None:
    room = await make_room(store, settings=RoomSettings(kind="adhoc"))
    await join(store, await store.sessions.open(room.room_id, NOW), "client-1", NOW)
    await store.sessions.close_left_open()
    left = await store.rooms.get(room.room_id)
    assert left is not None and left.join_refusal(NOW + 1) is None and not left.is_used_up(NOW + 1)
    await hold_session(store, room, NOW + 2, NOW + 3)
    assert await store.rooms.get(room.room_id) is None


async def test_tidying_deletes_adhoc_rooms_that_are_over_and_empty(store: Store) -> None:
    adhoc = RoomSettings(kind="adhoc", duration=10)
    unused, over, occupied = [await make_room(store, settings=adhoc) for _ in range(3)]
    await hold_session(store, over, NOW, NOW + 1)
    await store.sessions.open(occupied.room_id, NOW)
    await store.tidy(NOW + 11 * MINUTE)
    assert {room.room_id for room in await store.rooms.list("app")} == {unused.room_id, occupied.room_id}


async def test_of_many_who_use_a_token_at_once_one_wins(store: Store, database_url: str) -> None:
    other = await Store.open(database_url)
    try:
        stores = [store, other] * 10
        won = await asyncio.gather(*(each.used_tokens.use("a" * 32, NOW) for each in stores))
    finally:
        await other.close()
    assert won.count(True) == 1


async def test_a_used_token_stays_used_after_a_restart(store: Store, database_url: str) -> None:
    assert await store.used_tokens.use("a" * 32, NOW)
    await store.close()
    restarted = await Store.open(database_url)
    try:
        assert not await restarted.used_tokens.use("a" * 32, NOW)
        assert await restarted.used_tokens.is_used("a" * 32)
        assert await restarted.used_tokens.use("b" * 32, NOW)
    finally:
        await restarted.close()


async def test_used_tokens_are_forgotten_long_after_their_expiry_only(store: Store) -> None:
    await store.used_tokens.use("old", NOW - 2 * 3600)
    await store.used_tokens.use("recent", NOW - MINUTE)
    await store.tidy(NOW)
    assert not await store.used_tokens.is_used("old")
    assert await store.used_tokens.is_used("recent")


async def test_connections_tell_who_was_in_a_session(store: Store) -> None:
    conf_num = await store.sessions.open((await make_room(store)).room_id, NOW)
    await join(store, conf_num, "client-1", NOW, name="Sarah")
    await join(store, conf_num, "client-2", NOW + 1, name="Tom")
    await leave(store, conf_num, "client-1", NOW + 5)
    await leave(store, conf_num, "client-1", NOW + 9)
    first, second = await store.connections.list(conf_num)
    assert (first.name, first.joined_at, first.left_at, first.address) == ("Sarah", NOW, NOW + 5, "203.0.113.42")
    assert first.left_reason == "left"
    assert (second.name, second.left_at, second.left_reason) == ("Tom", None, None)


async def test_nobody_is_connected_to_a_session_that_never_was(store: Store) -> None:
    with pytest.raises(IntegrityError):
        await join(store, "CONF-100099", "c", NOW)


async def test_entries_that_come_again_change_nothing(store: Store) -> None:
    conf_num = await store.sessions.open((await make_room(store)).room_id, NOW)
    for _ in range(2):
        await join(store, conf_num, "client-1", NOW)
        await leave(store, conf_num, "client-1", NOW + 5)
        await end(store, conf_num, NOW + 5)
    (stay,) = await store.connections.list(conf_num)
    assert (stay.joined_at, stay.left_at) == (NOW, NOW + 5)
    record = await store.sessions.get(conf_num)
    assert record is not None and record.closed_at == NOW + 5


async def test_what_a_crash_left_open_is_closed_at_the_next_start(store: Store) -> None:
    room = await make_room(store)
    conf_num = await store.sessions.open(room.room_id, NOW)
    await join(store, conf_num, "client-1", NOW)
    await join(store, conf_num, "client-2", NOW + 1)
    await leave(store, conf_num, "client-2", NOW + 2)
    await store.sessions.seen([conf_num], NOW + 9)
    assert await store.sessions.close_left_open() == [conf_num]
    assert await store.sessions.close_left_open() == []
    record = await store.sessions.get(conf_num)
    assert record is not None
    assert record.closed_at == NOW + 9
    stays = await store.connections.list(conf_num)
    assert [(stay.left_at, stay.left_reason) for stay in stays] == [(NOW + 9, LEFT_BY_RESTART), (NOW + 2, "left")]
    assert await store.rooms.delete("app", room.room_id)


async def test_an_error_of_the_database_does_not_tell_what_was_to_be_stored(store: Store) -> None:
    with pytest.raises(IntegrityError) as caught:
        await join(store, "CONF-999999", "client-1", NOW, name="Ann")
    assert "Ann" not in str(caught.value)


async def test_a_session_that_was_not_seen_alive_ended_with_what_last_happened_in_it(store: Store) -> None:
    conf_num = await store.sessions.open((await make_room(store)).room_id, NOW)
    await join(store, conf_num, "client-1", NOW + 3)
    await store.sessions.close_left_open()
    record = await store.sessions.get(conf_num)
    assert record is not None and record.closed_at == NOW + 3


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://u:p@h/x", "sqlite+pysqlite:///x", "postgresql://h:port/x"])
async def test_a_database_that_is_not_supported_is_refused_by_name(url: str) -> None:
    with pytest.raises(StoreError):
        await Store.open(url)
