"""Composites, each made in a process of its own that may not keep the recording ones from their work."""

import asyncio
import sys
from collections.abc import Callable

import structlog
from pydantic import ValidationError

from recorder.compose_process import NEWS, ComposeOrder, ComposeRefused, ComposeSucceeded

STOP_TIMEOUT = 3.0
PROGRESS_PERIOD = 1.0
"""Seconds between two tellings of how far a composite is."""

log = structlog.get_logger()


class ComposingError(Exception):
    """No composite was made. `again` says that another attempt could succeed: the process died. `no_room`: there was no
    place to write it to, and as soon as there is, it will."""

    def __init__(self, message: str, *, again: bool, no_room: bool = False) -> None:
        super().__init__(message)
        self.again = again
        self.no_room = no_room


class Composing:
    """At most `limit` at the same time, the others wait for their turn."""

    def __init__(self, limit: int) -> None:
        self._turn = asyncio.Semaphore(limit)
        self.unfinished = 0
        """How many are being made or wait."""

    async def compose(
        self, order: ComposeOrder, begin: Callable[[], None], progress: Callable[[float], None]
    ) -> ComposeSucceeded:
        """Make one. `begin` is called at its turn, `progress` with percents once a second at most.

        Cancelling it ends the process and leaves no half file. Raises ComposingError, and what `begin` raises.
        """
        self.unfinished += 1
        try:
            async with self._turn:
                begin()
                return await _run(order, progress)
        finally:
            self.unfinished -= 1


async def _run(order: ComposeOrder, progress: Callable[[float], None]) -> ComposeSucceeded:
    try:
        # A session of its own, so that a Ctrl-C meant for the recorder does not reach it first.
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "recorder.compose_process",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise ComposingError(f"no process could be started: {error}", again=True) from error
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        # It stays open: its end tells the process that this one is gone.
        process.stdin.write(order.model_dump_json().encode() + b"\n")
        result = await _hear(process.stdout, progress)
        code = await process.wait()
    finally:
        if process.returncode is None:
            await _stop(process)
    if result is None:
        raise ComposingError(f"the process that made the composite died (exit code {code})", again=True)
    if isinstance(result, ComposeRefused):
        raise ComposingError(result.message, again=False, no_room=result.code == "cannot-write")
    return result


async def _hear(
    stream: asyncio.StreamReader, progress: Callable[[float], None]
) -> ComposeSucceeded | ComposeRefused | None:
    clock = asyncio.get_running_loop().time
    told = clock() - PROGRESS_PERIOD
    result: ComposeSucceeded | ComposeRefused | None = None
    async for line in stream:
        try:
            news = NEWS.validate_json(line)
        except ValidationError:
            # FFmpeg's libraries of hardware encoders print what they like.
            log.debug("a composing process said something else", line=line[:200].decode(errors="replace"))
            continue
        if isinstance(news, ComposeSucceeded | ComposeRefused):
            result = news
        elif clock() - told >= PROGRESS_PERIOD:
            told = clock()
            progress(news.percent)
    return result


async def _stop(process: asyncio.subprocess.Process) -> None:
    process.terminate()
    try:
        async with asyncio.timeout(STOP_TIMEOUT):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
