"""What has to reach the database in time, whatever ends the process."""

import asyncio
import resource
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from signalling.journal import Entry, Journal, JournalBusyError, JournalFile
from signalling.journal import journal as module
from signalling.journal.entries import Happened, SessionEnded


def happened(name: str) -> Happened:
    return Happened(conf_num="CONF-100001", at=1.5, event_id=name, name=name, details={"text": "ü\n\u2028"})


class Database:
    """Fails as often as it is told to, and always for some entries; notes what it is given."""

    def __init__(self, *failures: Exception, refuses: str = "") -> None:
        self._failures = list(failures)
        self._refuses = refuses
        self.stored: list[Entry] = []
        self.transactions = 0

    async def keep(self, entries: Sequence[Entry]) -> None:
        self.transactions += 1
        await asyncio.sleep(0)
        if self._failures:
            raise self._failures.pop(0)
        if any(isinstance(entry, Happened) and entry.name == self._refuses for entry in entries):
            raise IntegrityError("INSERT", {}, Exception("not that one"))
        self.stored.extend(entries)


def gone() -> OperationalError:
    return OperationalError("INSERT", {}, Exception("the database is away"))


@pytest.fixture(autouse=True)
def no_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_DELAYS", (0.0,))


async def test_entries_are_stored_in_their_order_also_when_the_database_is_away_for_a_while(tmp_path: Path) -> None:
    database = Database(gone(), ConnectionRefusedError(), PoolTimeoutError("no connection is free"), gone(), gone())
    journal = Journal(database.keep, JournalFile(tmp_path / "journal"))
    await journal.start()
    entries = [happened(f"event-{number}") for number in range(3 * module.BATCH)]
    for entry in entries:
        journal.write(entry)
    await journal.drained()
    assert database.stored == entries
    await journal.close()
    assert (tmp_path / "journal").read_bytes() == b""


async def test_entries_wait_for_each_other_unless_somebody_waits_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 3600.0)
    database = Database()
    journal = Journal(database.keep)
    await journal.start()
    journal.write(happened("a"))
    async with asyncio.timeout(60):
        while not database.stored:
            await asyncio.sleep(0)
    for name in ("b", "c"):
        journal.write(happened(name))
        await asyncio.sleep(0.01)
    assert database.stored == [happened("a")]
    await journal.drained()
    assert database.stored == [happened("a"), happened("b"), happened("c")]
    assert database.transactions == 2
    await journal.close()


@pytest.mark.parametrize("failure", [None, RuntimeError("a mistake of ours")])
async def test_an_entry_that_cannot_be_stored_is_left_out_alone(failure: Exception | None) -> None:
    database = Database(*([failure] if failure else []), refuses="b")
    journal = Journal(database.keep)
    await journal.start()
    journal.write(happened("a"), happened("b"), happened("c"))
    await journal.drained()
    assert [entry.name for entry in database.stored if isinstance(entry, Happened)] == ["a", "c"]
    await journal.close()


async def test_what_a_killed_process_did_not_store_is_stored_at_the_next_start(tmp_path: Path) -> None:
    file = JournalFile(tmp_path / "journal")
    entries = [happened("a"), SessionEnded(conf_num="CONF-100001", at=2.0)]
    file.append(entries)
    file.close()
    with (tmp_path / "journal").open("ab") as cut_off:
        cut_off.write(b'{"type":"happened","conf_n')
    database = Database(gone())
    journal = Journal(database.keep, JournalFile(tmp_path / "journal"))
    await journal.start()
    assert database.stored == entries
    journal.write(happened("b"))
    await journal.drained()
    assert database.stored[2:] == [happened("b")]
    await journal.close()
    assert (tmp_path / "journal").read_bytes() == b""


async def test_a_database_that_hangs_keeps_neither_the_server_from_stopping_nor_the_entries_from_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CLOSE_TIMEOUT", 0.01)

    async def hang(entries: Sequence[Entry]) -> None:
        await asyncio.sleep(3600)

    journal = Journal(hang, JournalFile(tmp_path / "journal"))
    await journal.start()
    journal.write(happened("a"))
    async with asyncio.timeout(60):
        await journal.close()
    database = Database()
    journal = Journal(database.keep, JournalFile(tmp_path / "journal"))
    await journal.start()
    assert database.stored == [happened("a")]
    await journal.close()


async def test_an_entry_is_on_disk_before_anything_else_can_happen(tmp_path: Path) -> None:
    journal = Journal(Database().keep, JournalFile(tmp_path / "journal"))
    await journal.start()
    journal.write(happened("a"))
    assert b'"event_id":"a"' in (tmp_path / "journal").read_bytes()
    await journal.close()


async def test_a_full_disk_does_not_stop_the_entries_from_reaching_the_database() -> None:
    database = Database()
    journal = Journal(database.keep, JournalFile(Path("/dev/full")))
    journal._queue([happened("a")])
    task = asyncio.create_task(journal._run())
    journal.write(happened("b"))
    await journal.drained()
    assert database.stored == [happened("a"), happened("b")]
    task.cancel()


async def test_waiting_for_what_was_written_does_not_take_waiting_for_what_is_written_meanwhile() -> None:
    stored: list[Entry] = []

    async def keep(entries: Sequence[Entry]) -> None:
        await asyncio.sleep(0)
        stored.extend(entries)
        # As on a busy server: something new has always come when a batch is stored.
        journal.write(happened("later"))

    journal = Journal(keep)
    await journal.start()
    journal.write(happened("a"), happened("b"))
    async with asyncio.timeout(60):
        await journal.drained()
    assert stored[:2] == [happened("a"), happened("b")]
    assert journal._task is not None
    journal._task.cancel()


def test_a_line_that_finds_room_for_its_beginning_only_does_not_spoil_the_next_one(tmp_path: Path) -> None:
    file = JournalFile(tmp_path / "journal")
    file.append([happened("a")])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.size() + 10, before[1]))
    try:
        with pytest.raises(OSError):
            file.append([happened("b")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    file.append([happened("c")])
    assert file.read() == [happened("a"), happened("c")]
    file.close()


def test_two_servers_do_not_share_a_journal(tmp_path: Path) -> None:
    first = JournalFile(tmp_path / "journal")
    with pytest.raises(JournalBusyError):
        JournalFile(tmp_path / "journal")
    first.close()
    JournalFile(tmp_path / "journal").close()
