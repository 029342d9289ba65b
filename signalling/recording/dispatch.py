"""Which recorder records what, and what happens when one is lost: `(state, input, now) -> orders`. Pure.

A segment that cannot go on is moved: the session is told, and asks for another one. What is lost with a link is moved
as often as it takes, as long as there is another recorder; what a recorder fails at, once; what interrupts a recorder
(its process or its page crashed) goes on in the same one, unless that happens again and again. `now` is in seconds.
"""

from collections.abc import Iterator

from sfu.recording_messages import (
    FinishSegment,
    PutSegment,
    RecorderCommand,
    RecorderHello,
    RecorderLoad,
    RecorderReply,
)
from sfu.recording_messages import SegmentFailed as SegmentBroke
from signalling.domain.effects import RecordingKind
from signalling.domain.events import RecordingFailure
from signalling.domain.recording import RecordingFailed, RecordingMoved
from signalling.recording.job import Job, Task
from signalling.recording.orders import Order, TellRecorder, TellSession
from signalling.recording.recorders import Recorder, choose_recorder
from signalling.recording.scene import Place, Scene

MAX_FAILURES = 1
"""Recorders that may fail at a recording before it is given up."""
MAX_INTERRUPTIONS = 5
"""Segments in a row that may be interrupted soon after they began before that counts as a failure of the recorder."""
LASTING = 60.0
"""Seconds after which an interruption is no repetition of the one before."""

_NONE_LEFT = "The recorder is gone, and there is no other."
_REASONS: dict[str, RecordingFailure] = {
    "disk-full": "storage-full",
    "no-browser": "layout-failed",
    "page-failed": "layout-failed",
}
_SENTENCES = {
    "disk-full": "The disk of the recorder is full.",
    "tap-lost": "The recorder gets nothing from the media node.",
    "interrupted": "The recorder was interrupted.",
    "no-browser": "The recorder has no browser to show the page of the layout.",
    "page-failed": "The page that lays out the picture could not be shown.",
    "overloaded": "The recorder has too much to do.",
    "silent": "The recorder does not answer.",
    "garbage": "The recorder sends what is no message.",
    "no-tap": "The media node of the session lets no recorder in.",
    "tap-refused": "The media node did not make a tap for the recorder.",
}


