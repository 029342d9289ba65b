"""The process that makes one live film: `python -m recorder.live.process`; `messages` says how it is talked to.

It dials the tap itself, so that all that a film costs is spent here. When its standard input ends, the recorder is
gone, and so is it; the film plays up to its last fragment.
"""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import structlog
import uvloop

from recorder.composite.errors import CompositeError
from recorder.composite.film import Film
from recorder.encoders import choose_prompt
from recorder.errors import RecordingError
from recorder.layouts import SIZES
from recorder.live.fragments import FRAGMENTED_MP4, FragmentedFile
from recorder.live.live_recording import MIN_LIFE
from recorder.live.messages import FRAGMENTS, LiveEnded, LiveFailed, LiveLine, LiveLog, LiveOrder, LiveStatus
from recorder.live.page import LivePage
from recorder.live.segment import LiveSegment
from recorder.recording import FailureReason, Recording, failure_reason
from recorder.web_view.errors import WebViewError
from sfu.metrics import CpuMeter
from sfu.recording_messages import RECORDER_COMMANDS, FinishSegment, PutPeople, PutSegment, PutStage, RecorderCommand

TICK = 0.02
STATUS_PERIOD = 2.0
ORPHANED = 143

log = structlog.get_logger()

Commands = asyncio.Queue[RecorderCommand | None]


def main() -> None:
    os.umask(0o077)
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.format_exc_info, _as_news],
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
    )
    lines = _lines()
    uvloop.run(_record(LiveOrder.model_validate_json(next(lines)), lines))


async def _record(order: LiveOrder, lines: Iterator[bytes]) -> None:
    commands: Commands = asyncio.Queue()
    threading.Thread(target=_take, args=(lines, asyncio.get_running_loop(), commands), daemon=True).start()
    size = SIZES[order.segment.quality]
    try:
        destination = FragmentedFile(order.folder / FRAGMENTS)
        film = Film(destination, size, choose_prompt(size, order.encoder), FRAGMENTED_MP4, threads=1)
    except OSError as error:
        failure = RecordingError.of(error)
        _say(LiveFailed(reason=failure_reason(failure), message=str(failure)))
        return
    except CompositeError as error:
        _say(LiveFailed(reason="internal-error", message=str(error)))
        return
    page = LivePage(order, order.segment.web_view, size) if order.segment.web_view is not None else None
    with film:
        await _follow(LiveSegment(film, size, order.began_at, page.painter if page else None), order, commands, page)


async def _follow(segment: LiveSegment, order: LiveOrder, commands: Commands, page: LivePage | None) -> None:
    def failed(reason: FailureReason, message: str) -> None:
        _say(LiveFailed(reason=reason, message=message))
        commands.put_nowait(None)

    recording = Recording(order.segment, segment, clock=time.monotonic, failed=failed, tick=TICK)
    reporting = asyncio.create_task(_report(recording))
    showing = asyncio.create_task(_show(page, recording, order)) if page is not None else None
    while (command := await commands.get()) is not None:
        match command:
            case PutSegment() | PutPeople() | PutStage():
                recording.obey(command)
            case FinishSegment():
                break
    recording.finish()
    reporting.cancel()
    if page is not None and showing is not None:
        page.stop()
        await showing
    _say(LiveEnded(counters=recording.counters()))


async def _show(page: LivePage, recording: Recording, order: LiveOrder) -> None:
    try:
        await asyncio.to_thread(page.show)
    except WebViewError as error:
        lived = time.monotonic() - order.began_at
        recording.fail("interrupted" if page.was_seen and lived >= MIN_LIFE else "page-failed", str(error))
        if not page.was_seen:
            # Without a single picture it is no film.
            (order.folder / FRAGMENTS).unlink(missing_ok=True)
    except Exception as error:
        log.exception("the page of a live recording met a fault of this program")
        recording.fail("internal-error", f"the recorder has a fault: {type(error).__name__}")


async def _report(recording: Recording) -> None:
    meter = CpuMeter(time.monotonic())
    while True:
        await asyncio.sleep(STATUS_PERIOD)
        _say(LiveStatus(counters=recording.counters(), cpu=meter.read(time.monotonic())))


def _lines() -> Iterator[bytes]:
    """Of standard input; not by sys.stdin, whose lock, held by a thread, would keep the process from ending."""
    pending = b""
    while chunk := os.read(0, 65536):
        *lines, pending = (pending + chunk).split(b"\n")
        yield from lines


def _take(lines: Iterator[bytes], loop: asyncio.AbstractEventLoop, commands: Commands) -> None:
    """In a thread of its own, which ends the process with the input: at once, for a recorder that was started again may
    deliver the film already."""
    for line in lines:
        with suppress(RuntimeError):  # the loop is closed: the film is whole already
            loop.call_soon_threadsafe(commands.put_nowait, RECORDER_COMMANDS.validate_json(line))
    os._exit(ORPHANED)


def _say(news: LiveLine) -> None:
    sys.stdout.write(news.model_dump_json() + "\n")
    sys.stdout.flush()


def _as_news(_logger: Any, _method: str, event: structlog.typing.EventDict) -> str:
    level, text = event.pop("level"), event.pop("event")
    fields = {name: str(value) for name, value in event.items()}
    return LiveLog(level=level, event=text, fields=fields).model_dump_json()


if __name__ == "__main__":
    main()
