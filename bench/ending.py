"""How a run that is interrupted ends."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

GOODBYE = 15
"""Seconds that an interrupted run may take to end what it started."""


@contextmanager
def ending_cleanly() -> Iterator[None]:
    """SIGTERM and SIGINT end a run by an exception, so that everything it made is removed; also where a shell that
    starts things in the background has SIGINT ignored."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        # Once is enough: a second one, of whoever is impatient or of a whole group, would interrupt the clearing up.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        # Whatever still waits for something by then, as for the goodbye of a peer that is gone, is interrupted too.
        signal.alarm(GOODBYE)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)}
    try:
        yield
    finally:
        signal.alarm(0)
        for number, handler in before.items():
            signal.signal(number, handler)
