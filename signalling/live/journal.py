"""What has to reach the database in time, but for which nobody waits: joins, leaves, ends of sessions."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

log = structlog.get_logger()

Entry = Callable[[], Awaitable[None]]


class Journal:
    """Carries out entries one after the other, in the order of writing. One that fails is logged and left out."""

    def __init__(self) -> None:
        self._entries: asyncio.Queue[tuple[str, Entry]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    def write(self, what: str, entry: Entry) -> None:
        """`what` names the entry in the log, should it fail."""
        self._entries.put_nowait((what, entry))

    async def close(self) -> None:
        """Return when everything written before is stored."""
        await self._entries.join()
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        while True:
            what, entry = await self._entries.get()
            try:
                await entry()
            except (SQLAlchemyError, OSError, ValueError) as error:
                log.error("could not store", what=what, error=str(error))
            finally:
                self._entries.task_done()
