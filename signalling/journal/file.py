"""The file of the journal: a line for each entry that is not known to be in the database."""

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path

import structlog
from pydantic import ValidationError

from signalling.journal.entries import ENTRY, Entry

log = structlog.get_logger()


class JournalBusyError(OSError):
    """Another process has the file."""


class JournalFile:
    """Lines are handed to the kernel at once, so they outlive this process, however it ends; a loss of power may cost
    the last moments, as it does of the database."""

    def __init__(self, path: Path) -> None:
        """Raises JournalBusyError, and OSError when the file can be neither read nor made."""
        self._path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._fd)
            raise JournalBusyError(f"{path} is in use: another server runs on this folder") from error

    def read(self) -> list[Entry]:
        """The entries that a process before this one left, oldest first. What is no entry is logged and left out."""
        entries = []
        for number, line in enumerate(self._path.read_bytes().split(b"\n"), 1):
            if not line:
                continue
            try:
                entries.append(ENTRY.validate_json(line))
            except ValidationError as error:
                # The last line of a process that was killed while it wrote, most likely.
                log.warning("a line of the journal is no entry", line=number, error=error.errors()[0]["msg"])
        return entries

    def append(self, entries: Iterable[Entry]) -> None:
        """Raises OSError, as when the disk is full."""
        data = b"".join(entry.model_dump_json().encode() + b"\n" for entry in entries)
        written = os.write(self._fd, data)
        if written < len(data):
            # Half a line would spoil the next one. Nobody else writes here, so what is at the end is ours.
            os.ftruncate(self._fd, self.size() - written)
            raise OSError("the journal takes no more: is the disk full?")

    def size(self) -> int:
        """In bytes."""
        return os.fstat(self._fd).st_size

    def clear(self) -> None:
        """Forget all entries: they are in the database."""
        os.ftruncate(self._fd, 0)

    def close(self) -> None:
        os.close(self._fd)
