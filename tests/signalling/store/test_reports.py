"""What reports are made of, on both databases."""

from dataclasses import replace

from signalling.domain.room import RoomSettings
from signalling.reports import FlowUsage, Usage
from signalling.store import SessionSelection, Store, number_of
from tests.support.journal import end, join, leave, measure

NOW = 1_800_000_000.25
USAGE = Usage(published_seconds=12.5, published=("audio",), send={"audio": FlowUsage(bits=1e9, highest=7, good=5)})


async def test_what_is_measured_later_takes_the_place_of_what_was(store: Store) -> None:
    room = await store.rooms.create("app", "Standup", "owner", now=NOW)
    conf_num = await store.sessions.open(room.room_id, NOW)
    await join(store, conf_num, "a", NOW)
    (before,) = await store.connections.list(conf_num)
    assert before.usage == Usage()
    for usage in (Usage(published_seconds=1.0), USAGE, USAGE):
        await measure(store, conf_num, "a", usage)
    await measure(store, conf_num, "unknown", USAGE)
    assert await store.connections.list(conf_num) == [replace(before, usage=USAGE)]


async def test_a_session_remembers_its_room_as_it_was(store: Store) -> None:
    room = await store.rooms.create(
        "app",
        "Standup",
        "owner",
        now=NOW,
        settings=RoomSettings(kind="adhoc", duration=30),
        dial_in=True,
        data={"team": 7},
        text_numbers=frozenset({"participants"}),
    )
    conf_num = await store.sessions.open(room.room_id, NOW)
    await join(store, conf_num, "c1", NOW)
    await end(store, conf_num, NOW + 3600)
    assert await store.rooms.get(room.room_id) is None
    session = await store.sessions.get(conf_num)
    assert session is not None
    assert session.definition() == room


async def test_stays_that_are_over_are_found_by_session_in_their_order_and_in_parts(store: Store) -> None:
    room = await store.rooms.create("app", "Standup", "owner", now=NOW)
    first = await store.sessions.open(room.room_id, NOW)
    # Two who come at the same moment are in the order of their ids.
    for client_id, joined_at in (("c", NOW), ("b", NOW + 0.123456), ("a", NOW + 0.123456), ("here", NOW)):
        await join(store, first, client_id, joined_at)
        if client_id != "here":
            await leave(store, first, client_id, NOW + 10)
    await end(store, first, NOW + 20)
    second = await store.sessions.open(room.room_id, NOW + 30)
    await join(store, second, "d", NOW + 30)
    await leave(store, second, "d", NOW + 40)

    everything = SessionSelection("app")
    found = await store.connections.ended(everything, limit=100)
    assert [(session.conf_num, one.client_id) for session, one in found] == [
        (first, "c"),
        (first, "a"),
        (first, "b"),
        (second, "d"),
    ]
    for position, (session, connection) in enumerate(found):
        after = (session.conf_num, *connection.key)
        assert await store.connections.ended(everything, limit=2, after=after) == found[position + 1 : position + 3]
    of_second = await store.connections.ended(SessionSelection("app", session_number=number_of(second)), limit=9)
    assert [one.client_id for _, one in of_second] == ["d"]
    assert await store.connections.ended(SessionSelection("other"), limit=9) == []