class Dispatch:
    """All recorders and all segments. After `grace` seconds without its link, what a recorder had to record goes to
    another one. Where there is no other, it has `patience` seconds to come back, or another one to come: a recorder
    that died is started again by whoever watches over it."""

    def __init__(self, grace: float, patience: float) -> None:
        self.recorders: dict[str, Recorder] = {}
        self._grace = grace
        self._patience = max(grace, patience)
        self._jobs: dict[tuple[str, RecordingKind], Job] = {}

    @property
    def available(self) -> bool:
        """Whether a recorder could take one more segment of individual streams."""
        return any(one.can_take(1) for one in self.recorders.values())

    def linked(self) -> list[Recorder]:
        return [one for one in self.recorders.values() if one.is_linked]

    def is_recording(self, conf_num: str) -> bool:
        return any(True for _ in self._jobs_of(conf_num))

    def next_deadline(self) -> float | None:
        """When `tick` is due; None while nothing waits for time to pass."""
        deadlines = [
            one.away_since + (self._patience if one.is_missed else self._grace)
            for one in self.recorders.values()
            if one.away_since is not None
        ]
        deadlines += [job.due_at for job in self._jobs.values() if job.due_at is not None]
        return min(deadlines, default=None)

    # What sessions want.

    def begin(self, task: Task, scene: Scene, now: float) -> list[Order]:
        """Record a segment. One that broke off before is what this goes on with."""
        before = self._jobs.pop((task.conf_num, task.kind), None)
        orders: list[Order] = self._close(before) if before is not None else []
        failures = before.failures if before is not None else frozenset()
        interruptions = before.interruptions if before is not None else 0
        recorder = self._choose(task, failures)
        if recorder is None:
            return [*orders, _failed(task, *self._why_none(task))]
        job = Job(task, recorder, scene, now, failures, interruptions)
        self._jobs[job.key] = job
        recorder.segments[task.segment_id] = task.weight
        return orders + self._bring_up(job, now)

    def finish(self, conf_num: str, kind: RecordingKind) -> list[Order]:
        job = self._jobs.pop((conf_num, kind), None)
        return [] if job is None else self._close(job)

    def follow(self, conf_num: str, scene: Scene, now: float) -> list[Order]:
        """A session may look different now."""
        orders: list[Order] = []
        for job in self._jobs_of(conf_num):
            job.scene = scene
            orders += self._bring_up(job, now)
        return orders

    # What media nodes say.

    def node_returned(self, conf_num: str, scene: Scene, now: float) -> list[Order]:
        """The node of a session linked again, and may have begun anew."""
        for job in self._jobs_of(conf_num):
            job.forget_tap()
        return self.follow(conf_num, scene, now)

    def tap_answered(self, tap_id: str, place: Place, accepted: bool, now: float) -> list[Order]:
        """A node has put a tap, or refused to."""
        job = self._job(tap_id)
        if job is None or job.tapped != place:
            return []
        if not accepted:
            return self._give_up(job, "recorder-failed", _SENTENCES["tap-refused"])
        job.ready = place
        return self._bring_up(job, now)

    # What recorders say.

    def link(self, hello: RecorderHello, now: float, *, is_local: bool) -> list[Order]:
        """A recorder has linked, maybe again."""
        recorder = self.recorders.get(hello.recorder_id)
        if recorder is None:
            recorder = self.recorders[hello.recorder_id] = Recorder(hello, is_local)
        recorder.hello, recorder.is_local = hello, is_local
        recorder.away_since, recorder.is_missed = None, False
        orders: list[Order] = [
            TellRecorder(hello.recorder_id, FinishSegment(request_id=0, segment_id=unwanted))
            for unwanted in hello.segments
            if unwanted not in recorder.segments
        ]
        for job in self._jobs_on(recorder):
            if job.accepted and job.task.segment_id not in hello.segments:
                orders += self._move(job, "recorder-gone", _NONE_LEFT)
            else:
                job.forget_recorder()
                orders += self._bring_up(job, now)
        for missed in [one for one in self.recorders.values() if one.is_missed]:
            orders += self._replace(missed)
        return orders

    def unlink(self, recorder_id: str, now: float) -> None:
        """The link of a recorder broke; it has some time to come back."""
        recorder = self.recorders.get(recorder_id)
        if recorder is not None and recorder.away_since is None:
            recorder.away_since = now

    def fault(self, recorder_id: str, why: str, now: float) -> list[Order]:
        """A recorder misbehaves (`silent`, `garbage`), and its link was cut: nothing is expected of it any more."""
        recorder = self.recorders.pop(recorder_id, None)
        if recorder is None:
            return []
        recorder.away_since = now
        return [order for job in self._jobs_on(recorder) for order in self._blame(job, "recorder-failed", why)]

    def reported(self, recorder_id: str, load: RecorderLoad) -> None:
        if recorder_id in self.recorders:
            self.recorders[recorder_id].load = load

    def replied(self, recorder_id: str, command: RecorderCommand, reply: RecorderReply) -> list[Order]:
        job = self._job(getattr(command, "segment_id", ""))
        if job is None or job.recorder is None or job.recorder.recorder_id != recorder_id:
            return []
        if isinstance(command, PutSegment):
            if reply.error is None:
                job.accepted = True
                return []
            return self._blame(job, _REASONS.get(reply.error, "recorder-failed"), reply.error)
        if reply.error == "unknown-segment":
            return self._blame(job, "recorder-failed", reply.error)
        return []

    def segment_failed(self, recorder_id: str, broke: SegmentBroke, now: float) -> list[Order]:
        job = self._job(broke.segment_id)
        if job is None or job.recorder is None or job.recorder.recorder_id != recorder_id:
            return []
        if broke.reason == "tap-lost" and job.ready is None:
            # The media node was gone for longer than recorders wait. The next segment begins when there is another.
            return self._move(job, "recorder-failed", _SENTENCES["tap-lost"])
        if broke.reason == "interrupted":
            job.interruptions = job.interruptions + 1 if now - job.began_at < LASTING else 1
        if broke.reason == "interrupted" and job.interruptions <= MAX_INTERRUPTIONS:
            return self._move(job, "recorder-failed", _SENTENCES["interrupted"])
        return self._blame(job, _REASONS.get(broke.reason, "recorder-failed"), broke.reason)

    def tick(self, now: float) -> list[Order]:
        """Time has passed."""
        orders: list[Order] = []
        for recorder in list(self.recorders.values()):
            if recorder.away_since is None or recorder.away_since + self._grace > now:
                continue
            recorder.is_missed = True
            orders += self._replace(recorder)
            if not self._jobs_on(recorder) or recorder.away_since + self._patience <= now:
                del self.recorders[recorder.recorder_id]
                for job in self._jobs_on(recorder):
                    orders += self._give_up(job, "recorder-gone", _NONE_LEFT)
        for job in list(self._jobs.values()):
            if job.due_at is not None and job.due_at <= now:
                orders += self._bring_up(job, now)
        return orders

    def _bring_up(self, job: Job, now: float) -> list[Order]:
        place = job.scene.place
        if job.recorder is None:
            return []
        if place is not None and not place.lets_recorders_in:
            return self._give_up(job, "recorder-failed", _SENTENCES["no-tap"])
        return job.bring_up(now)

    def _blame(self, job: Job, reason: RecordingFailure, why: str) -> list[Order]:
        """The recorder failed; another one may try, but not one after the other."""
        assert job.recorder is not None
        sentence = _SENTENCES.get(why, "The recorder cannot go on.")
        job.failures |= {job.recorder.recorder_id}
        if len(job.failures) > MAX_FAILURES:
            return self._give_up(job, reason, sentence)
        return self._move(job, reason, sentence)

    def _replace(self, recorder: Recorder) -> list[Order]:
        """Move what a recorder had to record, where there is another one."""
        orders: list[Order] = []
        for job in self._jobs_on(recorder):
            if self._choose(job.task, job.failures) is not None:
                orders += self._move(job, "recorder-gone", _NONE_LEFT)
        return orders

    def _move(self, job: Job, reason: RecordingFailure, message: str) -> list[Order]:
        """Let another recorder go on; for the reason, nobody does when there is none."""
        orders = self._close(job)
        if self._choose(job.task, job.failures) is None:
            del self._jobs[job.key]
            return [*orders, _failed(job.task, reason, message)]
        return [*orders, TellSession(job.task.conf_num, RecordingMoved(job.task.kind, job.task.segment))]

    def _give_up(self, job: Job, reason: RecordingFailure, message: str) -> list[Order]:
        del self._jobs[job.key]
        return [*self._close(job), _failed(job.task, reason, message)]

    def _close(self, job: Job) -> list[Order]:
        """End a segment, wherever it is."""
        orders = job.finish()
        if job.recorder is not None:
            job.recorder.segments.pop(job.task.segment_id, None)
            job.recorder = None
        return orders

    def _choose(self, task: Task, besides: frozenset[str]) -> Recorder | None:
        zone = task.room.settings.media_zone
        return choose_recorder(
            self.recorders.values(), zone, task.weight, web_view=task.layout is not None, besides=besides
        )

    def _why_none(self, task: Task) -> tuple[RecordingFailure, str]:
        if not self.linked():
            return "recorder-gone", _NONE_LEFT
        if task.layout is not None and not any(one.hello.web_views for one in self.linked()):
            return "layout-failed", "No recorder has a browser to show the page of the layout."
        return "recorder-failed", "No recorder can take this on: all have too much to do, or too little space."

    def _jobs_of(self, conf_num: str) -> Iterator[Job]:
        return (job for job in list(self._jobs.values()) if job.task.conf_num == conf_num)

    def _jobs_on(self, recorder: Recorder) -> list[Job]:
        return [job for job in self._jobs.values() if job.recorder is recorder]

    def _job(self, segment_id: str) -> Job | None:
        return next((job for job in self._jobs.values() if job.task.segment_id == segment_id), None)


def _failed(task: Task, reason: RecordingFailure, message: str) -> TellSession:
    return TellSession(task.conf_num, RecordingFailed(task.kind, task.segment, reason, message))
