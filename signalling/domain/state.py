"""What a session remembers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sfu.link_messages import Kind
from signalling.domain.decrees import NO_DECREES, Decrees
from signalling.domain.effects import Effect, Notify, RecordingKind, WebLayout
from signalling.domain.errors import Reason, RefusedError
from signalling.domain.events import Event
from signalling.domain.participant import Media, Participant, Shown, Waiting
from signalling.domain.roles import permissions_of
from signalling.domain.room import Mode, Room
from signalling.domain.views import AwaitedView, ParticipantView, RoomState, SessionView, SlotView, TalkerView


@dataclass(slots=True)
class Floor:
    """Of a lecture: who asks to publish, who may, and who was invited to. By client id, in the order of events."""

    raised: tuple[str, ...] = ()
    approved: tuple[str, ...] = ()
    invited: tuple[str, ...] = ()

    def remove(self, client_id: str) -> None:
        """Let go of whatever somebody has of the floor."""
        self.raised = tuple(one for one in self.raised if one != client_id)
        self.approved = tuple(one for one in self.approved if one != client_id)
        self.invited = tuple(one for one in self.invited if one != client_id)


@dataclass(slots=True)
class Schedule:
    """When the session ends (seconds), and what is still to be told of it: so many seconds before the end."""

    ends_at: float
    notices: tuple[float, ...]
    extendable: bool = False

    def next_deadline(self) -> float:
        return self.ends_at - max(self.notices, default=0.0)


@dataclass(frozen=True, slots=True)
class RunningRecording:
    """A segment that is being recorded; `started_by` is None when nobody asked for it."""

    segment: int
    started_by: str | None
    layout: WebLayout | None


@dataclass(slots=True)
class Recording:
    """`automatic` says that recording has still to begin by itself, `available` that a recorder is linked.

    `segments` counts the segments that were begun of each kind.
    """

    automatic: bool
    available: bool = False
    running: dict[RecordingKind, RunningRecording] = field(default_factory=dict)
    segments: dict[RecordingKind, int] = field(default_factory=dict)

    def next_segment(self, kind: RecordingKind) -> int:
        """Count one more."""
        self.segments[kind] = self.segments.get(kind, 0) + 1
        return self.segments[kind]


@dataclass(slots=True)
class SessionState:
    """Changed only by the handlers of inputs.

    `lobby` holds, in the order of their coming, those who wait to be let in: they are no participants yet.
    `lost` holds, in the order of the times, when (seconds) the connection of those was lost who may still resume
    within `resume_grace` seconds. `track_owners` maps every published track to the participant who publishes it; it is
    changed by `own` and `disown` only.
    `stage` and `speaking` are what the media node said last. `hard_muted` is about the room as a whole.
    `schedule` is None for a session that goes on until nobody is in it.
    `pinned` and `spotlighted` are client ids of participants, in the order in which they were named.
    `kept_hard_mutes` are for whoever comes in with a user_ref.
    `inherited` stood when the session began, which goes on from one that was cut off. `returned` maps the client ids
    that people had there to those that they have here.
    `views` are those of participants, as they are seen by others, for as long as they stay true.
    """

    room: Room
    conf_num: str
    resume_grace: float
    participants: dict[str, Participant] = field(default_factory=dict)
    lobby: dict[str, Waiting] = field(default_factory=dict)
    lost: dict[str, float] = field(default_factory=dict)
    track_owners: dict[str, str] = field(default_factory=dict)
    stage: tuple[str, ...] = ()
    speaking: frozenset[str] = frozenset()
    ended: bool = False
    hard_muted: bool = field(init=False)
    locked: bool = field(init=False)
    pinned: tuple[str, ...] = ()
    spotlighted: tuple[str, ...] = ()
    mode: Mode = field(init=False)
    floor: Floor = field(default_factory=Floor)
    schedule: Schedule | None = None
    recording: Recording = field(init=False)
    inherited: Decrees = NO_DECREES
    returned: dict[str, str] = field(default_factory=dict)
    kept_hard_mutes: dict[str, set[Kind]] = field(init=False)
    views: dict[str, ParticipantView] = field(default_factory=dict, compare=False)
    owners_changed: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        self.locked = self.inherited.locked
        self.hard_muted = self.inherited.hard_muted
        self.mode = self.inherited.mode or self.room.settings.mode
        self.kept_hard_mutes = {ref: set(kinds) for ref, kinds in self.inherited.kept_hard_mutes.items()}
        self.recording = Recording(automatic=self.room.settings.auto_recording)

    def time_left(self, now: float) -> float | None:
        """Seconds until the session ends by itself; None when it does not."""
        return None if self.schedule is None else max(self.schedule.ends_at - now, 0.0)

    def may_publish(self, participant: Participant) -> bool:
        """In a lecture only moderators may, and those who have the floor."""
        if participant.role == "moderator" or self.mode == "group":
            return permissions_of(participant.role).publish
        return participant.client_id in self.floor.approved

    def participant(self, client_id: str) -> Participant:
        """Raises RefusedError (`unknown-participant`)."""
        try:
            return self.participants[client_id]
        except KeyError:
            raise RefusedError(Reason.UNKNOWN_PARTICIPANT, f"Nobody here has the client id {client_id}.") from None

    def moderator(self, client_id: str) -> Participant:
        """Who acts as a moderator. Raises RefusedError (`unknown-participant`, `role-forbidden`)."""
        participant = self.participant(client_id)
        if participant.role != "moderator":
            raise RefusedError(Reason.ROLE_FORBIDDEN, "Only a moderator may do this.")
        return participant

    def has_moderator(self) -> bool:
        return any(one.role == "moderator" for one in self.participants.values())

    def notify_moderators(self, event: Event) -> list[Effect]:
        moderators = tuple(one.client_id for one in self.participants.values() if one.role == "moderator")
        return [Notify(moderators, event)] if moderators else []

    def notify_all(self, event: Event) -> list[Effect]:
        return [Notify(tuple(self.participants), event)] if self.participants else []

    def notify_others(self, client_id: str, event: Event) -> list[Effect]:
        """Tell everyone but one. It is an event for the session's log, too, so it happens even where that is nobody."""
        return [Notify(tuple(other for other in self.participants if other != client_id), event)]

    def active_talkers(self) -> tuple[TalkerView, ...]:
        """The first places of the stage, as many as the room shows."""
        present = [client_id for client_id in self.stage if client_id in self.participants]
        shown = present[: self.room.settings.max_active_talkers]
        return tuple(TalkerView(client_id, client_id in self.speaking) for client_id in shown)

    def own(self, track_id: str, client_id: str) -> None:
        """A participant publishes a track from now on."""
        self.track_owners[track_id] = client_id
        self.owners_changed += 1

    def disown(self, track_id: str) -> None:
        """A track is published no more."""
        del self.track_owners[track_id]
        self.owners_changed += 1

    def slots_of(self, participant: Participant) -> tuple[SlotView, ...]:
        """What a participant sees of their slots. The very same object as before while nothing has changed: it is asked
        for a thousand times whenever somebody else begins to talk."""
        media = participant.media
        if media is None:
            return ()
        if media.shown is None or media.shown.owners_changed != self.owners_changed:
            media.shown = Shown(self._slots_of(media), self.owners_changed)
        return media.shown.slots

    def _slots_of(self, media: Media) -> tuple[SlotView, ...]:
        return tuple(
            SlotView(
                slot_id=entry.slot.slot_id,
                mid=entry.slot.mid,
                use=entry.slot.use,
                index=entry.slot.index,
                client_id=self.track_owners.get(entry.track_id) if entry.track_id else None,
                # The node may name a track that was unpublished a moment ago.
                track_id=entry.track_id if entry.track_id in self.track_owners else None,
            )
            for entry in media.slots.values()
        )

    def view_of(self, participant: Participant) -> ParticipantView:
        """What others see of a participant: the very same object as before while nothing has changed."""
        view = self.views.get(participant.client_id)
        if view is None:
            view = participant.view(participant.client_id in self.lost)
            self.views[participant.client_id] = view
        return view

    def view_for(self, client_id: str) -> SessionView:
        """What one participant sees. Raises RefusedError (`unknown-participant`)."""
        if client_id in self.lobby:
            return self._view_from_lobby(client_id)
        own = self.participant(client_id)
        return SessionView(
            client_id=client_id,
            conf_num=self.conf_num,
            role=own.role,
            permissions=permissions_of(own.role),
            participants=tuple(
                self.view_of(other) for other in self.participants.values() if other.client_id != client_id
            ),
            tracks=own.own_tracks(),
            slots=self.slots_of(own),
            active_talkers=self.active_talkers(),
            hard_muted=own.hard_muted_kinds(),
            room_state=self.room_state(),
            awaited_participants=self.awaited_participants() if own.role == "moderator" else (),
        )

    def awaited_participants(self) -> tuple[AwaitedView, ...]:
        """Those who wait for approval."""
        if not self.room.settings.knock:
            return ()
        return tuple(AwaitedView(one.entry.client_id, one.entry.name) for one in self.lobby.values())

    def _view_from_lobby(self, client_id: str) -> SessionView:
        """Who is not in yet sees what a session looks like that has just begun."""
        entry = self.lobby[client_id].entry
        return SessionView(
            client_id=client_id,
            conf_num=self.conf_num,
            role=entry.role,
            permissions=permissions_of(entry.role),
            participants=(),
            tracks=(),
            slots=(),
            active_talkers=(),
            hard_muted=(),
            room_state=SessionState(self.room, self.conf_num, self.resume_grace).room_state(),
            awaited="approval" if self.room.settings.knock else "moderator",
        )

    def room_state(self) -> RoomState:
        return RoomState(
            hard_muted=self.hard_muted,
            locked=self.locked,
            pinned=self.pinned,
            spotlighted=self.spotlighted,
            mode=self.mode,
            raised_hands=self.floor.raised,
            approved_hands=self.floor.approved,
            extendable=self.schedule is not None and self.schedule.extendable,
            recording="individual" in self.recording.running,
            live_recording="live" in self.recording.running,
        )


Handler = Callable[[SessionState, Any, float], list[Effect]]
"""Applies an input (second argument) at a time in seconds. Raises RefusedError before it changes anything."""
