"""Files leave the archive: because somebody deletes them, or because their time is over."""

from collections.abc import Callable, Sequence

import structlog
from sqlalchemy.exc import SQLAlchemyError

from signalling.archive.documents import CHAT
from signalling.archive.storage import Storage
from signalling.store import ArchiveFile, Store

log = structlog.get_logger()

REMOVAL_PERIOD = 3600.0
"""Seconds from one look for expired files to the next."""
_DAY = 86_400
_AT_ONCE = 100


def expiry(ready_at: float, days: int) -> float | None:
    """When a file that was ready at `ready_at` is to be deleted (both Unix seconds); None for never.

    `days` is how long files are kept, 0 for ever.
    """
    return ready_at + days * _DAY if days else None


class Removal:
    """Deletes files from the storage first and from the database then: what breaks off in between can be done again,
    and nothing is left of which the database does not know."""

    def __init__(self, store: Store, storage: Storage, wall: Callable[[], float]) -> None:
        """`wall` gives Unix seconds."""
        self._store = store
        self._storage = storage
        self._wall = wall

    async def remove(self, files: Sequence[ArchiveFile]) -> None:
        """Delete these files; those that the storage has no more are forgotten too. With its file, a chat is forgotten.

        Raises OSError or SQLAlchemyError at the first that fails; it can be tried again.
        """
        for file in files:
            await self._storage.delete(file.location)
            if file.kind == "chat":
                await self._store.session_events.forget(file.conf_num, CHAT)
            await self._store.archive_files.forget(file)
            log.info("archive-file-deleted", conf_num=file.conf_num, name=file.name)

    async def remove_due(self) -> None:
        """Delete what has expired, as far as that can be done now."""
        try:
            await self.remove_expired()
        except (SQLAlchemyError, OSError) as error:
            log.warning("could not look for expired files", error=str(error))

    async def remove_expired(self) -> None:
        """Delete what has expired by now. What fails for one file keeps no other from being deleted.

        Raises SQLAlchemyError or OSError when the database cannot be asked.
        """
        now = self._wall()
        after = ""
        while files := await self._store.archive_files.expired(now, _AT_ONCE, after):
            for file in files:
                try:
                    await self.remove([file])
                except (SQLAlchemyError, OSError) as error:
                    log.warning("could not delete an expired file", location=file.location, error=str(error))
            after = files[-1].file_id
