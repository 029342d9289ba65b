"""The archive: the files that are left of a session, made when it has ended."""

from signalling.archive.archivist import Archivist
from signalling.archive.storage import LocalStorage, Stored

__all__ = ["Archivist", "LocalStorage", "Stored"]
