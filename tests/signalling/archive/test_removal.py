"""How files leave the archive."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signalling.archive import Archivist, LocalStorage, Removal, expiry
from signalling.journal import Journal
from signalling.journal.entries import Happened
from signalling.store import ArchiveFile, SessionSelection, Store
from tests.support.journal import end
from tests.support.prepared_database import prepared_database

NOW = 1_800_000_000.0
DAY = 86_400.0


class Archive:
    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder
        self.storage = LocalStorage(folder)
        self.now = NOW
        self.removal = Removal(store, self.storage, lambda: self.now)

    async def session(self) -> str:
        room = await self.store.rooms.create("app", "Weekly", "owner", now=NOW)
        return await self.store.sessions.open(room.room_id, NOW)

    async def keep(self, conf_num: str, name: str, expires_at: float | None) -> ArchiveFile:
        stored = await self.storage.put(f"{conf_num}/{name}", b"film", NOW)
        file = ArchiveFile(
            f"id-{name}", conf_num, "recording", name, stored.location, "video/x", 4, stored.sha256, NOW, expires_at
        )
        await self.store.archive_files.keep(file)
        return file

    async def names(self) -> list[str]:
        """What the database knows, long before anything has expired."""
        found = await self.store.archive_files.find(SessionSelection("app"), 0.0, 100)
        return [file.name for _, files in found for file in files]


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Archive]:
    store = await Store.open(await prepared_database(tmp_path / "archive.db"))
    yield Archive(store, tmp_path / "archive")
    await store.close()


def test_files_expire_after_so_many_days_or_never() -> None:
    assert expiry(NOW, 2) == NOW + 2 * DAY
    assert expiry(NOW, 0) is None


async def test_only_what_has_expired_is_deleted(archive: Archive) -> None:
    conf_num = await archive.session()
    for name, expires_at in (("old", NOW), ("young", NOW + 1), ("eternal", None)):
        await archive.keep(conf_num, name, expires_at)
    await archive.removal.remove_expired()
    assert await archive.names() == ["eternal", "young"]
    assert sorted(path.name for path in archive.folder.rglob("*") if path.is_file()) == ["eternal", "young"]


async def test_the_last_file_takes_the_folder_of_its_session_along(archive: Archive) -> None:
    await archive.keep(await archive.session(), "old", NOW)
    await archive.removal.remove_expired()
    assert list(archive.folder.iterdir()) == []


async def test_a_file_that_is_gone_already_is_forgotten(archive: Archive) -> None:
    conf_num = await archive.session()
    await archive.keep(conf_num, "old", NOW)
    (archive.folder / conf_num / "old").unlink()
    await archive.removal.remove_expired()
    assert await archive.names() == []


async def test_what_cannot_be_deleted_is_tried_again_and_keeps_no_other_from_it(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    conf_num = await archive.session()
    for name in ("a", "b", "c"):
        await archive.keep(conf_num, name, NOW)
    delete = archive.storage.delete

    async def fail(location: str) -> None:
        if location.endswith("/b"):
            raise OSError("read-only")
        await delete(location)

    monkeypatch.setattr("signalling.archive.removal._AT_ONCE", 1)
    monkeypatch.setattr(archive.storage, "delete", fail)
    await archive.removal.remove_expired()
    assert await archive.names() == ["b"]
    monkeypatch.undo()
    await archive.removal.remove_expired()
    assert await archive.names() == []


async def test_what_took_the_place_of_a_deleted_file_is_not_forgotten(archive: Archive) -> None:
    conf_num = await archive.session()
    old = await archive.keep(conf_num, "a", None)
    await archive.store.archive_files.keep(
        ArchiveFile("new", conf_num, "recording", "a", old.location, "video/x", 4, "", NOW + 1)
    )
    await archive.store.archive_files.forget(old)
    assert await archive.names() == ["a"]


async def test_a_chat_is_forgotten_with_its_file(archive: Archive) -> None:
    conf_num = await archive.session()
    for name in ("message-received", "room-locked"):
        happened = Happened(conf_num=conf_num, at=NOW, event_id=name, name=name, client_id="c1", details={"text": "hi"})
        await archive.store.chronicle.keep([happened])
    await end(archive.store, conf_num, NOW)
    journal = Journal(archive.store.chronicle.keep)
    await Archivist(archive.store, archive.storage, journal, lambda: NOW, days=1).make_awaited()
    assert await archive.names() == ["chat.json", "session-meta.json"]
    archive.now = NOW + DAY
    await archive.removal.remove_expired()
    assert await archive.names() == []
    assert [event.name for event in await archive.store.session_events.list(conf_num)] == ["room-locked"]


async def test_a_failure_is_no_reason_not_to_look_again(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    await archive.keep(await archive.session(), "old", NOW + 1)
    expired = archive.store.archive_files.expired
    failures = iter([OSError("no database")])

    async def sometimes(*given: object) -> list[ArchiveFile]:
        for error in failures:
            raise error
        archive.now += 1
        return await expired(*given)  # type: ignore[arg-type]  # as given

    monkeypatch.setattr(archive.store.archive_files, "expired", sometimes)
    await archive.removal.remove_due()
    assert await archive.names()
    while await archive.names():
        await archive.removal.remove_due()
