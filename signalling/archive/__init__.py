"""The archive: the files that are left of a session, made when it has ended."""

from signalling.archive.archivist import Archivist
from signalling.archive.downloads import download
from signalling.archive.links import FileLinks, LinkError
from signalling.archive.remote_storage import StorageError, open_storage
from signalling.archive.removal import REMOVAL_PERIOD, Removal, expiry
from signalling.archive.storage import LocalStorage, Storage, Stored

__all__ = [
    "REMOVAL_PERIOD",
    "Archivist",
    "FileLinks",
    "LinkError",
    "LocalStorage",
    "Removal",
    "Storage",
    "StorageError",
    "Stored",
    "download",
    "expiry",
    "open_storage",
]
