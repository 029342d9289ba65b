"""What the APIs ask about the sessions that are running now."""

from dataclasses import dataclass
from typing import Protocol

from signalling.domain.roles import Permissions
from signalling.domain.room import Role


@dataclass(frozen=True, slots=True)
class ActiveUser:
    """Someone who is in a session now."""

    name: str
    user_ref: str
    role: Role
    permissions: Permissions


class Sessions(Protocol):
    """The running sessions."""

    def active_users(self, room_id: str) -> list[ActiveUser]:
        """Who is in the room's session now, in the order of joining; empty without a session."""
        ...

    def is_active(self, room_id: str) -> bool:
        """Whether a session is running in the room."""
        ...
