"""When the garbage collector looks for cycles: never while packets wait for longer than a moment.

A full collection looks at every object of the process, with a thousand participants for some 150 ms, and even one of
ten thousand young objects takes 8 ms. So Python never begins one by itself. Young objects are looked at between two
ticks, while they are few. What survives is put out of the collector's sight before there is much of it; what closes (a
transport, a router) lets go of its parts, so that it is freed without a collector. Should something have forgotten to,
it is collected when nobody waits for packets, and at the latest when memory runs away.

Nothing here depends on how a version of Python chooses its generations: with the incremental collector of later ones a
look at the young takes in some older objects as well, of which there are none.
"""

import gc
import resource
from pathlib import Path
from typing import Final

import structlog

YOUNG: Final = 600
"""Objects made and not freed that are worth a look: some 0.3 ms."""
AGEING: Final = 2
"""Such looks until the next one takes in their survivors, too, and puts aside what is left: some 1.5 ms."""
SELDOM: Final = 300
"""Looks of the keeper between full collections while there are participants, of whom nobody sends anything."""
RUN_AWAY: Final = 256 << 20
"""Bytes of memory, beyond twice those after the last full collection."""

log = structlog.get_logger()


def tame() -> None:
    """Forget what start-up made, and leave collections to us. Call it once, when everything is running."""
    gc.collect()
    gc.freeze()
    gc.disable()


def put_aside() -> None:
    """Due each tick: look at young objects, if there are enough; what has survived some looks gets none any more."""
    young, looks, _ = gc.get_count()
    if young < YOUNG:
        return
    if looks < AGEING:
        gc.collect(0)
    else:
        gc.collect(1)
        gc.freeze()


def collect_all() -> None:
    """Look at everything: for a moment in which there is nobody to wait."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


class Keeper:
    """Finds the moments for full collections."""

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._packets = 0
        self._looks = 0
        self._is_due = False

    def look(self, *, transports: int, packets: int, memory: int) -> bool:
        """Whether to collect all now, after which `collected` has to be called; due every few seconds.

        `packets` is how many have come since the start, `memory` the bytes in use.
        """
        is_quiet, self._packets = packets == self._packets, packets
        self._looks += 1
        self._is_due = self._is_due or not is_quiet or transports > 0
        if memory > 2 * self._memory + RUN_AWAY:
            log.warning("memory runs away: packets wait for a full collection", megabytes=memory >> 20)
            return True
        return self._is_due and is_quiet and (not transports or self._looks >= SELDOM)

    def collected(self, memory: int) -> None:
        """A full collection left this much memory in use."""
        self._memory = memory
        self._looks = 0
        self._is_due = False


def resident() -> int:
    """Bytes of memory that this process uses; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return 0
