"""A segment while it is being recorded: dials the tap, again when it breaks, and passes on what comes."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

import structlog

from recorder.errors import RecordingError
from recorder.tap import Tap, TapError
from recorder.tap_items import TapItems
from recorder.tracks import TappedTracks
from sfu.recording_messages import Person, PutPeople, PutSegment, PutStage, TapTarget
from sfu.tap_messages import TapCredentials

TICK = 0.05
"""Seconds between two calls of the segment's `tick`."""
KEYFRAME_PERIOD = 1.0
"""Seconds between two requests for a keyframe that does not come."""
PATIENCE = 10.0
"""Seconds without a tap after which a segment has failed; a media node that was killed is back sooner."""
FIRST_RETRY = 0.2
LAST_RETRY = 1.0

FailureReason = Literal["disk-full", "tap-lost", "interrupted", "page-failed", "internal-error"]
Failed = Callable[[FailureReason, str], None]
Clock = Callable[[], float]

log = structlog.get_logger()


def failure_reason(error: RecordingError) -> FailureReason:
    """What signalling is told of it."""
    return "disk-full" if error.code == "disk-full" else "internal-error"


class Recording:
    """Goes on until `finish`, or until it has failed, of which `failed` is told once; its files are whole then."""

    def __init__(
        self,
        order: PutSegment,
        segment: TappedTracks[Any],
        *,
        clock: Clock,
        failed: Failed,
        patience: float = PATIENCE,
        tick: float = TICK,
    ) -> None:
        """`segment` has just begun, by the same clock, which never goes back. Raises RecordingError."""
        self._pause = tick
        self._clock = clock
        self._failed = failed
        self._patience = patience
        self._log = log.bind(conf_num=order.conf_num, segment=order.segment)
        self._segment = segment
        self._people: dict[str, Person] = {}
        self._target = order.tap
        self._tap: Tap | None = None
        self._dropped = 0
        self._over = False
        self.put_people(order.people)
        self._ticking = asyncio.create_task(self._guarded(self._tick))
        self._following = asyncio.create_task(self._guarded(self._follow))

    def counters(self) -> dict[str, int]:
        """What went wrong, by name."""
        return {**self._segment.counters(), "dropped": self._dropped}

    def obey(self, command: PutSegment | PutPeople | PutStage) -> None:
        """Take over what is wanted now, who is in, or who speaks. What cannot be written down ends the recording."""
        try:
            match command:
                case PutSegment():
                    self.put(command)
                case PutPeople():
                    self.put_people(command.people)
                case PutStage():
                    self.put_stage(command.stage, command.speaking)
        except RecordingError as error:
            self.fail(failure_reason(error), str(error))

    def put(self, order: PutSegment) -> None:
        """Go on with what is wanted now; another tap takes the place of the one before. Raises RecordingError."""
        self.put_people(order.people)
        if order.tap != self._target:
            self._log.info("the segment moves to another tap", host=order.tap.host, port=order.tap.port)
            self._target = order.tap
            self._following.cancel()
            self._following = asyncio.create_task(self._guarded(self._follow))

    def put_people(self, people: Mapping[str, Person]) -> None:
        """Tell who is in now. Raises RecordingError."""
        now = self._clock()
        for client_id in self._people.keys() - people.keys():
            del self._people[client_id]
            self._segment.on_person_left(client_id, now)
        for client_id, person in people.items():
            if self._people.get(client_id) != person:
                self._people[client_id] = person
                self._segment.on_person_joined(client_id, person.name, person.role, now)

    def put_stage(self, stage: tuple[str, ...], speaking: tuple[str, ...]) -> None:
        """Raises RecordingError."""
        self._segment.on_talkers(stage, speaking, self._clock())

    def finish(self) -> None:
        """End the recording; the files are then whole, as far as the disk lets them be. Idempotent."""
        if self._over:
            return
        self._over = True
        self._ticking.cancel()
        self._following.cancel()
        try:
            self._segment.finish(self._clock())
        except RecordingError as error:
            self._log.error("the end of a segment could not be written", error=str(error))

    def fail(self, reason: FailureReason, message: str) -> None:
        """End the recording and say why. Idempotent."""
        if self._over:
            return
        self._log.error("a segment broke off", reason=reason, error=message)
        self.finish()
        self._failed(reason, message)

    async def ended(self) -> None:
        """Wait until the files are whole after `finish`: here they are at once."""

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        """Whatever ends the work early ends the segment, and nothing else."""
        try:
            await work()
        except RecordingError as error:
            self.fail(failure_reason(error), str(error))
        except TapError as error:
            self.fail("tap-lost", f"the media of the session cannot be reached any more: {error}")
        except Exception as error:
            self._log.exception("a segment met a fault of this program")
            self.fail("internal-error", f"the recorder has a fault: {type(error).__name__}")

    async def _tick(self) -> None:
        keyframes_due = self._clock() + KEYFRAME_PERIOD
        while True:
            await asyncio.sleep(self._pause)
            now = self._clock()
            self._segment.tick(now)
            if now >= keyframes_due:
                keyframes_due = now + KEYFRAME_PERIOD
                for track_id in self._segment.keyframes_wanted():
                    if self._tap is not None:
                        self._tap.want_keyframe(track_id)

    async def _follow(self) -> None:
        """Raises TapError when no tap could be had for too long, and RecordingError."""
        retry = FIRST_RETRY
        seen = self._clock()
        while True:
            try:
                tap = await self._dial(seen + self._patience - self._clock())
            except TapError as error:
                if self._clock() - seen >= self._patience:
                    raise
                self._log.warning("cannot have the tap", error=str(error))
            else:
                retry = FIRST_RETRY
                await self._read(tap)
                seen = self._clock()
            await asyncio.sleep(retry)
            retry = min(retry * 2, LAST_RETRY)

    async def _dial(self, patience: float) -> Tap:
        target = self._target
        credentials = TapCredentials(tap_id=target.tap_id, token=target.token)
        try:
            async with asyncio.timeout(max(patience, LAST_RETRY)):
                return await Tap.dial(target.host, target.port, target.fingerprint, credentials)
        except TimeoutError as error:
            raise TapError(f"nothing answers at {_where(target)} in time") from error

    async def _read(self, tap: Tap) -> None:
        """Until the tap ends, in whatever way. Raises RecordingError."""
        self._log.info("tapped", address=_where(self._target))
        items = TapItems(self._segment)
        self._tap = tap
        try:
            self._segment.on_node_clock(tap.opened_at, self._clock())
            async for item in tap:
                items.take(item, self._clock())
        except TapError as error:
            self._log.warning("the tap broke", error=str(error))
        else:
            self._log.info("the media node ended the tap")
        finally:
            self._tap = None
            self._dropped += items.dropped
            tap.close()
            if self._segment.open:
                items.end(self._clock())


def _where(target: TapTarget) -> str:
    return f"{target.host}:{target.port}"
