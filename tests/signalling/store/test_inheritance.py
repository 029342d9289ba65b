"""What is known of interrupted sessions: for whom it is kept, and how long."""

from signalling.domain.decrees import Decrees
from signalling.domain.room import RoomSettings
from signalling.journal.entries import Happened, SessionEnded
from signalling.store import Store
from signalling.store.inheritance import Inheritance
from tests.support.journal import join

NOW = 1_800_000_000.0
MINUTE = 60


async def locked_session(store: Store, room_id: str, now: float, inherited: Inheritance | None = None) -> str:
    conf_num = await store.sessions.open(room_id, now, inherited)
    await join(store, conf_num, f"client-of-{conf_num}", now)
    event_id = conf_num
    await store.chronicle.keep([Happened(conf_num=conf_num, at=now, event_id=event_id, name="room-locked")])
    return conf_num


async def interrupt(store: Store, conf_num: str, at: float) -> None:
    await store.chronicle.keep([SessionEnded(conf_num=conf_num, at=at, interrupted=True)])


async def test_what_was_decided_in_an_interrupted_session_is_known_until_the_time_to_return_is_over(
    store: Store,
) -> None:
    room_id = (await store.rooms.create("app", "Standup", "user_1", now=NOW)).room_id
    conf_num = await locked_session(store, room_id, NOW)
    assert await store.sessions.inheritance(room_id, NOW) is None, "it goes on itself"
    await interrupt(store, conf_num, NOW + 1)
    session = await store.sessions.get(conf_num)
    assert session is not None and not session.is_returnable(NOW + 2), "the server is not back yet"

    # It stays away for long, and is stopped again before anybody is back.
    for start in (NOW + 60 * MINUTE, NOW + 64 * MINUTE):
        await store.sessions.await_return(start, until=start + 5 * MINUTE)
    until = NOW + 69 * MINUTE
    assert await store.sessions.inheritance(room_id, until - 1) == Inheritance(Decrees(locked=True), until)
    session = await store.sessions.get(conf_num)
    assert session is not None and session.is_returnable(until - 1) and not session.is_returnable(until)
    assert await store.sessions.inheritance(room_id, until) is None
    # A later start does not bring it back.
    await store.sessions.await_return(until, until=until + 5 * MINUTE)
    assert await store.sessions.inheritance(room_id, until) is None


async def test_a_session_that_went_on_hands_on_what_it_began_with(store: Store) -> None:
    room_id = (await store.rooms.create("app", "Standup", "user_1", now=NOW)).room_id
    inherited = Inheritance(Decrees(pinned=("away",), extended=10), NOW + 5 * MINUTE)
    await interrupt(store, await locked_session(store, room_id, NOW, inherited), NOW + 1)
    await store.sessions.await_return(NOW + 2, until=NOW + 6 * MINUTE)
    stands = Decrees(locked=True, pinned=("away",), extended=10)
    assert await store.sessions.inheritance(room_id, NOW + 3) == Inheritance(stands, NOW + 6 * MINUTE)
    # One that began with that ends before anybody is back: it has not used it up. Then somebody is back.
    inherited = Inheritance(stands, NOW + 6 * MINUTE)
    ended = await store.sessions.open(room_id, NOW + 3, inherited)
    await store.chronicle.keep([SessionEnded(conf_num=ended, at=NOW + 4)])
    assert await store.sessions.inheritance(room_id, NOW + 5) == inherited
    ended = await store.sessions.open(room_id, NOW + 5, inherited)
    returned = {"client_id": "back", "was": "away"}
    back = Happened(conf_num=ended, at=NOW + 6, event_id="back", name="user-returned", details=returned)
    await store.chronicle.keep([back, SessionEnded(conf_num=ended, at=NOW + 6)])
    assert await store.sessions.inheritance(room_id, NOW + 7) is None


async def test_an_adhoc_room_whose_time_is_over_stays_while_people_may_come_back_to_it(store: Store) -> None:
    settings = RoomSettings(kind="adhoc", duration=10)
    room_id = (await store.rooms.create("app", "Standup", "user_1", now=NOW, settings=settings)).room_id
    # It had been extended.
    conf_num = await locked_session(store, room_id, NOW)
    await interrupt(store, conf_num, NOW + 12 * MINUTE)
    await store.sessions.await_return(NOW + 12 * MINUTE, until=NOW + 17 * MINUTE)
    await store.tidy(NOW + 13 * MINUTE)
    assert await store.rooms.get(room_id) is not None
    await store.tidy(NOW + 17 * MINUTE)
    assert await store.rooms.get(room_id) is None
