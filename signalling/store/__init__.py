"""What lasts: rooms, used tokens, sessions and connections, in SQLite or PostgreSQL."""

from signalling.store.connections import ConnectionRecord, Connections
from signalling.store.database import StoreError
from signalling.store.rooms import RoomInUseError, Rooms
from signalling.store.selection import SessionSelection
from signalling.store.sessions import SessionRecord, Sessions, UnknownRoomError, is_conf_num, number_of
from signalling.store.store import Store
from signalling.store.used_tokens import UsedTokens

__all__ = [
    "ConnectionRecord",
    "Connections",
    "RoomInUseError",
    "Rooms",
    "SessionRecord",
    "SessionSelection",
    "Sessions",
    "Store",
    "StoreError",
    "UnknownRoomError",
    "UsedTokens",
    "is_conf_num",
    "number_of",
]
