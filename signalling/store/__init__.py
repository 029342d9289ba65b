"""What lasts: rooms, used tokens, sessions with what happened in them and their files, in SQLite or PostgreSQL."""

from signalling.store.archive_files import ArchiveFile, ArchiveFiles, FileKind, UnknownSessionError
from signalling.store.connections import ConnectionRecord, Connections
from signalling.store.database import StoreError
from signalling.store.numbers import is_conf_num, number_of
from signalling.store.rooms import RoomInUseError, Rooms
from signalling.store.selection import SessionSelection
from signalling.store.session_events import SessionEvent, SessionEvents
from signalling.store.sessions import SessionRecord, Sessions, UnknownRoomError
from signalling.store.store import Store
from signalling.store.used_tokens import UsedTokens

__all__ = [
    "ArchiveFile",
    "ArchiveFiles",
    "ConnectionRecord",
    "Connections",
    "FileKind",
    "RoomInUseError",
    "Rooms",
    "SessionEvent",
    "SessionEvents",
    "SessionRecord",
    "SessionSelection",
    "Sessions",
    "Store",
    "StoreError",
    "UnknownRoomError",
    "UnknownSessionError",
    "UsedTokens",
    "is_conf_num",
    "number_of",
]
