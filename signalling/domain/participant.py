"""One participant of a session, and the media that they negotiated."""

from dataclasses import dataclass, field

from pydantic import JsonValue

from sfu.link_messages import Kind, Slot, Source, Track
from signalling.domain.room import Role
from signalling.domain.views import OwnTrackView, ParticipantView, SlotView, TrackView


@dataclass(slots=True)
class NegotiatedTrack:
    """A track whose m-line is agreed on; while it is not published, nobody sees or gets it."""

    track: Track
    published: bool


@dataclass(slots=True)
class NegotiatedSlot:
    """A slot and the track that the node has put in it."""

    slot: Slot
    track_id: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """The slots of a participant, and how often the owners of tracks had changed by then."""

    slots: tuple[SlotView, ...]
    owners_changed: int


@dataclass(slots=True)
class Media:
    """One peer connection: tracks by track id, slots by slot id, both in the order of their m-lines.

    `shown` is what the participant sees of the slots, as long as that stays true.
    """

    transport_id: str
    tracks: dict[str, NegotiatedTrack] = field(default_factory=dict)
    slots: dict[str, NegotiatedSlot] = field(default_factory=dict)
    shown: Shown | None = field(default=None, compare=False)

    def tracks_of(self, source: Source) -> list[NegotiatedTrack]:
        return [entry for entry in self.tracks.values() if entry.track.source == source]


@dataclass(frozen=True, slots=True)
class Entry:
    """Who somebody is that comes in. `joined_at` is UTC in ISO 8601.

    `was` is the client id that they had when the server was restarted, None for those who come for the first time.
    """

    client_id: str
    name: str
    role: Role
    user_ref: str
    data: dict[str, JsonValue]
    joined_at: str
    was: str | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Someone in the lobby, who has to be in by `deadline` (seconds)."""

    entry: Entry
    deadline: float


@dataclass(slots=True)
class Participant:
    """`muted` are the sources that the participant muted themself. `joined_at` is UTC in ISO 8601.

    `hard_muted` is what a moderator took from this one participant; `silenced` says that the hard mute of the room
    applies. Each is lifted by its own opposite, and none of them touches what the participant chose themself.
    """

    client_id: str
    name: str
    role: Role
    user_ref: str
    data: dict[str, JsonValue]
    joined_at: str
    media: Media | None = None
    muted: set[Source] = field(default_factory=set)
    hard_muted: set[Kind] = field(default_factory=set)
    silenced: bool = False

    def is_hard_muted(self, track: Track) -> bool:
        """By kind, not by source: a microphone that is offered as the sound of a screen is no way around it."""
        return track.kind in self.hard_muted or (self.silenced and track.kind == "audio")

    def is_muted(self, track: Track) -> bool:
        return track.source in self.muted or self.is_hard_muted(track)

    def published_tracks(self) -> list[Track]:
        if self.media is None:
            return []
        return [entry.track for entry in self.media.tracks.values() if entry.published]

    def track_view(self, track: Track) -> TrackView:
        return TrackView(track.track_id, track.source, track.kind, self.is_muted(track))

    def hard_muted_kinds(self) -> tuple[Kind, ...]:
        return tuple(sorted(self.hard_muted))

    def own_tracks(self) -> tuple[OwnTrackView, ...]:
        entries = self.media.tracks.values() if self.media else ()
        return tuple(
            OwnTrackView(
                track_id=entry.track.track_id,
                mid=entry.track.mid,
                source=entry.track.source,
                kind=entry.track.kind,
                muted=self.is_muted(entry.track),
                published=entry.published,
            )
            for entry in entries
        )

    def view(self, reconnecting: bool) -> ParticipantView:
        """What the others see of the participant."""
        return ParticipantView(
            client_id=self.client_id,
            name=self.name,
            role=self.role,
            user_ref=self.user_ref,
            data=self.data,
            tracks=tuple(self.track_view(track) for track in self.published_tracks()),
            joined_at=self.joined_at,
            reconnecting=reconnecting,
            hard_muted=self.hard_muted_kinds(),
        )
