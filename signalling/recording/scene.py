"""A session as recorders need to know it: who is in it, who stands where, which media node has it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import NamedTuple

from sfu.link_messages import Candidate, Kind, TapAddress
from sfu.recording_messages import TapTarget
from signalling.domain.room import Role, RoleBasedRecording


class Someone(NamedTuple):
    name: str
    role: Role


class Stage(NamedTuple):
    """Client ids: the places, first one first, and who of these is speaking."""

    places: tuple[str, ...]
    speaking: tuple[str, ...]


NOBODY = Stage((), ())


@dataclass(frozen=True, slots=True)
class Place:
    """The media node of a session. `tap` is None when it lets no recorder in."""

    node_id: str
    tap: TapAddress | None
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """`people` by client id; nobody changes the dictionary. `place` is None while nobody in the session has media."""

    people: dict[str, Someone]
    stage: Stage
    place: Place | None


def left_out(people: Mapping[str, Someone], recorded: RoleBasedRecording) -> dict[str, tuple[Kind, ...]]:
    """What a tap must not carry, by client id: all pictures of those of whom only the sound is recorded."""
    by_role = {"moderator": recorded.moderator, "participant": recorded.participant}
    return {client_id: ("video",) for client_id, one in people.items() if by_role.get(one.role) == "audio"}


def tap_target(place: Place, tap_id: str, token: str, *, recorder_is_local: bool) -> TapTarget | None:
    """What a recorder has to dial; None when the node lets none in.

    A node that listens on all addresses is known by its candidates. Those on loopback are for recorders on the same
    machine.
    """
    if place.tap is None:
        return None
    hosts = [candidate.ip for candidate in place.candidates]
    near = [host for host in hosts if _is_loopback(host) == recorder_is_local]
    host = place.tap.host or next(iter(near or hosts), None)
    if host is None:
        return None
    return TapTarget(host=host, port=place.tap.port, fingerprint=place.tap.fingerprint, tap_id=tap_id, token=token)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
