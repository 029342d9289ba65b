"""How participants leave a session, whoever wants it so; shared by the families of inputs."""

from signalling.domain.arrangement import arrange_stage
from signalling.domain.effects import DeleteTransport, Disconnect, Effect, EndSession, RecordLeave
from signalling.domain.events import DisconnectReason, LeaveReason, UserDisconnected
from signalling.domain.state import SessionState


def remove(state: SessionState, client_id: str, left_at: float, reason: LeaveReason) -> list[Effect]:
    """Take one participant out, whatever the reason; the last one takes the session with them."""
    participant = state.participants.pop(client_id)
    state.lost.pop(client_id, None)
    for track in participant.published_tracks():
        del state.track_owners[track.track_id]
    effects = state.notify_others(client_id, UserDisconnected(client_id, reason))
    if participant.media is not None:
        effects.append(DeleteTransport(client_id, participant.media.transport_id))
    effects += _leave_stage(state, client_id)
    effects.append(RecordLeave(client_id, left_at, reason))
    if not state.participants:
        effects += close(state)
    return effects


def _leave_stage(state: SessionState, client_id: str) -> list[Effect]:
    """Give up a lasting place. Nobody is told: that someone who left is pinned no more goes without saying."""
    if client_id not in (*state.pinned, *state.spotlighted):
        return []
    state.pinned = tuple(one for one in state.pinned if one != client_id)
    state.spotlighted = tuple(one for one in state.spotlighted if one != client_id)
    return [arrange_stage(state)]


def close(state: SessionState) -> list[Effect]:
    if state.ended:
        return []
    state.ended = True
    return [EndSession()]


def expel(
    state: SessionState, client_id: str, now: float, reason: DisconnectReason, message: str, recorded: LeaveReason
) -> list[Effect]:
    """Disconnect one participant, and take them out."""
    return [Disconnect(client_id, reason, message), *remove(state, client_id, now, recorded)]


def end_for_all(
    state: SessionState, now: float, reason: DisconnectReason, message: str, recorded: LeaveReason
) -> list[Effect]:
    """Disconnect everybody at once, without telling each of the others' leaving. The session is over."""
    effects: list[Effect] = []
    for client_id, participant in state.participants.items():
        effects.append(Disconnect(client_id, reason, message))
        if participant.media is not None:
            effects.append(DeleteTransport(client_id, participant.media.transport_id))
        effects.append(RecordLeave(client_id, state.lost.get(client_id, now), recorded))
    state.participants.clear()
    state.lost.clear()
    state.track_owners.clear()
    state.pinned = state.spotlighted = ()
    return effects + close(state)
