"""Files of the archive, and what the filters and pages of reports ask of the database."""

from dataclasses import replace

from signalling.journal.entries import Happened
from signalling.store import ArchiveFile, SessionSelection, Store, number_of
from tests.support.journal import end

NOW = 1_800_000_000.0


async def session(store: Store, at: float = NOW, app_id: str = "app") -> str:
    room = await store.rooms.create(app_id, "Room", "owner", now=at)
    conf_num = await store.sessions.open(room.room_id, at)
    await end(store, conf_num, at + 60)
    return conf_num


def file(conf_num: str, name: str = "chat.json", file_id: str = "f1") -> ArchiveFile:
    return ArchiveFile(file_id, conf_num, "chat", name, f"{conf_num}/{name}", "application/json", 7, "ab" * 32, NOW)


async def test_a_file_of_the_same_name_takes_the_place_of_the_one_before_and_keeps_its_id(store: Store) -> None:
    conf_num = await session(store)
    assert await store.archive_files.keep(file(conf_num)) == "f1"
    again = replace(file(conf_num, file_id="f2"), size=9)
    assert await store.archive_files.keep(again) == "f1"
    assert await store.archive_files.get("f1", "app", NOW) == replace(again, file_id="f1")
    assert await store.archive_files.get("f2", "app", NOW) is None


async def test_a_file_is_there_for_its_application_until_it_expires(store: Store) -> None:
    conf_num = await session(store)
    await store.archive_files.keep(replace(file(conf_num), expires_at=NOW + 10))
    assert await store.archive_files.get("f1", "app", NOW + 9) is not None
    assert await store.archive_files.get("f1", "app", NOW + 10) is None
    assert await store.archive_files.get("f1", "other", NOW) is None
    assert await store.archive_files.find(SessionSelection("app"), NOW + 10, 10) == []


async def test_sessions_are_found_with_their_files_page_by_page(store: Store) -> None:
    conf_nums = [await session(store) for _ in range(3)]
    await session(store)
    for conf_num in conf_nums:
        for name in ("b.json", "a.json"):
            await store.archive_files.keep(file(conf_num, name, f"{conf_num}-{name}"))
    first = await store.archive_files.find(SessionSelection("app"), NOW, 2)
    rest = await store.archive_files.find(SessionSelection("app"), NOW, 2, after=first[-1][0].conf_num)
    assert [one.conf_num for one, _ in [*first, *rest]] == conf_nums
    assert [one.name for one in first[0][1]] == ["a.json", "b.json"]


async def test_an_archive_is_awaited_from_the_end_of_the_session_until_it_is_made(store: Store) -> None:
    room = await store.rooms.create("app", "Room", "owner", now=NOW)
    conf_num = await store.sessions.open(room.room_id, NOW)
    assert await store.archive_files.awaited(10) == []
    await end(store, conf_num, NOW + 60)
    assert [one.conf_num for one in await store.archive_files.awaited(10)] == [conf_num]
    assert await store.archive_files.awaited(10, after=conf_num) == []
    await store.archive_files.made(conf_num, NOW + 61)
    assert await store.archive_files.awaited(10) == []


async def test_a_selection_takes_what_all_its_conditions_have_in_common(store: Store) -> None:
    early, late = await session(store, NOW), await session(store, NOW + 1000)
    await session(store, NOW, "other")
    found = {
        name: [one.conf_num for one in await store.sessions.find(selection, 10)]
        for name, selection in {
            "all": SessionSelection("app"),
            "number": SessionSelection("app", session_number=number_of(late)),
            "from": SessionSelection("app", opened_from=NOW + 1000),
            "before": SessionSelection("app", opened_before=NOW + 1000),
            "both": SessionSelection("app", session_number=number_of(late), opened_before=NOW + 1000),
            "ages": SessionSelection("app", opened_from=-62_135_596_800.0, opened_before=253_402_214_400.0),
        }.items()
    }
    assert found == {
        "all": [early, late],
        "number": [late],
        "from": [late],
        "before": [early],
        "both": [],
        "ages": [early, late],
    }


async def test_rooms_come_in_pages_also_when_they_are_equally_old(store: Store) -> None:
    created = sorted([(await store.rooms.create("app", "Room", "o", now=NOW)).room_id for _ in range(3)])
    oldest = (await store.rooms.create("app", "Room", "o", now=NOW - 1)).room_id
    first = await store.rooms.list("app", 2)
    rest = await store.rooms.list("app", 3, after=(first[-1].created_at, first[-1].room_id))
    assert [room.room_id for room in [*first, *rest]] == [oldest, *created]


async def test_the_log_of_a_session_is_read_in_the_order_of_writing(store: Store) -> None:
    conf_num = await session(store)
    for number in (2, 1, 3):
        line = Happened(conf_num=conf_num, at=NOW, event_id=f"e{number}", name=f"n{number}", details={"a": [None]})
        await store.chronicle.keep([line, line])
    events = await store.session_events.list(conf_num)
    assert [event.name for event in events] == ["n2", "n1", "n3"]
    assert (events[0].details, events[0].client_id, events[0].at) == ({"a": [None]}, None, NOW)
