"""The compiled part of the packet path: C through cffi, built with the package where there is a compiler.

`packets.c` writes, encrypts and sends; `intake.c` reads the shared port, and has `ingress.c` forward packets, `rtcp.c`
and `feedback.c` take in feedback, and `resend.c` answer NACKs. Without them the Python code that
they stand in for does the same: nothing but speed depends on this package. libsrtp is pylibsrtp's own: its functions
are handed over as pointers, so that no second copy of the library is linked.
"""

import os
from importlib import import_module
from typing import Any

from sfu.native.build import digest

PLAIN_VARIABLE = "SFU_PLAIN_PYTHON"
"""Tests set this environment variable to see what a machine without a compiler does."""


def _load() -> tuple[Any, Any]:
    if os.environ.get(PLAIN_VARIABLE):
        return None, None
    try:
        module = import_module("sfu.native._packets")
        built_from = module.ffi.string(module.lib.sources_digest()).decode()
    except (ImportError, AttributeError):
        return None, None
    # One that was left over, because the last build failed, would understand us wrongly.
    return (module.ffi, module.lib) if built_from == digest() else (None, None)


ffi, lib = _load()


def is_built() -> bool:
    """Whether the compiled part is there."""
    return lib is not None
