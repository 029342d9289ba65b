"""Makes the archive of each session that has ended, from what the database knows of it."""

import asyncio
import secrets
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from signalling.archive.documents import Document, chat_document, encode, metadata_document
from signalling.archive.removal import expiry
from signalling.archive.storage import Storage
from signalling.journal import Journal
from signalling.store import ArchiveFile, FileKind, SessionRecord, Store

log = structlog.get_logger()

STOP_TIMEOUT = 5.0
"""Seconds that a server that stops waits for archives."""
RETRY_PERIOD = 60.0
"""Seconds until another attempt where the disk or the database did not take something."""
_AT_ONCE = 100


class Archivist:
    """Which sessions wait for it stands in the database, so neither a crash nor a full disk makes it forget one, and
    making an archive again does no harm."""

    def __init__(
        self,
        store: Store,
        storage: Storage,
        journal: Journal,
        wall: Callable[[], float],
        days: int = 0,
        retry_period: float = RETRY_PERIOD,
    ) -> None:
        """`wall` gives Unix seconds; `days` is how long files are kept, 0 for ever."""
        self._store = store
        self._storage = storage
        self._journal = journal
        self._wall = wall
        self._days = days
        self._retry_period = retry_period
        self._woken = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Make the archives that are missing, and from now on one at each call of `wake` that has ended a session."""
        self._task = asyncio.create_task(self._run())

    def wake(self) -> None:
        """A session has ended."""
        self._woken.set()

    async def stop(self) -> None:
        """Make what is missing, as far as that is done in time; the next start does the rest.

        The task is not cancelled at once, because a cancelled query can leave a connection that never closes.
        """
        if self._task is None:
            return
        self._stopping = True
        self.wake()
        _, late = await asyncio.wait([self._task], timeout=STOP_TIMEOUT)
        for task in late:
            log.warning("not all archives were made before the end")
            task.cancel()

    async def _run(self) -> None:
        while True:
            # The pass that begins after the call of `stop` is the last one, and has what ended with the server.
            last = self._stopping
            self._woken.clear()
            # The end of a session is known in the database when the journal has brought it there.
            await self._journal.drained()
            try:
                all_made = await self.make_awaited()
            except (SQLAlchemyError, OSError) as error:
                log.warning("could not look for sessions to archive", error=str(error))
                all_made = False
            if last:
                return
            try:
                async with asyncio.timeout(None if all_made else self._retry_period):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def make_awaited(self) -> bool:
        """Make the archives that are missing, one after the other; False when one of them could not be made."""
        all_made = True
        after: str | None = None
        while sessions := await self._store.archive_files.awaited(_AT_ONCE, after):
            for session in sessions:
                all_made &= await self._make(session)
            after = sessions[-1].conf_num
        return all_made

    async def _make(self, session: SessionRecord) -> bool:
        try:
            await self._write_documents(session)
        except Exception as error:
            # Whatever is wrong with one session, the others are to have their archives.
            log.exception("could not make an archive", conf_num=session.conf_num, error=str(error))
            return False
        log.info("archive made", conf_num=session.conf_num)
        return True

    async def _write_documents(self, session: SessionRecord) -> None:
        stays = await self._store.connections.list(session.conf_num)
        events = await self._store.session_events.list(session.conf_num)
        chat = chat_document(session, stays, events)
        if chat is not None:
            await self._keep(session, "chat", "chat.json", chat)
        await self._keep(session, "metadata", "session-meta.json", metadata_document(session, stays, events))
        await self._store.archive_files.made(session.conf_num, self._wall())

    async def _keep(self, session: SessionRecord, kind: FileKind, name: str, document: Document) -> None:
        now = self._wall()
        stored = await self._storage.put(f"{session.conf_num}/{name}", encode(document), now)
        await self._store.archive_files.keep(
            ArchiveFile(
                file_id=secrets.token_hex(16),
                conf_num=session.conf_num,
                kind=kind,
                name=name,
                location=stored.location,
                content_type="application/json",
                size=stored.size,
                sha256=stored.sha256,
                ready_at=now,
                expires_at=expiry(now, self._days),
            )
        )
