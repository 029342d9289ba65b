"""The C files beside this one, compiled when a load client starts, where there is a compiler; without one, Python does
the same.

It takes a fraction of a second, and saves each packet and each report some microseconds: the load client has one core
to receive what a server sends with another.
"""

import ctypes
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent


@cache
def library() -> Any | None:
    """The functions of the C files; None where nothing can be compiled."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory(prefix="rcbench-") as folder:
        built = Path(folder) / "client.so"
        command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(built), *map(str, sorted(_FOLDER.glob("*.c")))]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return None
        return ctypes.CDLL(str(built))
