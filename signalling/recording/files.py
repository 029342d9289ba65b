"""The files that recorders have stored become files of the archive."""

import asyncio
import hashlib
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from sfu.recording_messages import FileStored
from signalling.archive.removal import expiry
from signalling.store import ArchiveFile, ArchiveFiles, UnknownSessionError

MAX_WAITING = 1000
"""Files that wait for the database; recorders tell of the others again."""
MAX_NAME = 200
STOP_TIMEOUT = 10.0
"""Seconds that the file at hand gets when the server stops."""

log = structlog.get_logger()


class FileKeeper:
    """Stores what it takes, one after the other, so that nobody waits for the database. A file that could not be stored
    is not acknowledged, and so comes again."""

    def __init__(self, files: ArchiveFiles, wall: Callable[[], float], days: int = 0) -> None:
        """`wall` gives Unix seconds; `days` is how long files are kept, 0 for ever."""
        self._days = days
        self._files = files
        self._wall = wall
        self._waiting: asyncio.Queue[tuple[FileStored, Callable[[], None]]] = asyncio.Queue(MAX_WAITING)
        self._stopping = self._idle = False
        self._task: asyncio.Task[None] | None = None

    def take(self, message: FileStored, known: Callable[[], None]) -> None:
        """`known` is called when the file is in the database, or will never be: it then stays where it is."""
        if not is_file_name(message.name):
            _log_refused("it has no proper name", message)
            known()
            return
        try:
            self._waiting.put_nowait((message, known))
        except asyncio.QueueFull:
            log.warning("too many files wait for the database", conf_num=message.conf_num, name=message.name)

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Finish the file at hand: a cancelled query can leave a connection that never closes. What waits is told of
        again at the next start."""
        if self._task is None:
            return
        self._stopping = True
        if self._idle:
            self._task.cancel()
        await asyncio.wait([self._task], timeout=STOP_TIMEOUT)

    async def _run(self) -> None:
        while not self._stopping:
            self._idle = True
            message, known = await self._waiting.get()
            self._idle = False
            await self._store(message, known)

    async def _store(self, message: FileStored, known: Callable[[], None]) -> None:
        try:
            await self._files.keep(archive_file(message, self._wall(), self._days))
        except UnknownSessionError:
            _log_refused("there is no such session", message)
            known()
        except (SQLAlchemyError, OSError) as error:
            log.warning("a recorded file is not in the database yet", name=message.name, error=str(error))
        else:
            log.info("a file is in the archive", conf_num=message.conf_num, name=message.name, size=message.size)
            known()


def _log_refused(why: str, message: FileStored) -> None:
    log.error(
        "a file stays in the archive's storage, but is not in the archive: " + why,
        conf_num=message.conf_num,
        name=message.name,
        location=message.location,
    )


def archive_file(message: FileStored, ready_at: float, days: int) -> ArchiveFile:
    """The file in the archive. Its id is made of the recorder's, so that telling of it again makes no other one."""
    identity = f"{message.conf_num}\n{message.file_id}"
    return ArchiveFile(
        file_id=hashlib.sha256(identity.encode()).hexdigest()[:32],
        conf_num=message.conf_num,
        kind=message.kind,
        name=message.name,
        location=message.location,
        content_type=message.content_type,
        size=message.size,
        sha256=message.sha256,
        ready_at=ready_at,
        expires_at=expiry(ready_at, days),
    )


def is_file_name(name: str) -> bool:
    """Whether it is the name of a file, in no folder."""
    return 0 < len(name) <= MAX_NAME and name.isprintable() and not set(name) & {"/", "\\"} and name not in (".", "..")
