"""Roles and what each may do. The token gives the role; moderators may hand theirs on."""

from dataclasses import dataclass

from signalling.domain.room import Role


@dataclass(frozen=True, slots=True)
class Permissions:
    """What someone may do in a session.

    `subscribe`: receive media, `record`: start and stop recordings, `stats`: see statistics of the own connection,
    `controlhandlers`: use the controls that the session offers to the role.
    """

    publish: bool
    subscribe: bool
    record: bool
    stats: bool
    controlhandlers: bool


_PERMISSIONS: dict[Role, Permissions] = {
    "moderator": Permissions(publish=True, subscribe=True, record=True, stats=True, controlhandlers=True),
    "participant": Permissions(publish=True, subscribe=True, record=False, stats=True, controlhandlers=True),
    "viewer": Permissions(publish=False, subscribe=True, record=False, stats=True, controlhandlers=False),
    # The audience watches the broadcast stream and never enters a session.
    "audience": Permissions(publish=False, subscribe=False, record=False, stats=False, controlhandlers=False),
}


def permissions_of(role: Role) -> Permissions:
    return _PERMISSIONS[role]
