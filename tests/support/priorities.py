"""Browsers of the tests run at normal priority.

As root, Chromium gives its threads a nicer value than the server under test has, and real-time priority to those of
audio. On two cores that starves the server, and once froze the whole machine.
"""

import ctypes
import os

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
