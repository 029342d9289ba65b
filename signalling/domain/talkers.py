"""What the media node says of the stage and the slots, told to each participant."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from signalling.domain.effects import Effect, Notify
from signalling.domain.events import ActiveTalkersUpdated
from signalling.domain.participant import Participant
from signalling.domain.state import Handler, SessionState


@dataclass(frozen=True, slots=True)
class ChangeStage:
    """The stage by client id, first place first, and who of it is speaking."""

    endpoints: tuple[str, ...]
    speaking: frozenset[str]


@dataclass(frozen=True, slots=True)
class FillSlots:
    """By client id and transport: slot to track, None for an idle slot. Slots that are not named stay."""

    transports: Mapping[tuple[str, str], Mapping[str, str | None]]


def change_stage(state: SessionState, change: ChangeStage, now: float) -> list[Effect]:
    before = state.active_talkers()
    state.stage = change.endpoints
    state.speaking = change.speaking
    # A change behind the last place that the room shows is nobody's business.
    if state.active_talkers() == before:
        return []
    return tell_talkers(state, state.participants.values())


def fill_slots(state: SessionState, filling: FillSlots, now: float) -> list[Effect]:
    changed = []
    for (client_id, transport_id), tracks in filling.transports.items():
        participant = state.participants.get(client_id)
        # The node may speak of a transport that was replaced a moment ago.
        if participant is None or participant.media is None or participant.media.transport_id != transport_id:
            continue
        for slot_id, track_id in tracks.items():
            if slot_id in participant.media.slots:
                participant.media.slots[slot_id].track_id = track_id
        participant.media.shown = None
        changed.append(participant)
    return tell_talkers(state, changed)


def tell_talkers(state: SessionState, participants: Iterable[Participant]) -> list[Effect]:
    """Tell each one the stage and their own slots.

    Those whose connection is lost are left out: they get the whole state when they resume, and what happened in between
    means nothing to them.
    """
    active = state.active_talkers()
    return [
        Notify((participant.client_id,), ActiveTalkersUpdated(active, state.slots_of(participant)))
        for participant in participants
        if participant.client_id not in state.lost
    ]


HANDLERS: dict[type, Handler] = {ChangeStage: change_stage, FillSlots: fill_slots}
