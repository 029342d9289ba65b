"""All segments of a recorder: obeys signalling, records, and sees to what comes after."""

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from recorder.delivery import Delivery, Workshop
from recorder.errors import RecordingError
from recorder.job_file import Job, JobError
from recorder.live.live_recording import LiveRecording
from recorder.live.messages import LiveOrder
from recorder.recording import FailureReason, Recording
from recorder.segment import Segment
from recorder.web_view.browser import Browser
from recorder.work_folder import WorkFolder
from sfu.recording_messages import (
    FileKnown,
    FinishSegment,
    PutSegment,
    RecorderCommand,
    RecorderMessage,
    RecorderReply,
    SegmentFailed,
)

log = structlog.get_logger()


class Jobs:
    """Segments may be recorded at once up to a `capacity` of their `segment_weight`; none is begun with less than
    `min_free_bytes` left on the disk."""

    def __init__(
        self,
        folder: WorkFolder,
        workshop: Workshop,
        *,
        capacity: int,
        min_free_bytes: int,
        browser: Browser | None = None,
        web_hosts: tuple[str, ...] = (),
    ) -> None:
        self._folder = folder
        self._workshop = workshop
        self._capacity = capacity
        self._min_free_bytes = min_free_bytes
        self._browser = browser
        self._web_hosts = web_hosts
        self._recordings: dict[str, tuple[Recording | LiveRecording, Job]] = {}
        self._deliveries: dict[str, Delivery] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._endings: set[asyncio.Task[None]] = set()  # of what is over, but not whole yet
        self._failures: list[SegmentFailed] = []
        self._counters: Counter[str] = Counter()

    @property
    def recording(self) -> tuple[str, ...]:
        """The ids of the segments that are being recorded."""
        return tuple(self._recordings)

    @property
    def cpu(self) -> float:
        """What the processes of live recordings use, in cores."""
        return sum(recording.cpu for recording, _ in self._recordings.values() if isinstance(recording, LiveRecording))

    def counters(self) -> dict[str, int]:
        """Totals since the process started, by name."""
        totals = self._counters.copy()
        for recording, _ in self._recordings.values():
            totals.update(recording.counters())
        return dict(totals)

    def resume(self) -> None:
        """Go on with what an earlier process left: a segment without an end is taken as it is."""
        for folder, job in self._folder.unfinished():
            if job.phase == "recording":
                log.warning("a segment was cut off", conf_num=job.conf_num, segment=job.segment)
            self._deliver(folder, job)

    def state(self) -> list[RecorderMessage]:
        """What signalling has to be told at a connect, besides the hello."""
        news: list[RecorderMessage] = [*self._failures]
        self._failures.clear()
        for delivery in self._deliveries.values():
            news += delivery.news()
        return news

    def obey(self, command: RecorderCommand) -> RecorderReply:
        """Carry out a command, which is valid by itself. Never raises."""
        try:
            return self._obey(command)
        except RecordingError as error:
            return RecorderReply(request_id=command.request_id, error="disk-full", detail=str(error))
        except JobError as error:
            return RecorderReply(request_id=command.request_id, error="invalid", detail=str(error))

    async def close(self) -> None:
        """End all segments, whose files are whole then, and leave the rest to the next start."""
        for recording, job in self._recordings.values():
            recording.finish()
            try:
                job.phase = "over"
                job.save(self._folder.of(job))
            except RecordingError as error:
                log.error("the state of a segment could not be written", conf_num=job.conf_num, error=str(error))
        for task in self._tasks:
            task.cancel()
        endings = [recording.ended() for recording, _ in self._recordings.values()]
        await asyncio.gather(*self._tasks, *self._endings, *endings, return_exceptions=True)

    def _obey(self, command: RecorderCommand) -> RecorderReply:
        number = command.request_id
        if isinstance(command, FileKnown):
            for delivery in self._deliveries.values():
                delivery.note(command.file_id)
            return RecorderReply(request_id=number)
        running = self._recordings.get(command.segment_id)
        if isinstance(command, PutSegment) and running is None:
            return self._begin(command)
        if running is None:
            if isinstance(command, FinishSegment) and command.segment_id in self._deliveries:
                return RecorderReply(request_id=number)
            return RecorderReply(
                request_id=number, error="unknown-segment", detail="this recorder records no such segment: put it first"
            )
        recording, job = running
        if isinstance(command, FinishSegment):
            recording.finish()
            self._end(job)
        else:
            recording.obey(command)
        return RecorderReply(request_id=number)

    def _begin(self, order: PutSegment) -> RecorderReply:
        """Raises JobError and RecordingError."""
        number = order.request_id
        job = Job.of(order)
        if order.segment_id in self._deliveries:
            raise JobError("segment_id: this segment is over: begin another one")
        if order.web_view is not None and self._browser is None:
            detail = "this recorder has no browser to show a page with: ask another one"
            return RecorderReply(request_id=number, error="no-browser", detail=detail)
        if not self._has_room(job):
            detail = "this recorder has as much to record as it can at once: ask another one"
            return RecorderReply(request_id=number, error="overloaded", detail=detail)
        if (missing := self._missing_bytes()) > 0:
            raise RecordingError("disk-full", f"the recorder's disk needs {missing} bytes more before a segment begins")
        if order.watermark and self._workshop.watermark is None:
            log.warning("a watermark is wanted, but the option `watermark` names none", conf_num=order.conf_num)
        folder = self._folder.of(job)
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            raise JobError("segment_id: there was a segment with this id: begin another one") from None
        except OSError as error:
            raise RecordingError.of(error) from error
        try:
            job.save(folder)
            recording = self._record(order, job, folder)
        except RecordingError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._recordings[order.segment_id] = recording, job
        log.info("segment began", conf_num=job.conf_num, segment=job.segment)
        return RecorderReply(request_id=number)

    def _has_room(self, job: Job) -> bool:
        """Whether it can be recorded beside what is; one is always taken on."""
        load = sum(other.weight for _, other in self._recordings.values())
        return not load or load + job.weight <= self._capacity

    def _record(self, order: PutSegment, job: Job, folder: Path) -> Recording | LiveRecording:
        """Raises RecordingError."""

        def failed(reason: FailureReason, message: str) -> None:
            failure = SegmentFailed(segment_id=job.segment_id, reason=reason, message=message)
            if self._workshop.linked():
                self._workshop.tell(failure)
            else:
                self._failures.append(failure)
            self._end(job)

        if job.live:
            live = LiveOrder(
                folder=folder,
                encoder=self._workshop.encoder,
                began_at=time.monotonic(),
                segment=order,
                browser=self._browser.path if self._browser is not None else None,
                web_hosts=self._web_hosts,
            )
            return LiveRecording(live, clock=time.monotonic, failed=failed)
        segment = Segment.begin(order, folder, now=time.monotonic(), unix=time.time())
        return Recording(order, segment, clock=time.monotonic, failed=failed)

    def _missing_bytes(self) -> int:
        """Raises RecordingError."""
        try:
            return self._min_free_bytes - self._folder.free_bytes()
        except OSError as error:
            raise RecordingError.of(error) from error

    def _end(self, job: Job) -> None:
        recording, _ = self._recordings.pop(job.segment_id)
        self._counters.update(recording.counters())
        log.info("segment ended", conf_num=job.conf_num, segment=job.segment, counters=recording.counters())
        ending = asyncio.create_task(recording.ended())
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)
        self._deliver(self._folder.of(job), job, recording.ended)

    def _deliver(self, folder: Path, job: Job, ended: Callable[[], Awaitable[None]] | None = None) -> None:
        delivery = self._deliveries[job.segment_id] = Delivery(folder, job, self._workshop, ended)
        task = asyncio.create_task(self._run(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, delivery: Delivery) -> None:
        try:
            await delivery.run()
        except Exception:
            # The next start tries it again; the other segments are not to suffer.
            log.exception("a segment cannot be delivered", conf_num=delivery.job.conf_num)
            return
        del self._deliveries[delivery.job.segment_id]
