"""What has to reach the database in time, but for which nobody waits: joins, leaves, ends of sessions."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

log = structlog.get_logger()

Entry = Callable[[], Awaitable[object]]

# Seconds before each further attempt, when the database is away: a restart of it takes that long.
RETRY_DELAYS = (0.5, 2.0, 8.0)
# Seconds that a server that stops waits for what is not stored yet. The next start closes what was left open.
CLOSE_TIMEOUT = 10.0


class Journal:
    """Carries out entries one after the other, in the order of writing. One that fails is logged and left out, but
    while the database is away it is tried again first."""

    def __init__(self) -> None:
        self._entries: asyncio.Queue[tuple[str, Entry]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    def write(self, what: str, entry: Entry) -> None:
        """`what` names the entry in the log, should it fail."""
        self._entries.put_nowait((what, entry))

    async def drained(self) -> None:
        """Return when everything written before is stored or given up."""
        await self._entries.join()

    async def close(self) -> None:
        """Store what was written before, as far as the database takes it in time, and end."""
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self.drained()
        except TimeoutError:
            log.error("the database is too slow: not everything was stored", entries_waiting=self._entries.qsize())
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        while True:
            what, entry = await self._entries.get()
            try:
                await _carry_out(what, entry)
            except Exception as error:
                # Whatever is wrong with one entry, those after it are not to be lost, nor the server's end to hang.
                log.exception("could not store", what=what, error=str(error))
            finally:
                self._entries.task_done()


async def _carry_out(what: str, entry: Entry) -> None:
    for delay in RETRY_DELAYS:
        try:
            await entry()
        except (OSError, DBAPIError) as error:
            if isinstance(error, IntegrityError | DataError):
                raise
            log.warning("could not store yet", what=what, error=str(error), again_in_seconds=delay)
            await asyncio.sleep(delay)
        else:
            return
    await entry()
