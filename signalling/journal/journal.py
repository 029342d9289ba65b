"""The journal: what must reach the database in time, but for which nobody waits.

An entry is on disk before anybody is told of what it says, and in the database a moment later. A process that is
killed in between finds it in the file at its next start.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import islice

import structlog
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from signalling.journal.entries import Entry
from signalling.journal.file import JournalFile

log = structlog.get_logger()

Keep = Callable[[Sequence[Entry]], Awaitable[None]]
"""Stores entries in their order, all or, when it raises, none."""

BATCH = 100
"""Entries stored in one transaction."""
PAUSE = 0.1
"""Seconds from one transaction to the next, in which more may come unless somebody waits: one for ten entries costs
little more than one for a single entry."""
RETRY_DELAYS = (0.5, 2.0, 8.0)
"""Seconds before further attempts while the database is away; the last one goes for all that follow."""
CLOSE_TIMEOUT = 10.0
"""Seconds that a server that stops waits for what is not stored yet. The file keeps the rest for the next start."""


class Journal:
    """Keeps entries one after the other, in the order of writing. One that the database does not take is logged and
    left out, but while the database is away everything waits for it."""

    def __init__(self, keep: Keep, file: JournalFile | None = None) -> None:
        """Without a file, what is not stored yet ends with the process."""
        self._keep = keep
        self._file = file
        self._waiting: deque[Entry] = deque()
        self._more = asyncio.Event()
        # How many entries were ever written, and how many of those are stored or given up.
        self._written = 0
        self._settled = 0
        self._progress = asyncio.Condition()
        self._wanted = asyncio.Event()
        """Set while somebody waits for what was written."""
        self._waiters = 0
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Store what an earlier process left, then go on with what is written."""
        left = self._file.read() if self._file else []
        if left:
            log.warning("entries of the journal were left by a process that died", entries=len(left))
            self._queue(left)
        self._task = asyncio.create_task(self._run())
        await self.drained()

    def write(self, *entries: Entry) -> None:
        """Note what has happened, before anybody is told."""
        if self._file is not None:
            try:
                self._file.append(entries)
            except OSError as error:
                # The meeting goes on; what is not on disk now still reaches the database unless this process dies.
                log.error("the journal cannot be written", error=str(error))
        self._queue(entries)

    async def drained(self) -> None:
        """Return when everything written before is stored or given up, whatever is written meanwhile."""
        target = self._written
        self._waiters += 1
        self._wanted.set()
        try:
            async with self._progress:
                await self._progress.wait_for(lambda: self._settled >= target)
        finally:
            self._waiters -= 1
            if not self._waiters:
                self._wanted.clear()

    async def close(self) -> None:
        """Store what was written before, as far as the database takes it in time, and end."""
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self.drained()
        except TimeoutError:
            log.error("the database is too slow: not everything was stored", entries_waiting=len(self._waiting))
        if self._task is not None:
            self._task.cancel()
        if self._file is not None:
            self._file.close()

    def _queue(self, entries: Sequence[Entry]) -> None:
        self._waiting.extend(entries)
        self._written += len(entries)
        self._more.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            await self._more.wait()
            if len(self._waiting) < BATCH:
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(due):
                        await self._wanted.wait()
            batch = list(islice(self._waiting, BATCH))
            await self._store(batch)
            due = loop.time() + PAUSE
            for _ in batch:
                self._waiting.popleft()
            if not self._waiting:
                self._all_stored()
            self._settled += len(batch)
            async with self._progress:
                self._progress.notify_all()

    def _all_stored(self) -> None:
        if self._file is not None and self._file.size():
            self._file.clear()
        self._more.clear()

    async def _store(self, batch: Sequence[Entry]) -> None:
        try:
            await self._store_together(batch)
        except Exception as error:
            # Whatever is wrong with one entry, the others are not to be lost, nor the server's end to hang.
            if len(batch) > 1:
                for entry in batch:
                    await self._store([entry])
            else:
                log.exception("could not store", entry=batch[0].type, conf_num=batch[0].conf_num, error=str(error))

    async def _store_together(self, batch: Sequence[Entry]) -> None:
        attempt = 0
        while True:
            try:
                await self._keep(batch)
            except (OSError, DBAPIError, PoolTimeoutError) as error:
                if isinstance(error, IntegrityError | DataError):
                    raise
                delay = RETRY_DELAYS[min(attempt, len(RETRY_DELAYS) - 1)]
                attempt += 1
                log.warning("could not store yet", entries=len(batch), error=str(error), again_in_seconds=delay)
                await asyncio.sleep(delay)
            else:
                return
