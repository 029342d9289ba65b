"""How a child process notices that its parent died. Nothing but the standard library, for it has to come first."""

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping

# Set by the parent to its process id.
PARENT_VARIABLE = "ROOMCAST_PARENT"
_PR_SET_PDEATHSIG = 1


def end_with_parent(environ: Mapping[str, str]) -> None:
    """In a child: see to it that this process ends when its parent dies in whatever way. No effect without a parent.

    Raises SystemExit when the parent is dead already.
    """
    parent = environ.get(PARENT_VARIABLE, "")
    if not parent.isdecimal():
        return
    if sys.platform == "linux":
        # Killed rather than terminated: there is nobody left for whom to end in good order.
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch_parent, args=(int(parent),), daemon=True).start()
    if os.getppid() != int(parent):
        raise SystemExit(1)


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
