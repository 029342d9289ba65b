"""One start of a server, in a process of its own: whatever happens there, the run goes on.

A round that hangs is ended when its time is up, and one that fails says why; both are rounds without figures. The
process is forked, so that it is in the place that was made for the run, and its servers end with it.
"""

import multiprocessing
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from bench.adapters.server import ServerError
from bench.client.description import DescriptionError
from bench.client.transport import TransportError
from bench.ending import GOODBYE, ending_cleanly
from bench.figures import Round
from bench.windows import Windows

FAILED = "failed: "
"""How the fault of a round without figures begins."""
_TRACE = 3
"""Lines of a failure that nobody expected."""

_LEAVING = 1.0
"""Seconds that a process takes to end when it has nothing more to do."""

Work = Callable[[Windows], "list[Round]"]


def run_apart(work: Work, windows: Windows, deadline: float) -> list[Round]:
    """What `work` gives in a process of its own; after `deadline` seconds it is ended.

    Always one round for each window: those that are missing have failed, and say why.
    """
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(work, windows, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        return _await(ours, windows, deadline)
    finally:
        _end(process)
        ours.close()


def failed(reason: str, windows: Windows) -> list[Round]:
    """The rounds of a start that gave nothing."""
    return [Round({}, faults=[f"{FAILED}{reason}"])] * windows.number


def _await(ours: Connection, windows: Windows, deadline: float) -> list[Round]:
    give_up = time.monotonic() + deadline
    phase = "starting"
    while True:
        if not ours.poll(max(0.0, give_up - time.monotonic())):
            return failed(f"it had not ended after {deadline:.0f} s ({phase})", windows)
        try:
            told: str | list[Round] | RoundError = ours.recv()
        except EOFError:
            return failed(f"the load client died ({phase})", windows)
        if isinstance(told, list):
            return told
        if isinstance(told, RoundError):
            return failed(f"{told} ({phase})", windows)
        phase = told
        windows.tell(phase)


def _end(process: BaseProcess) -> None:
    """Whoever has told everything ends at once; others are asked to, and made to."""
    # What was to interrupt a run that takes long to end would interrupt this, which takes no longer.
    signal.alarm(0)
    process.join(timeout=_LEAVING)
    if process.is_alive():
        process.terminate()
        process.join(timeout=2 * GOODBYE)
    if process.is_alive():
        process.kill()
    process.join()
    process.close()


def _work(work: Work, windows: Windows, theirs: Connection) -> None:
    """In the process."""
    with ending_cleanly():
        # A terminal interrupts both; it is the run that ends its rounds, and once is enough.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            theirs.send(work(replace(windows, tell=theirs.send)))
        except KeyboardInterrupt:
            pass
        except (ServerError, TransportError, DescriptionError) as error:
            theirs.send(RoundError(str(error)))
        except Exception as error:
            # A fault of the harness itself: told where the user looks, and the run goes on.
            told = traceback.format_exception(error)[-_TRACE:]
            theirs.send(RoundError(" ".join("".join(told).split())))


class RoundError(Exception):
    """Why a round failed, as it is told."""
