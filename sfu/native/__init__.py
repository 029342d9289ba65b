"""The compiled part of the packet path: C through cffi, built with the package where there is a compiler.

`packets.c` writes, encrypts and sends; `feedback.c` reads transport-wide feedback. Without them the Python code that
they stand in for does the same: nothing but speed depends on this package. libsrtp is pylibsrtp's own: its functions
are handed over as pointers, so that no second copy of the library is linked.
"""

import os
from importlib import import_module
from typing import Any

PLAIN_VARIABLE = "SFU_PLAIN_PYTHON"
"""Tests set this environment variable to see what a machine without a compiler does."""

ffi: Any = None
lib: Any = None
if not os.environ.get(PLAIN_VARIABLE):
    try:
        _packets = import_module("sfu.native._packets")
    except ImportError:
        pass
    else:
        ffi, lib = _packets.ffi, _packets.lib


def is_built() -> bool:
    """Whether the compiled part is there."""
    return lib is not None
