"""Child processes: started, restarted when they die, stopped with their parent."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from roomcast.parent import PARENT_VARIABLE

_FIRST_DELAY = 0.5
_LAST_DELAY = 30.0
# A child that ran this long (seconds) was healthy: its end counts as the first again.
_HEALTHY = 60.0
_STOP_TIMEOUT = 5.0

_log = structlog.get_logger(__name__)


class Backoff:
    """How long to wait before the next start: half a second, doubled each time up to half a minute."""

    def __init__(self) -> None:
        self._next = _FIRST_DELAY

    def delay(self, ran: float) -> float:
        """Seconds to wait after a child that ran for `ran` seconds."""
        if ran >= _HEALTHY:
            self._next = _FIRST_DELAY
        delay = self._next
        self._next = min(delay * 2, _LAST_DELAY)
        return delay


@dataclass(frozen=True, slots=True)
class ChildCommand:
    """What to run. `environment` is added to that of this process."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]


async def keep_running(command: ChildCommand, died: Callable[[], None] = lambda: None) -> None:
    """Run the command, again whenever it ends, until this task is cancelled; then it is stopped.

    `died` is called each time that it has ended by itself.
    """
    backoff = Backoff()
    loop = asyncio.get_running_loop()
    while True:
        started = loop.time()
        code = await _run_once(command)
        # By the loop, so that a fault in it ends nothing here.
        loop.call_soon(died)
        delay = backoff.delay(loop.time() - started)
        _log.warning("child-died", child=command.name, exit_code=code, restart_in_seconds=delay)
        await asyncio.sleep(delay)


async def _run_once(command: ChildCommand) -> int | None:
    """The exit code, negative for a signal; None when it could not be started."""
    environment = {**os.environ, **command.environment, PARENT_VARIABLE: str(os.getpid())}
    try:
        # A session of its own: Ctrl-C reaches this process only, which then stops the children in good order.
        process = await asyncio.create_subprocess_exec(
            *command.arguments, env=environment, stdin=asyncio.subprocess.DEVNULL, start_new_session=True
        )
    except OSError as error:
        _log.error("child-not-started", child=command.name, error=str(error))
        return None
    _log.info("child-started", child=command.name, pid=process.pid)
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            await _stop(process, command.name)


async def _stop(process: asyncio.subprocess.Process, name: str) -> None:
    process.terminate()
    try:
        async with asyncio.timeout(_STOP_TIMEOUT):
            await process.wait()
    except TimeoutError:
        _log.warning("child-killed", child=name, pid=process.pid, after_seconds=_STOP_TIMEOUT)
        process.kill()
        await process.wait()
