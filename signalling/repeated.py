"""Work that is done again and again beside the sessions."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger()

STOP_TIMEOUT = 10.0
"""Seconds that a pass under way gets to finish when the server stops."""


class Repeated:
    """A pass of some work every `period` seconds. It is never cancelled in the middle unless it takes far too long,
    because a cancelled query can leave a connection to the database that never closes."""

    def __init__(self, work: Callable[[], Awaitable[None]], period: float) -> None:
        """`work` deals with its errors itself."""
        self._work = work
        self._period = period
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """The first pass begins at once."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Let the pass under way finish, and begin no other."""
        self._stopping.set()
        if self._task is None:
            return
        _, late = await asyncio.wait([self._task], timeout=STOP_TIMEOUT)
        for task in late:
            log.warning("work beside the sessions was cut off", work=getattr(self._work, "__qualname__", ""))
            task.cancel()

    async def _run(self) -> None:
        while not self._stopping.is_set():
            await self._work()
            try:
                async with asyncio.timeout(self._period):
                    await self._stopping.wait()
            except TimeoutError:
                continue
