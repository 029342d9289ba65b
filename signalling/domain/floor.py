"""The mode of the room, and in lecture mode the floor: the right to publish, which moderators grant and take back."""

from dataclasses import dataclass

from signalling.domain.effects import Effect
from signalling.domain.errors import Reason, RefusedError
from signalling.domain.events import FloorAction, FloorChanged, RoomModeSwitched
from signalling.domain.media import unpublish_all
from signalling.domain.participant import Participant
from signalling.domain.room import PARTICIPANTS_IN_GROUP_MODE, Mode
from signalling.domain.state import Floor, Handler, SessionState


@dataclass(frozen=True, slots=True)
class SwitchMode:
    client_id: str
    mode: Mode


@dataclass(frozen=True, slots=True)
class RequestFloor:
    """Raise the hand; whoever was invited has the floor at once."""

    client_id: str


@dataclass(frozen=True, slots=True)
class CancelFloor:
    """Take a request back, or turn an invitation down."""

    client_id: str


@dataclass(frozen=True, slots=True)
class FinishFloor:
    """Give the floor back."""

    client_id: str


@dataclass(frozen=True, slots=True)
class GrantFloor:
    client_id: str
    target: str


@dataclass(frozen=True, slots=True)
class DenyFloor:
    client_id: str
    target: str


@dataclass(frozen=True, slots=True)
class ReleaseFloor:
    """A moderator takes the floor back."""

    client_id: str
    target: str


@dataclass(frozen=True, slots=True)
class InviteToFloor:
    client_id: str
    target: str


def switch_mode(state: SessionState, switch: SwitchMode, now: float) -> list[Effect]:
    state.moderator(switch.client_id)
    if switch.mode == state.mode:
        return []
    others = [one for one in state.participants.values() if one.role != "moderator"]
    if switch.mode == "group" and len(others) > PARTICIPANTS_IN_GROUP_MODE:
        raise RefusedError(Reason.ROOM_FULL, f"Group mode takes at most {PARTICIPANTS_IN_GROUP_MODE} participants.")
    state.mode = switch.mode
    state.floor = Floor()
    state.inherited = state.inherited.without_floor()
    effects = state.notify_all(RoomModeSwitched(switch.mode, switch.client_id))
    if switch.mode == "lecture":
        for participant in others:
            effects += unpublish_all(state, participant)
    return effects


def request_floor(state: SessionState, request: RequestFloor, now: float) -> list[Effect]:
    _lecturee(state, request.client_id)
    floor = state.floor
    if request.client_id in (*floor.raised, *floor.approved):
        return []
    if request.client_id in floor.invited:
        return _give_floor(state, request.client_id)
    floor.raised += (request.client_id,)
    return _tell(state, request.client_id, "requested")


def cancel_floor(state: SessionState, cancel: CancelFloor, now: float) -> list[Effect]:
    _lecturee(state, cancel.client_id)
    return _end_request(state, cancel.client_id, "cancelled", (*state.floor.raised, *state.floor.invited))


def finish_floor(state: SessionState, finish: FinishFloor, now: float) -> list[Effect]:
    return _take_floor(state, _lecturee(state, finish.client_id), "finished")


def grant_floor(state: SessionState, grant: GrantFloor, now: float) -> list[Effect]:
    state.moderator(grant.client_id)
    _lecturee(state, grant.target)
    if grant.target not in state.floor.raised:
        raise RefusedError(Reason.NO_FLOOR_REQUEST, f"{grant.target} has not requested the floor.")
    return _give_floor(state, grant.target)


def deny_floor(state: SessionState, denial: DenyFloor, now: float) -> list[Effect]:
    state.moderator(denial.client_id)
    _lecturee(state, denial.target)
    return _end_request(state, denial.target, "denied", state.floor.raised)


def release_floor(state: SessionState, release: ReleaseFloor, now: float) -> list[Effect]:
    state.moderator(release.client_id)
    return _take_floor(state, _lecturee(state, release.target), "released")


def invite_to_floor(state: SessionState, invitation: InviteToFloor, now: float) -> list[Effect]:
    state.moderator(invitation.client_id)
    _lecturee(state, invitation.target)
    if invitation.target in state.floor.raised:
        # An invitation of someone who asked already is the answer.
        return _give_floor(state, invitation.target)
    if invitation.target in (*state.floor.approved, *state.floor.invited):
        return []
    state.floor.invited += (invitation.target,)
    return _tell(state, invitation.target, "invited")


def _lecturee(state: SessionState, client_id: str) -> Participant:
    """Someone for whom the floor matters."""
    participant = state.participant(client_id)
    if state.mode != "lecture":
        raise RefusedError(Reason.NOT_LECTURE_MODE, "There is a floor in lecture mode only.")
    if participant.role != "participant":
        raise RefusedError(Reason.ROLE_FORBIDDEN, f"The floor is not for a {participant.role}.")
    return participant


def _give_floor(state: SessionState, client_id: str) -> list[Effect]:
    state.floor.remove(client_id)
    state.floor.approved += (client_id,)
    return _tell(state, client_id, "granted")


def _take_floor(state: SessionState, participant: Participant, action: FloorAction) -> list[Effect]:
    if participant.client_id not in state.floor.approved:
        raise RefusedError(Reason.NO_FLOOR, f"{participant.client_id} does not have the floor.")
    state.floor.remove(participant.client_id)
    return _tell(state, participant.client_id, action) + unpublish_all(state, participant)


def _end_request(state: SessionState, client_id: str, action: FloorAction, requests: tuple[str, ...]) -> list[Effect]:
    if client_id not in requests:
        raise RefusedError(Reason.NO_FLOOR_REQUEST, f"There is no such request of {client_id}.")
    state.floor.remove(client_id)
    return _tell(state, client_id, action)


def _tell(state: SessionState, client_id: str, action: FloorAction) -> list[Effect]:
    return state.notify_all(FloorChanged(client_id, action, state.floor.raised, state.floor.approved))


HANDLERS: dict[type, Handler] = {
    SwitchMode: switch_mode,
    RequestFloor: request_floor,
    CancelFloor: cancel_floor,
    FinishFloor: finish_floor,
    GrantFloor: grant_floor,
    DenyFloor: deny_floor,
    ReleaseFloor: release_floor,
    InviteToFloor: invite_to_floor,
}
