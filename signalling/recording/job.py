"""One segment that is to be recorded, and how far its recorder and its media node know of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from sfu.link_messages import ChangeTap, DeleteTap, Kind, PutTap
from sfu.recording_messages import FinishSegment, Person, PutPeople, PutSegment, PutStage, WebView, segment_weight
from signalling.domain.effects import RecordingKind, WebLayout
from signalling.domain.room import Room
from signalling.recording.orders import Order, PlaceTap, RemoveTap, TellRecorder
from signalling.recording.recorders import Recorder
from signalling.recording.scene import NOBODY, Place, Scene, Someone, Stage, left_out, tap_target

PACE = 0.3
"""Seconds between two messages to a recorder on who is there, or on the stage."""

T = TypeVar("T")
LeftOut = Mapping[str, tuple[Kind, ...]]


@dataclass(slots=True)
class Paced(Generic[T]):
    """Something that is told when it has changed, but not too often."""

    told: T
    at: float = float("-inf")

    def due_at(self, value: T) -> float | None:
        """When to tell; None when there is nothing new."""
        return None if value == self.told else self.at + PACE

    def is_due(self, value: T, now: float) -> bool:
        due = self.due_at(value)
        return due is not None and due <= now

    def tell(self, value: T, now: float) -> None:
        self.told, self.at = value, now


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be recorded. `segment_id` is unique for ever, and `token` a secret between recorder and node."""

    segment_id: str
    token: str = field(repr=False)
    conf_num: str
    kind: RecordingKind
    segment: int
    room: Room
    layout: WebLayout | None = None

    @property
    def weight(self) -> int:
        """What it counts of a recorder's capacity."""
        return segment_weight(self.kind, web_view=self.layout is not None)


@dataclass(slots=True)
class Job:
    """`recorder` is None when the segment broke off, and the session has still to say what comes next.

    `began_at` is in seconds. `failures` are the recorders that failed at this recording, of which this segment may be
    but one, `interruptions` how often in short succession it was interrupted. `tapped` is where
    the tap was put, `ready` where the node has said that it is there, `target` what the recorder was told of it.
    `accepted` says that the recorder records the segment, or did. `due_at` is when `bring_up` has to be called again
    (seconds), for what was held back; None when that is nothing.
    """

    task: Task
    recorder: Recorder | None
    scene: Scene
    began_at: float
    failures: frozenset[str] = frozenset()
    interruptions: int = 0
    accepted: bool = False
    due_at: float | None = None
    tapped: Place | None = None
    ready: Place | None = None
    target: Place | None = None
    _left_out: LeftOut = field(default_factory=dict)
    _people: Paced[dict[str, Someone]] = field(default_factory=lambda: Paced({}))
    _stage: Paced[Stage] = field(default_factory=lambda: Paced(NOBODY))

    @property
    def key(self) -> tuple[str, RecordingKind]:
        return self.task.conf_num, self.task.kind

    def bring_up(self, now: float) -> list[Order]:
        """Whatever is needed for node and recorder to know of the session as it is."""
        orders = self._place_tap()
        recorder = self._linked()
        if recorder is not None and self.ready is not None and self.target != self.ready:
            orders.append(self._put_segment(recorder, self.ready, now))
        orders += self._tell_changes(now)
        self.due_at = self._next_due()
        return orders

    def forget_tap(self) -> None:
        """The node may know nothing of the tap any more."""
        self.tapped = self.ready = None

    def forget_recorder(self) -> None:
        """The recorder may know nothing of the segment's state any more."""
        self.target = None

    def finish(self) -> list[Order]:
        """The segment is over."""
        orders: list[Order] = []
        recorder = self._linked()
        if recorder is not None and self.target is not None:
            command = FinishSegment(request_id=0, segment_id=self.task.segment_id)
            orders.append(TellRecorder(recorder.recorder_id, command))
        return orders + self.remove_tap()

    def remove_tap(self) -> list[Order]:
        if self.tapped is None:
            return []
        node_id = self.tapped.node_id
        self.forget_tap()
        return [RemoveTap(node_id, DeleteTap(request_id=0, tap_id=self.task.segment_id))]

    def _linked(self) -> Recorder | None:
        return self.recorder if self.recorder is not None and self.recorder.is_linked else None

    def _next_due(self) -> float | None:
        if self.target is None or self._linked() is None:
            return None
        dues = (self._people.due_at(self.scene.people), self._stage.due_at(self.scene.stage))
        return min((due for due in dues if due is not None), default=None)

    def _place_tap(self) -> list[Order]:
        place, task = self.scene.place, self.task
        if place is None:
            self.forget_tap()
            return []
        unwanted = left_out(self.scene.people, task.room.settings.role_based_recording)
        before, self._left_out = self._left_out, unwanted
        if place != self.tapped:
            self.tapped, self.ready = place, None
            put = PutTap(
                request_id=0, router_id=task.conf_num, tap_id=task.segment_id, token=task.token, exclude={**unwanted}
            )
            return [PlaceTap(place, put)]
        if unwanted == before:
            return []
        return [
            PlaceTap(place, ChangeTap(request_id=0, tap_id=task.segment_id, exclude={**_changes(before, unwanted)}))
        ]

    def _put_segment(self, recorder: Recorder, place: Place, now: float) -> Order:
        task, settings = self.task, self.task.room.settings
        tap = tap_target(place, task.segment_id, task.token, recorder_is_local=recorder.is_local)
        individual = task.kind == "individual"
        webm = individual and settings.single_file_recording
        self.target = place
        people = self.scene.people
        self._people.tell(people, now)
        self._stage = Paced(NOBODY)
        command = PutSegment(
            request_id=0,
            segment_id=task.segment_id,
            kind=task.kind,
            conf_num=task.conf_num,
            segment=task.segment,
            room_name=task.room.name,
            quality=settings.quality,
            # Individual streams and live recordings bear none, as the API document says.
            watermark=individual and settings.watermark,
            composite=individual and not webm,
            webm=webm,
            web_view=_web_view(task.layout),
            tap=tap,
            people=_persons(people),
        )
        return TellRecorder(recorder.recorder_id, command)

    def _tell_changes(self, now: float) -> list[Order]:
        recorder = self._linked()
        if recorder is None or self.target is None:
            return []
        recorder_id, segment_id = recorder.recorder_id, self.task.segment_id
        people, stage = self.scene.people, self.scene.stage
        orders: list[Order] = []
        if self._people.is_due(people, now):
            self._people.tell(people, now)
            told = PutPeople(request_id=0, segment_id=segment_id, people=_persons(people))
            orders.append(TellRecorder(recorder_id, told))
        if self._stage.is_due(stage, now):
            self._stage.tell(stage, now)
            put = PutStage(request_id=0, segment_id=segment_id, stage=stage.places, speaking=stage.speaking)
            orders.append(TellRecorder(recorder_id, put))
        return orders


def _changes(before: LeftOut, now: LeftOut) -> LeftOut:
    """What differs, with nothing for whom nothing is left out any more."""
    changed = {client_id: kinds for client_id, kinds in now.items() if before.get(client_id) != kinds}
    return changed | dict.fromkeys(before.keys() - now.keys(), ())


def _persons(people: dict[str, Someone]) -> dict[str, Person]:
    return {client_id: Person(name=one.name, role=one.role) for client_id, one in people.items()}


def _web_view(layout: WebLayout | None) -> WebView | None:
    if layout is None:
        return None
    return WebView(url=layout.url, chat_overlay=layout.chat_overlay, layout=dict(layout.options))
