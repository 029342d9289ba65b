"""Tests and their browsers run at normal priority.

As root, Chromium gives its threads a nicer value than the server under test has, and real-time priority to those of
audio: on two cores that starves the server. And SVT-AV1 gives the thread that calls it the highest real-time
priority, which a browser started from there later inherits: that froze the whole machine for minutes.
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

_PR_CAPBSET_DROP = 24
_CAP_SYS_NICE = 23


def renounce() -> None:
    """No process that this one starts from now on can raise its priority (capabilities(7): the bounding set).

    Raises OSError. Without the right to do so nothing is done, for then browsers have no such right either.
    """
    if os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_CAPBSET_DROP, _CAP_SYS_NICE, 0, 0, 0):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


@contextmanager
def kept() -> Iterator[None]:
    """This thread's scheduling is afterwards what it was before."""
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameters)
