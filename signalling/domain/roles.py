"""Roles and what each may do."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Given by the token, for the whole connection."""

    MODERATOR = "moderator"
    PARTICIPANT = "participant"
    VIEWER = "viewer"
    AUDIENCE = "audience"


@dataclass(frozen=True, slots=True)
class Permissions:
    """`subscribe`: receives media of the session. `controlhandlers`: may use the session's controls of its role."""

    publish: bool
    subscribe: bool
    record: bool
    stats: bool
    controlhandlers: bool


_PERMISSIONS = {
    Role.MODERATOR: Permissions(publish=True, subscribe=True, record=True, stats=True, controlhandlers=True),
    Role.PARTICIPANT: Permissions(publish=True, subscribe=True, record=False, stats=True, controlhandlers=True),
    Role.VIEWER: Permissions(publish=False, subscribe=True, record=False, stats=True, controlhandlers=False),
    # The audience watches the broadcast stream and is in no session.
    Role.AUDIENCE: Permissions(publish=False, subscribe=False, record=False, stats=False, controlhandlers=False),
}


def permissions_of(role: Role) -> Permissions:
    return _PERMISSIONS[role]
