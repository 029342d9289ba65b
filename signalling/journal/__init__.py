"""What must not be lost of a session, written down before anybody is told of it."""

from signalling.journal.entries import Entry
from signalling.journal.file import JournalBusyError, JournalFile
from signalling.journal.journal import Journal

__all__ = ["Entry", "Journal", "JournalBusyError", "JournalFile"]
