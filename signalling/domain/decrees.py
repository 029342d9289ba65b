"""Decrees: what moderators have decided of a session, as far as it stands.

The log of a session tells them all, so they outlive the process that had the session.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from sfu.link_messages import Kind
from signalling.domain.room import Mode

Line = tuple[str, Mapping[str, JsonValue]]
"""An event of a session's log: its name, and its fields as in the client protocol."""

_MUTES: Mapping[str, tuple[Kind, bool]] = {
    "hardmute-user-audio": ("audio", True),
    "hardmute-user-video": ("video", True),
    "hardunmute-user-audio": ("audio", False),
    "hardunmute-user-video": ("video", False),
}

DECREEING = frozenset(
    {
        *_MUTES,
        "room-locked",
        "room-unlocked",
        "hard-mute-room",
        "hard-unmute-room",
        "room-mode-switched",
        "conference-duration-extended",
        "user-role-changed",
        "updated-pinned-users",
        "spotlight-users",
        "floor-changed",
        "user-returned",
    }
)
"""The names of all events of a log that matter here."""


@dataclass(frozen=True, slots=True)
class Decrees:
    """`mode` is None while it is the one of the room's definition. `extended` is by how many minutes the session was
    made longer.

    `hard_mutes` and the lists are by client id: those of the session that had the people in it. `kept_hard_mutes` are
    for whoever comes in with a `user_ref`. `raised`, `approved` and `invited` are the floor of a lecture.
    """

    locked: bool = False
    hard_muted: bool = False
    mode: Mode | None = None
    extended: int = 0
    hard_mutes: Mapping[str, tuple[Kind, ...]] = field(default_factory=dict)
    kept_hard_mutes: Mapping[str, tuple[Kind, ...]] = field(default_factory=dict)
    pinned: tuple[str, ...] = ()
    spotlighted: tuple[str, ...] = ()
    raised: tuple[str, ...] = ()
    approved: tuple[str, ...] = ()
    invited: tuple[str, ...] = ()

    def people(self) -> frozenset[str]:
        """The client ids of all of whom something is decreed."""
        lists = (self.pinned, self.spotlighted, self.raised, self.approved, self.invited)
        return frozenset(self.hard_mutes).union(*lists)

    def without_floor(self) -> "Decrees":
        return replace(self, raised=(), approved=(), invited=())


NO_DECREES = Decrees()


def standing(log: Iterable[Line], user_refs: Mapping[str, str], began_with: Decrees = NO_DECREES) -> Decrees:
    """What stands at the end of a session.

    `user_refs` are those of all who were ever in it, by client id, "" where there is none. `began_with` stood already
    when it began: those who were named in it and never returned are still named by their older client ids.

    People who left are not left out. They do not return, so what was decreed of them concerns nobody.
    """
    decrees, absent = began_with, began_with.people()
    for name, details in log:
        match name, details:
            case "user-returned", {"client_id": str(client_id), "was": str(was)}:
                decrees = _renamed(decrees, was, client_id)
            case _:
                decrees = _of_the_room(decrees, name, details)
                decrees = _of_people(decrees, name, details, user_refs)
                decrees = _of_places(decrees, absent, name, details)
    return decrees


def _of_the_room(decrees: Decrees, name: str, details: Mapping[str, JsonValue]) -> Decrees:
    match name, details:
        case "room-locked" | "room-unlocked", _:
            return replace(decrees, locked=name == "room-locked")
        case "hard-mute-room" | "hard-unmute-room", _:
            return replace(decrees, hard_muted=name == "hard-mute-room")
        case "room-mode-switched", {"mode": "group" | "lecture" as mode}:
            return replace(decrees.without_floor(), mode=mode)
        case "conference-duration-extended", {"extendedTime": int(minutes)}:
            return replace(decrees, extended=decrees.extended + minutes)
    return decrees


def _of_people(decrees: Decrees, name: str, details: Mapping[str, JsonValue], user_refs: Mapping[str, str]) -> Decrees:
    match name, details:
        case _, {"client_id": str(client_id)} if name in _MUTES:
            kind, muted = _MUTES[name]
            return _with_mute(decrees, client_id, user_refs.get(client_id, ""), kind, muted)
        case "user-role-changed", {"moderator": {"new": str(client_id)}}:
            # Moderators are exempt.
            for kind in ("audio", "video"):
                decrees = _with_mute(decrees, client_id, user_refs.get(client_id, ""), kind, False)
    return decrees


def _with_mute(decrees: Decrees, client_id: str, user_ref: str, kind: Kind, muted: bool) -> Decrees:
    changed = replace(decrees, hard_mutes=_changed(decrees.hard_mutes, client_id, kind, muted))
    if not user_ref:
        return changed
    return replace(changed, kept_hard_mutes=_changed(decrees.kept_hard_mutes, user_ref, kind, muted))


def _changed(
    mutes: Mapping[str, tuple[Kind, ...]], whose: str, kind: Kind, muted: bool
) -> Mapping[str, tuple[Kind, ...]]:
    kinds = {*mutes.get(whose, ()), kind} if muted else {*mutes.get(whose, ())} - {kind}
    others = {one: kinds for one, kinds in mutes.items() if one != whose}
    return others | {whose: tuple(sorted(kinds))} if kinds else others


def _of_places(decrees: Decrees, absent: frozenset[str], name: str, details: Mapping[str, JsonValue]) -> Decrees:
    match name, details:
        case "updated-pinned-users", {"clientIds": list(named)}:
            return replace(decrees, pinned=_updated(decrees.pinned, named, absent))
        case "spotlight-users", {"users": list(named)}:
            return replace(decrees, spotlighted=_updated(decrees.spotlighted, named, absent))
        case "user-role-changed" | "floor-changed", {"raisedHands": list(raised), "approvedHands": list(approved)}:
            return replace(
                decrees,
                raised=_updated(decrees.raised, raised, absent),
                approved=_updated(decrees.approved, approved, absent),
                invited=_invited(decrees.invited, details),
            )
    return decrees


def _invited(before: tuple[str, ...], details: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """Clients are told of an invitation when it is made, and not again."""
    match details:
        case {"client_id": str(client_id), "action": action}:
            others = tuple(one for one in before if one != client_id)
            return (*others, client_id) if action == "invited" else others
        case {"moderator": {"new": str(client_id)}}:
            return tuple(one for one in before if one != client_id)
    return before


def _updated(before: tuple[str, ...], named: Sequence[JsonValue], absent: frozenset[str]) -> tuple[str, ...]:
    """The list after an event, which names all who are present. Those who are not keep their places among them."""
    present = [one for one in named if isinstance(one, str)]
    kept = tuple(one for one in before if one in absent or one in present)
    return (*kept, *(one for one in present if one not in kept))


def _renamed(decrees: Decrees, was: str, client_id: str) -> Decrees:
    def renamed(people: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(client_id if one == was else one for one in people)

    return replace(
        decrees,
        hard_mutes={client_id if one == was else one: kinds for one, kinds in decrees.hard_mutes.items()},
        pinned=renamed(decrees.pinned),
        spotlighted=renamed(decrees.spotlighted),
        raised=renamed(decrees.raised),
        approved=renamed(decrees.approved),
        invited=renamed(decrees.invited),
    )
