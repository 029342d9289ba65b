"""Media of one participant: what they negotiated, publish and mute, and the loss of their transport."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sfu.link_messages import Slot, Source, Track
from signalling.domain.effects import DeleteTransport, Effect, LimitSlots, Notify, PauseTracks, PutTransport
from signalling.domain.errors import Reason, RefusedError
from signalling.domain.events import (
    MediaDisconnected,
    MediaLossReason,
    TrackMuted,
    TrackPublished,
    TrackUnmuted,
    TrackUnpublished,
)
from signalling.domain.media_rules import review
from signalling.domain.participant import Media, NegotiatedSlot, NegotiatedTrack, Participant
from signalling.domain.roles import permissions_of
from signalling.domain.state import Handler, SessionState


@dataclass(frozen=True, slots=True)
class Negotiate:
    """Offer and answer are agreed: this is all that the participant has from now on.

    A new `transport_id` replaces the transport. `muted` says of some sources whether they are muted; the others stay
    as they are. `published` says so of some mids; without it, new tracks are published and known ones stay.
    """

    client_id: str
    transport_id: str
    tracks: tuple[Track, ...]
    slots: tuple[Slot, ...]
    muted: Mapping[Source, bool] = field(default_factory=dict)
    published: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Publish:
    client_id: str
    track_id: str


@dataclass(frozen=True, slots=True)
class Unpublish:
    client_id: str
    track_id: str


@dataclass(frozen=True, slots=True)
class Mute:
    client_id: str
    source: Source


@dataclass(frozen=True, slots=True)
class Unmute:
    client_id: str
    source: Source


@dataclass(frozen=True, slots=True)
class ChangeSlotLimits:
    """The largest useful height (pixels) of some slots; None for the best, 0 for none."""

    client_id: str
    max_heights: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class LoseMedia:
    """A transport is gone; news of one that was replaced already is old news."""

    client_id: str
    transport_id: str
    reason: MediaLossReason


@dataclass(frozen=True, slots=True)
class LoseNode:
    """The media node of the session is gone, and every transport with it."""

    reason: MediaLossReason


def negotiate(state: SessionState, agreed: Negotiate, now: float) -> list[Effect]:
    participant = state.participant(agreed.client_id)
    _check_allowed(state, participant, agreed)
    effects: list[Effect] = []
    muted_before = muted_tracks(participant)
    old = participant.media
    if old is not None and old.transport_id != agreed.transport_id:
        effects += drop_media(state, participant)
        effects.append(DeleteTransport(participant.client_id, old.transport_id))
        old = None
    was_muted = set(participant.muted)
    participant.media = _merge(old, agreed, state.may_publish(participant))
    sources = {track.source for track in agreed.tracks}
    # A mute ends with its source: the next screen share does not begin muted because the last one was.
    participant.muted = {source for source in sources if agreed.muted.get(source, source in was_muted)}
    effects.append(put_transport(participant))
    return effects + _announce_changes(state, participant, old, muted_before)


def publish(state: SessionState, publish: Publish, now: float) -> list[Effect]:
    participant = state.participant(publish.client_id)
    if not permissions_of(participant.role).publish:
        raise RefusedError(Reason.ROLE_FORBIDDEN, f"A {participant.role} does not publish.")
    if not state.may_publish(participant):
        raise RefusedError(Reason.FLOOR_REQUIRED, "This is a lecture: request the floor first.")
    entry = _own_track(participant, publish.track_id)
    if entry.published:
        return []
    entry.published = True
    state.own(publish.track_id, participant.client_id)
    return [put_transport(participant), *_tell_published(state, participant, entry.track)]


def unpublish(state: SessionState, unpublish: Unpublish, now: float) -> list[Effect]:
    participant = state.participant(unpublish.client_id)
    entry = _own_track(participant, unpublish.track_id)
    if not entry.published:
        return []
    entry.published = False
    return [put_transport(participant), *_withdraw(state, participant, entry.track)]


def mute(state: SessionState, mute: Mute, now: float) -> list[Effect]:
    return _set_muted(state, mute.client_id, mute.source, True)


def unmute(state: SessionState, unmute: Unmute, now: float) -> list[Effect]:
    return _set_muted(state, unmute.client_id, unmute.source, False)


def change_slot_limits(state: SessionState, change: ChangeSlotLimits, now: float) -> list[Effect]:
    media = state.participant(change.client_id).media
    unknown = [slot_id for slot_id in change.max_heights if media is None or slot_id not in media.slots]
    if media is None or unknown:
        raise RefusedError(Reason.UNKNOWN_SLOT, f"You have no slot {', '.join(unknown)}.")
    for slot_id, max_height in change.max_heights.items():
        entry = media.slots[slot_id]
        entry.slot = entry.slot.model_copy(update={"max_height": max_height})
    return [LimitSlots(change.client_id, media.transport_id, dict(change.max_heights))]


def lose_media(state: SessionState, loss: LoseMedia, now: float) -> list[Effect]:
    participant = state.participants.get(loss.client_id)
    if participant is None or participant.media is None or participant.media.transport_id != loss.transport_id:
        return []
    effects = drop_media(state, participant)
    effects.append(DeleteTransport(participant.client_id, loss.transport_id))
    effects.append(Notify((participant.client_id,), MediaDisconnected(loss.reason)))
    return effects


def lose_node(state: SessionState, loss: LoseNode, now: float) -> list[Effect]:
    state.stage = ()
    state.speaking = frozenset()
    effects: list[Effect] = []
    concerned = tuple(participant for participant in state.participants.values() if participant.media is not None)
    for participant in concerned:
        effects += drop_media(state, participant)
    if concerned:
        effects.append(Notify(tuple(one.client_id for one in concerned), MediaDisconnected(loss.reason)))
    return effects


def drop_media(state: SessionState, participant: Participant) -> list[Effect]:
    """Forget a participant's transport and tell the others that its tracks are gone.

    Mutes stay: whoever was muted before a loss of the transport must not be heard after it.
    """
    effects: list[Effect] = []
    for track in participant.published_tracks():
        effects += _withdraw(state, participant, track)
    participant.media = None
    return effects


def unpublish_all(state: SessionState, participant: Participant) -> list[Effect]:
    """Take back all tracks of someone who may not publish any more; they stay negotiated."""
    published = participant.published_tracks()
    if participant.media is None or not published:
        return []
    for entry in participant.media.tracks.values():
        entry.published = False
    effects: list[Effect] = [put_transport(participant)]
    for track in published:
        effects += _withdraw(state, participant, track)
    return effects


def put_transport(participant: Participant) -> PutTransport:
    """The state that the media node should have of a participant, who has media."""
    if participant.media is None:
        raise ValueError(f"{participant.client_id} has no transport")
    return PutTransport(
        client_id=participant.client_id,
        transport_id=participant.media.transport_id,
        tracks=tuple(
            track.model_copy(update={"paused": participant.is_muted(track)}) for track in participant.published_tracks()
        ),
        slots=tuple(entry.slot for entry in participant.media.slots.values()),
    )


def _check_allowed(state: SessionState, participant: Participant, agreed: Negotiate) -> None:
    used: list[tuple[str, str, str]] = [(track.mid, track.kind, track.source) for track in agreed.tracks]
    used += [(slot.mid, "audio" if slot.use == "audio" else "video", f"{slot.use}-slot") for slot in agreed.slots]
    refused = review(state.room.settings, participant.role, used)
    for mid, reason in refused.items():
        raise RefusedError(reason, f"The m-line {mid} is not allowed.")
    taken = [track.track_id for track in agreed.tracks if _is_someone_elses(state, participant, track.track_id)]
    if taken:
        raise RefusedError(Reason.UNKNOWN_TRACK, f"The track ids {', '.join(taken)} belong to somebody else.")


def _is_someone_elses(state: SessionState, participant: Participant, track_id: str) -> bool:
    return state.track_owners.get(track_id, participant.client_id) != participant.client_id


def _merge(old: Media | None, agreed: Negotiate, may_publish: bool) -> Media:
    """The new media, with what is remembered of tracks and slots that were there before.

    Who may not publish now still negotiates tracks, to publish them when that changes.
    """
    known_tracks = old.tracks if old else {}
    known_slots = old.slots if old else {}
    media = Media(agreed.transport_id)
    for track in agreed.tracks:
        known = known_tracks.get(track.track_id)
        published = agreed.published.get(track.mid, known.published if known else True)
        media.tracks[track.track_id] = NegotiatedTrack(track, published and may_publish)
    for slot in agreed.slots:
        known_slot = known_slots.get(slot.slot_id)
        media.slots[slot.slot_id] = NegotiatedSlot(slot, known_slot.track_id if known_slot else None)
    return media


def _announce_changes(
    state: SessionState, participant: Participant, old: Media | None, muted_before: set[str]
) -> list[Effect]:
    """Tell the others what a renegotiation changed of the published tracks."""
    effects: list[Effect] = []
    before = {entry.track.track_id: entry.track for entry in old.tracks.values() if entry.published} if old else {}
    after = {track.track_id: track for track in participant.published_tracks()}
    for track_id, track in before.items():
        if track_id not in after:
            effects += _withdraw(state, participant, track)
    for track_id, track in after.items():
        if track_id not in before:
            state.own(track_id, participant.client_id)
            effects += _tell_published(state, participant, track)
        elif participant.is_muted(track) != (track_id in muted_before):
            effects += _tell_muted(state, participant, track)
    return effects


def _set_muted(state: SessionState, client_id: str, source: Source, muted: bool) -> list[Effect]:
    participant = state.participant(client_id)
    media = participant.media
    entries = media.tracks_of(source) if media else []
    if media is None or not entries:
        raise RefusedError(Reason.UNKNOWN_TRACK, f"You have no {source} track.")
    if not muted and all(participant.is_hard_muted(entry.track) for entry in entries):
        raise RefusedError(Reason.HARD_MUTED, f"A moderator has muted your {source}: only a moderator can lift that.")
    before = muted_tracks(participant)
    if muted:
        participant.muted.add(source)
    else:
        participant.muted.discard(source)
    return pause_changes(state, participant, before)


def muted_tracks(participant: Participant) -> set[str]:
    """The ids of all tracks that are muted, by whomever."""
    entries = participant.media.tracks.values() if participant.media else ()
    return {entry.track.track_id for entry in entries if participant.is_muted(entry.track)}


def pause_changes(state: SessionState, participant: Participant, muted_before: set[str]) -> list[Effect]:
    """Pause on the node what is muted now and was not before, the reverse too, and tell the others.

    The node knows only of published tracks; of others it learns of the mute when they are published.
    """
    after = muted_tracks(participant)
    changed = [track for track in participant.published_tracks() if track.track_id in after ^ muted_before]
    if participant.media is None or not changed:
        return []
    paused = {track.track_id: track.track_id in after for track in changed}
    effects: list[Effect] = [PauseTracks(participant.client_id, participant.media.transport_id, paused)]
    for track in changed:
        effects += _tell_muted(state, participant, track)
    return effects


def _own_track(participant: Participant, track_id: str) -> NegotiatedTrack:
    entry = participant.media.tracks.get(track_id) if participant.media else None
    if entry is None:
        raise RefusedError(Reason.UNKNOWN_TRACK, f"You have no track {track_id}.")
    return entry


def _withdraw(state: SessionState, participant: Participant, track: Track) -> list[Effect]:
    state.disown(track.track_id)
    return state.notify_others(participant.client_id, TrackUnpublished(participant.client_id, track.track_id))


def _tell_published(state: SessionState, participant: Participant, track: Track) -> list[Effect]:
    event = TrackPublished(participant.client_id, participant.track_view(track))
    return state.notify_others(participant.client_id, event)


def _tell_muted(state: SessionState, participant: Participant, track: Track) -> list[Effect]:
    event = TrackMuted if participant.is_muted(track) else TrackUnmuted
    return state.notify_others(participant.client_id, event(participant.client_id, track.track_id, track.source))


HANDLERS: dict[type, Handler] = {
    Negotiate: negotiate,
    Publish: publish,
    Unpublish: unpublish,
    Mute: mute,
    Unmute: unmute,
    ChangeSlotLimits: change_slot_limits,
    LoseMedia: lose_media,
    LoseNode: lose_node,
}
