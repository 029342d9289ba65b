"""What has to reach the database in time."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from signalling.live import journal as module
from signalling.live.journal import Journal


@pytest.fixture
async def journal(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Journal]:
    monkeypatch.setattr(module, "RETRY_DELAYS", (0.0, 0.0))
    journal = Journal()
    journal.start()
    yield journal
    await journal.close()


class Database:
    """Fails as often as it is told to, then notes what it is given."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures)
        self.stored: list[str] = []

    async def store(self, what: str) -> None:
        if self._failures:
            raise self._failures.pop(0)
        self.stored.append(what)


def gone() -> OperationalError:
    return OperationalError("INSERT", {}, Exception("the database is away"))


async def test_entries_are_stored_in_their_order_also_when_the_database_is_away_for_a_moment(journal: Journal) -> None:
    database = Database(gone(), ConnectionRefusedError())
    journal.write("join", lambda: database.store("join"))
    journal.write("leave", lambda: database.store("leave"))
    await journal.drained()
    assert database.stored == ["join", "leave"]


@pytest.mark.parametrize(
    "failures",
    [[gone(), gone(), gone()], [IntegrityError("INSERT", {}, Exception("twice"))], [RuntimeError("a mistake of ours")]],
)
async def test_an_entry_that_cannot_be_stored_does_not_stop_those_after_it(
    journal: Journal, failures: list[Exception]
) -> None:
    database = Database(*failures)
    journal.write("first", lambda: database.store("first"))
    journal.write("second", lambda: database.store("second"))
    await journal.drained()
    assert database.stored == ["second"]


async def test_a_database_that_hangs_does_not_keep_the_server_from_stopping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLOSE_TIMEOUT", 0.01)
    journal = Journal()
    journal.start()
    journal.write("leave", lambda: asyncio.sleep(3600))
    async with asyncio.timeout(10):
        await journal.close()
