"""The writing of what waits for many connections, spread over turns: an event may go to a thousand of them at once, and
meanwhile others ask something, and media processes on the same core have packets to send."""

import asyncio
from collections.abc import Callable
from time import perf_counter

TURN = 0.002
"""Seconds of writing at a time."""
PAUSE = 0.002
"""Seconds from one turn to the next. What comes in between for a connection is written together with what waits."""
LINGER = 0.2
"""Seconds after which at the latest is written what is in no hurry. Writing is most of what an event costs, and one
that goes together with others costs no more of it than they do anyway."""


class WritingTurns:
    """The connections that have something to write, in the order in which they came to have it."""

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        """`clock` tells seconds."""
        self._clock = clock
        # The keys, in order; each is there once.
        self._waiting: dict[Callable[[], None], None] = {}
        self._lingering: dict[Callable[[], None], None] = {}
        self._scheduled = False

    def await_turn(self, write: Callable[[], None]) -> None:
        """Have `write` called once, when it is its turn."""
        self._waiting[write] = None
        self._schedule()

    def linger(self, write: Callable[[], None]) -> None:
        """Have `write` called once, some time later. There may be nothing to write any more by then."""
        if not self._lingering:
            asyncio.get_running_loop().call_later(LINGER, self._end_lingering)
        self._lingering[write] = None

    def _end_lingering(self) -> None:
        self._waiting.update(self._lingering)
        self._lingering.clear()
        self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._take_turn)

    def _take_turn(self) -> None:
        until = self._clock() + TURN
        try:
            while self._waiting and self._clock() < until:
                write = next(iter(self._waiting))
                del self._waiting[write]
                write()
        finally:
            self._scheduled = bool(self._waiting)
            if self._scheduled:
                asyncio.get_running_loop().call_later(PAUSE, self._take_turn)
