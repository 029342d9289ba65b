"""Hard mutes: a moderator silences the room, or takes audio or video from one participant.

The media node drops the packets, and only a moderator can lift it. Moderators are exempt. Who leaves and comes in again
as the same person, by their user_ref, is muted still.
"""

from dataclasses import dataclass

from sfu.link_messages import Kind
from signalling.domain import events
from signalling.domain.effects import Effect
from signalling.domain.errors import Reason, RefusedError
from signalling.domain.media import muted_tracks, pause_changes
from signalling.domain.participant import Participant
from signalling.domain.state import Handler, SessionState


@dataclass(frozen=True, slots=True)
class HardMuteRoom:
    """Mute (or, with `muted` false, unmute) the audio of all who are no moderators, newcomers included."""

    client_id: str
    muted: bool


@dataclass(frozen=True, slots=True)
class HardMuteUser:
    """Mute or unmute all audio, or all video, of one participant."""

    client_id: str
    target: str
    kind: Kind
    muted: bool


_USER_EVENTS: dict[
    tuple[Kind, bool],
    type[events.UserAudioHardMuted]
    | type[events.UserVideoHardMuted]
    | type[events.UserAudioHardUnmuted]
    | type[events.UserVideoHardUnmuted],
] = {
    ("audio", True): events.UserAudioHardMuted,
    ("video", True): events.UserVideoHardMuted,
    ("audio", False): events.UserAudioHardUnmuted,
    ("video", False): events.UserVideoHardUnmuted,
}


def hard_mute_room(state: SessionState, change: HardMuteRoom, now: float) -> list[Effect]:
    state.moderator(change.client_id)
    if change.muted == state.hard_muted:
        return []
    state.hard_muted = change.muted
    event = events.RoomHardMuted if change.muted else events.RoomHardUnmuted
    effects = state.notify_all(event(change.client_id))
    for participant in state.participants.values():
        effects += apply_room_mute(state, participant)
    return effects


def hard_mute_user(state: SessionState, change: HardMuteUser, now: float) -> list[Effect]:
    state.moderator(change.client_id)
    target = state.participant(change.target)
    if target.role == "moderator":
        raise RefusedError(Reason.ROLE_FORBIDDEN, "A moderator cannot be hard-muted.")
    if change.muted == (change.kind in target.hard_muted):
        return []
    before = muted_tracks(target)
    target.hard_muted ^= {change.kind}
    _keep(state, target, change.kind, change.muted)
    event = _USER_EVENTS[change.kind, change.muted]
    return state.notify_all(event(target.client_id, change.client_id)) + pause_changes(state, target, before)


def exempt(state: SessionState, participant: Participant) -> None:
    """Lift what was taken from someone who is a moderator now."""
    participant.hard_muted.clear()
    state.kept_hard_mutes.pop(participant.user_ref, None)


def _keep(state: SessionState, participant: Participant, kind: Kind, muted: bool) -> None:
    """Remember what a moderator said last for the next time that this person comes in."""
    if not participant.user_ref:
        return
    kinds = state.kept_hard_mutes.setdefault(participant.user_ref, set())
    (kinds.add if muted else kinds.discard)(kind)


def apply_room_mute(state: SessionState, participant: Participant) -> list[Effect]:
    """Let the room's hard mute hold for a participant, or no longer, as their role says."""
    before = muted_tracks(participant)
    participant.silenced = state.hard_muted and participant.role != "moderator"
    return pause_changes(state, participant, before)


HANDLERS: dict[type, Handler] = {HardMuteRoom: hard_mute_room, HardMuteUser: hard_mute_user}
