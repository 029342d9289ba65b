"""How participants come into a session and leave it, whoever wants it so; shared by the families of inputs."""

from collections.abc import Sequence

from signalling.domain.arrangement import arrange_stage
from signalling.domain.effects import (
    DeleteTransport,
    Disconnect,
    Effect,
    EndSession,
    Forget,
    Notify,
    RecordJoin,
    RecordLeave,
)
from signalling.domain.events import (
    DisconnectReason,
    InterruptReason,
    LeaveReason,
    RoomInterrupted,
    UserConnected,
    UserDisconnected,
)
from signalling.domain.participant import Entry, Participant
from signalling.domain.recording import finish_all
from signalling.domain.returning import hard_mutes_of, take_places_again
from signalling.domain.state import Floor, SessionState


def enter(state: SessionState, entry: Entry) -> list[Effect]:
    """Make someone a participant who was admitted."""
    participant = Participant(
        client_id=entry.client_id,
        name=entry.name,
        role=entry.role,
        user_ref=entry.user_ref,
        data=entry.data,
        joined_at=entry.joined_at,
        hard_muted=hard_mutes_of(state, entry),
        silenced=state.hard_muted and entry.role != "moderator",
    )
    state.participants[entry.client_id] = participant
    connected = UserConnected(participant.view(entry.client_id in state.lost))
    return [
        RecordJoin(entry.client_id, entry.name, entry.role, entry.user_ref, entry.was),
        *state.notify_others(entry.client_id, connected),
        *take_places_again(state, entry),
    ]


def remove(state: SessionState, client_id: str, left_at: float, reason: LeaveReason) -> list[Effect]:
    """Take one participant out, whatever the reason; the last one takes the session with them."""
    return _part_with(state, state.participants.pop(client_id), left_at, reason) + close_if_empty(state)


def _part_with(state: SessionState, participant: Participant, left_at: float, reason: LeaveReason) -> list[Effect]:
    """Forget whatever there was of somebody who is no participant any more, and tell those who are."""
    client_id = participant.client_id
    state.lost.pop(client_id, None)
    for track in participant.published_tracks():
        state.disown(track.track_id)
    effects = state.notify_others(client_id, UserDisconnected(client_id, reason))
    if participant.media is not None:
        effects.append(DeleteTransport(client_id, participant.media.transport_id))
    effects += _leave_stage(state, client_id)
    state.floor.remove(client_id)
    effects.append(RecordLeave(client_id, left_at, reason))
    return effects


def _leave_stage(state: SessionState, client_id: str) -> list[Effect]:
    """Give up a lasting place. Nobody is told: that someone who left is pinned no more goes without saying."""
    if client_id not in (*state.pinned, *state.spotlighted):
        return []
    state.pinned = tuple(one for one in state.pinned if one != client_id)
    state.spotlighted = tuple(one for one in state.spotlighted if one != client_id)
    return [arrange_stage(state)]


def close_if_empty(state: SessionState) -> list[Effect]:
    """The session is over when nobody is in it or waits for it."""
    return [] if state.participants or state.lobby else close(state)


def close(state: SessionState, *, interrupted: bool = False) -> list[Effect]:
    if state.ended:
        return []
    state.ended = True
    state.schedule = None
    return [*finish_all(state), EndSession(interrupted)]


def expel(
    state: SessionState,
    client_ids: Sequence[str],
    now: float,
    reason: DisconnectReason,
    message: str,
    recorded: LeaveReason,
) -> list[Effect]:
    """Disconnect some participants, and take them out. Only those who stay are told: who goes need not know of the
    others' going, which among a thousand would be half a million messages."""
    leaving = [state.participants.pop(client_id) for client_id in client_ids]
    effects: list[Effect] = [Disconnect(client_id, reason, message) for client_id in client_ids]
    for participant in leaving:
        effects += _part_with(state, participant, now, recorded)
    return effects + close_if_empty(state)


def end_for_all(
    state: SessionState, now: float, reason: DisconnectReason, message: str, recorded: LeaveReason
) -> list[Effect]:
    """Disconnect everybody at once, without telling each of the others' leaving. The session is over."""
    everybody = (*state.participants, *state.lobby)
    return [*(Disconnect(one, reason, message) for one in everybody), *_empty(state, now, recorded), *close(state)]


def interrupt_for_all(state: SessionState, now: float, message: str) -> list[Effect]:
    """End the session because the server stops. The connections are closed with all others of the server, and whoever
    had them comes back into another session."""
    everybody = (*state.participants, *state.lobby)
    told = [Notify(everybody, RoomInterrupted("server-restart", message))]
    return [*told, *_empty(state, now, "server-restart"), *close(state, interrupted=True)]


def _empty(state: SessionState, now: float, recorded: LeaveReason | InterruptReason) -> list[Effect]:
    """Take everybody out at once."""
    effects: list[Effect] = []
    for client_id, participant in state.participants.items():
        if participant.media is not None:
            effects.append(DeleteTransport(client_id, participant.media.transport_id))
        effects.append(RecordLeave(client_id, state.lost.get(client_id, now), recorded))
    effects += [Forget(client_id) for client_id in state.lobby]
    state.lobby.clear()
    state.participants.clear()
    state.lost.clear()
    state.track_owners.clear()
    state.pinned = state.spotlighted = ()
    state.floor = Floor()
    return effects
