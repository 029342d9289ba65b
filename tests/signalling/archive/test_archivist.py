"""The archives of sessions, made of what the database has of them."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from signalling.archive import Archivist, LocalStorage
from signalling.journal import Journal
from signalling.journal.entries import Happened
from signalling.store import SessionSelection, Store
from tests.support.journal import end, join, leave
from tests.support.prepared_database import prepared_database

NOW = 1_800_000_000.0


class Archive:
    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder
        self.journal = Journal(store.chronicle.keep)
        self.archivist = Archivist(store, LocalStorage(folder), self.journal, lambda: NOW + 100, retry_period=0.01)

    async def session(self, **room: Any) -> str:
        room_id = (await self.store.rooms.create("app", "Weekly", "owner", now=NOW, **room)).room_id
        return await self.store.sessions.open(room_id, NOW)

    async def happened(self, conf_num: str, at: float, name: str, client_id: str, **details: Any) -> None:
        entry = Happened(
            conf_num=conf_num, at=at, event_id=f"{name}-{at}", name=name, client_id=client_id, details=details
        )
        await self.store.chronicle.keep([entry])

    def read(self, conf_num: str, name: str) -> Any:
        return json.loads((self.folder / conf_num / name).read_text())

    async def files(self) -> dict[str, Any]:
        found = await self.store.archive_files.find(SessionSelection("app"), NOW, 100)
        return {f"{session.conf_num}/{file.name}": file for session, files in found for file in files}


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Archive]:
    store = await Store.open(await prepared_database(tmp_path / "archive.db"))
    yield Archive(store, tmp_path / "archive")
    await store.close()


async def test_the_metadata_tells_who_was_in_and_what_happened_in_the_order_of_time(archive: Archive) -> None:
    conf_num = await archive.session(data={"course": 7})
    await join(archive.store, conf_num, "c1", NOW, name="Ann", role="moderator", user_ref="u1")
    await join(archive.store, conf_num, "c2", NOW + 1, name="Bob")
    await archive.happened(conf_num, NOW + 2, "room-locked", "c1", moderator="c1")
    await leave(archive.store, conf_num, "c2", NOW + 3)
    await leave(archive.store, conf_num, "c1", NOW + 4)
    await end(archive.store, conf_num, NOW + 4)
    assert await archive.archivist.make_awaited()
    document = archive.read(conf_num, "session-meta.json")
    assert document["room"]["name"] == "Weekly"
    assert document["room"]["data"] == {"course": 7}
    assert (document["opened_at"], document["closed_at"]) == ("2027-01-15T08:00:00.000Z", "2027-01-15T08:00:04.000Z")
    assert document["participants"][0] == {
        "client_id": "c1",
        "name": "Ann",
        "role": "moderator",
        "user_ref": "u1",
        "joined_at": "2027-01-15T08:00:00.000Z",
        "left_at": "2027-01-15T08:00:04.000Z",
        "left_reason": "left",
    }
    assert [(event["name"], event["client_id"]) for event in document["events"]] == [
        ("user-connected", "c1"),
        ("user-connected", "c2"),
        ("room-locked", "c1"),
        ("user-disconnected", "c2"),
        ("user-disconnected", "c1"),
    ]
    assert document["events"][2]["details"] == {"moderator": "c1"}


async def test_chat_has_a_file_of_its_own_and_is_not_in_the_metadata(archive: Archive) -> None:
    conf_num = await archive.session()
    await join(archive.store, conf_num, "c1", NOW, name="Änn", user_ref="u1")
    await archive.happened(conf_num, NOW + 1, "message-received", "c1", text="Hi, 世界", to=None, broadcast=True)
    await archive.happened(conf_num, NOW + 2, "message-received", "c1", text="psst", to=["c2"], broadcast=False)
    await end(archive.store, conf_num, NOW + 4)
    await archive.archivist.make_awaited()
    sender = {"from": "c1", "name": "Änn", "user_ref": "u1"}
    assert archive.read(conf_num, "chat.json")["messages"] == [
        {"at": "2027-01-15T08:00:01.000Z", **sender, "to": None, "text": "Hi, 世界"},
        {"at": "2027-01-15T08:00:02.000Z", **sender, "to": ["c2"], "text": "psst"},
    ]
    assert "psst" not in json.dumps(archive.read(conf_num, "session-meta.json"))


async def test_without_chat_there_is_no_file_of_it(archive: Archive) -> None:
    conf_num = await archive.session()
    await end(archive.store, conf_num, NOW)
    await archive.archivist.make_awaited()
    assert list(await archive.files()) == [f"{conf_num}/session-meta.json"]


async def test_a_session_that_goes_on_has_no_archive(archive: Archive) -> None:
    await archive.session()
    assert await archive.archivist.make_awaited()
    assert await archive.files() == {}


async def test_a_session_that_a_crash_left_open_gets_its_archive(archive: Archive) -> None:
    conf_num = await archive.session()
    await join(archive.store, conf_num, "c1", NOW + 5)
    await archive.store.sessions.close_left_open()
    await archive.archivist.make_awaited()
    assert archive.read(conf_num, "session-meta.json")["participants"][0]["left_reason"] == "server-restart"


async def test_an_archive_that_is_made_again_stays_the_same_file(archive: Archive) -> None:
    conf_num = await archive.session()
    await end(archive.store, conf_num, NOW)
    first = await archive.store.sessions.get(conf_num)
    await archive.archivist.make_awaited()
    before = await archive.files()
    assert first is not None
    await archive.archivist._write_documents(first)
    assert await archive.files() == before


async def test_what_fails_for_one_session_is_tried_again_and_does_not_keep_others_waiting(archive: Archive) -> None:
    stuck, other = await archive.session(), await archive.session()
    for conf_num in (stuck, other):
        await end(archive.store, conf_num, NOW)
    archive.folder.mkdir()
    (archive.folder / stuck).write_text("in the way")
    assert not await archive.archivist.make_awaited()
    assert list(await archive.files()) == [f"{other}/session-meta.json"]
    archive.archivist.start()
    (archive.folder / stuck).unlink()
    while len(await archive.files()) < 2:
        await asyncio.sleep(0.01)
    await archive.archivist.stop()


async def test_what_ends_with_the_server_is_made_before_it_is_gone(archive: Archive) -> None:
    archive.archivist.start()
    conf_num = await archive.session()
    await end(archive.store, conf_num, NOW)
    await archive.archivist.stop()
    assert list(await archive.files()) == [f"{conf_num}/session-meta.json"]


async def test_it_sleeps_until_a_session_ends(archive: Archive) -> None:
    archive.archivist.start()
    conf_num = await archive.session()
    await end(archive.store, conf_num, NOW)
    archive.archivist.wake()
    while not await archive.files():
        await asyncio.sleep(0.01)
    await archive.archivist.stop()
