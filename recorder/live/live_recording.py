"""A live segment as the recorder has it: a process that makes the film, and what is said to and by it."""

import asyncio
import sys

import structlog
from pydantic import ValidationError

from recorder.live.messages import NEWS, LiveEnded, LiveFailed, LiveLine, LiveLog, LiveOrder, LiveStatus
from recorder.recording import Clock, Failed, FailureReason
from sfu.recording_messages import FinishSegment, PutPeople, PutSegment, PutStage, RecorderCommand

MAX_SILENCE = 30.0
"""Seconds without news, which come each two seconds, after which the process is taken to hang."""
FINISH_TIMEOUT = 30.0
"""Seconds that it has to complete the film."""
MIN_LIFE = 10.0
"""Seconds of recording after which a death is an accident: another attempt may succeed, here as well as elsewhere."""

log = structlog.get_logger()


class LiveRecording:
    """Goes on until `finish`, or until it has failed, of which `failed` is told once. See `recorder.recording`."""

    def __init__(self, order: LiveOrder, *, clock: Clock, failed: Failed) -> None:
        """`order.folder` exists, and has no film yet."""
        self.cpu = 0.0
        """What the process used when it was last heard of, in cores."""
        self._order = order
        self._clock = clock
        self._failed = failed
        self._segment_id = order.segment.segment_id
        self._log = log.bind(conf_num=order.segment.conf_num, segment=order.segment.segment)
        self._counters: dict[str, int] = {}
        self._lines = [_line(order)]  # what the process is to be told once it is there
        self._input: asyncio.StreamWriter | None = None
        self._over = False
        self._process: asyncio.subprocess.Process | None = None
        self._running = asyncio.create_task(self._run())

    def counters(self) -> dict[str, int]:
        """What went wrong, by name."""
        return self._counters

    def obey(self, command: PutSegment | PutPeople | PutStage) -> None:
        """Take over what is wanted now, who is in, or who speaks."""
        self._say(command)

    def finish(self) -> None:
        """End the film; `ended` says when it is there. Idempotent."""
        if self._over:
            return
        self._over = True
        self._say(FinishSegment(request_id=0, segment_id=self._segment_id))
        asyncio.get_running_loop().call_later(FINISH_TIMEOUT, self._kill)

    def fail(self, reason: FailureReason, message: str) -> None:
        """Say why it ends. Idempotent."""
        if self._over:
            return
        self._log.error("a live recording broke off", reason=reason, error=message)
        self.finish()
        self._failed(reason, message)

    async def ended(self) -> None:
        """Wait until nothing more is written. Whoever waits may be cancelled."""
        await asyncio.shield(self._running)

    def _say(self, message: LiveOrder | RecorderCommand) -> None:
        if self._input is None:
            self._lines.append(_line(message))
        elif not self._input.is_closing():
            self._input.write(_line(message))

    async def _run(self) -> None:
        try:
            # A session of its own, so that a Ctrl-C meant for the recorder does not reach it.
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "recorder.live.process",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            self.fail("internal-error", f"no process could be started: {error}")
            return
        assert process.stdin is not None
        assert process.stdout is not None
        # It stays open: its end tells the process that the recorder is gone.
        self._input = process.stdin
        self._input.writelines(self._lines)
        ended = await self._listen(process.stdout)
        if not ended:
            self._kill()
        code = await process.wait()
        self.cpu = 0.0
        if not ended:
            self.fail(self._reason_of_death(), f"the process that made the film died (exit code {code})")

    async def _listen(self, stream: asyncio.StreamReader) -> bool:
        """Whether it came to its end, rather than to that of the process, or of patience."""
        while True:
            try:
                async with asyncio.timeout(MAX_SILENCE):
                    line = await stream.readline()
            except TimeoutError:
                self._log.error("the process of a live recording says nothing any more")
                return False
            except ValueError:
                # Longer than a line of ours can be, and skipped by now.
                self._log.debug("a live recording said something endless")
                continue
            if not line:
                return False
            if self._take(line):
                return True

    def _take(self, line: bytes) -> bool:
        """Whether it was the last one."""
        try:
            news = NEWS.validate_json(line)
        except ValidationError:
            # FFmpeg's libraries of hardware encoders print what they like.
            self._log.debug("a live recording said something else", line=line[:200].decode(errors="replace"))
            return False
        match news:
            case LiveStatus():
                self._counters, self.cpu = news.counters, news.cpu
            case LiveLog():
                getattr(self._log, news.level)(news.event, **news.fields)
            case LiveFailed():
                self.fail(news.reason, news.message)
            case LiveEnded():
                self._counters = news.counters
                return True
        return False

    def _reason_of_death(self) -> FailureReason:
        lived = self._clock() - self._order.began_at
        return "interrupted" if lived >= MIN_LIFE else "internal-error"

    def _kill(self) -> None:
        """By a signal that nothing holds up: the film plays up to its last fragment."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()


def _line(message: LiveLine | RecorderCommand) -> bytes:
    return message.model_dump_json().encode() + b"\n"
