"""When the garbage collector looks for cycles: never while packets wait for longer than a moment.

A full collection looks at every object of the process, with a thousand participants for some 150 ms. So Python never
begins one by itself. What lives long is put out of the collector's sight as it comes, before there is much of it; what
closes (a transport, a router) lets go of its parts, so that it is freed without a collector. Should something have
forgotten to, it is collected when nobody is here.
"""

import gc
from typing import Final

YOUNG: Final = 2_000
"""More objects made than freed that set off a collection of those."""
AGEING: Final = 4
"""Such collections until the next looks at their survivors as well, which takes about a millisecond."""
NEVER: Final = 1_000_000_000


def tame() -> None:
    """Forget what start-up made, and leave full collections to us. Call it once, when everything is running."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, AGEING, NEVER)


def put_aside() -> None:
    """Due each tick. What has survived two collections is likely to stay: look a last time, and never again."""
    if gc.get_count()[2]:
        gc.collect()
        gc.freeze()


def collect_all() -> None:
    """Look at everything: for a moment in which there is nobody to wait."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
