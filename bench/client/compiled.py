"""`intake.c`, compiled when a load client starts, where there is a compiler; without one, Python does the same.

It takes a fraction of a second, and saves each packet some microseconds: the load client has one core to receive what
a server sends with another.
"""

import ctypes
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.client.datagrams import ROW_BYTES, ROWS, Datagrams

_SOURCE = Path(__file__).with_name("intake.c")
_POINTER, _NUMBER = ctypes.c_void_p, ctypes.c_int64
_FOUND = {"others": 1, "samples": 2, "gaps": 3, "late": 2, "numbers": 1, "times": 1, "groups": 2}
"""What is found, and how many numbers each has."""


class _Batch(ctypes.Structure):
    """`struct batch`."""

    _fields_ = (
        *((name, _POINTER) for name in ("rows", "headers", "controls", "owners")),
        *((name, _NUMBER) for name in ("row_bytes", "count")),
        *((name, _POINTER) for name in ("keys", "order")),
        ("streams", _NUMBER),
        *((name, _POINTER) for name in ("highest", "base", "received", "octets", "first_arrival", "always")),
        *((name, _NUMBER) for name in ("offset", "step")),
        ("sequence_ids", _POINTER),
        ("endpoints", _NUMBER),
        *((name, _POINTER) for name in _FOUND),
        *((f"n_{name}", _NUMBER) for name in _FOUND if name != "times"),
        ("unknown", _NUMBER),
    )


class CompiledIntake:
    """`point_to` says where everything is, then `take` looks at a batch; what was found is in rows of numbers."""

    def __init__(self, library: Any) -> None:
        self._take = library.take
        self._take.argtypes = [_POINTER]
        self._take.restype = None
        self._batch = _Batch(row_bytes=ROW_BYTES)
        self._address = ctypes.addressof(self._batch)
        self._found: dict[str, NDArray[np.int64]] = {
            name: np.zeros((ROWS, width), np.int64) for name, width in _FOUND.items()
        }
        for name, array in self._found.items():
            setattr(self._batch, name, array.ctypes.data)
        self._kept: dict[str, NDArray[Any]] = {}

    def point_to(self, **arrays: NDArray[Any]) -> None:
        """Where the arrays of the struct's names are from now on."""
        self._kept |= arrays
        for name, array in arrays.items():
            setattr(self._batch, name, array.ctypes.data)
        self._batch.streams = len(self._kept["highest"])
        self._batch.endpoints = len(self._kept["sequence_ids"])

    def take(self, datagrams: Datagrams, offset: int, step: int) -> int:
        """How many packets had an SSRC that nobody expects; one in `step` is a sample, from number `offset` on."""
        batch = self._batch
        batch.rows, batch.headers, batch.controls, batch.owners = datagrams.addresses
        batch.count, batch.offset, batch.step = datagrams.count, offset, step
        self._take(self._address)
        return int(batch.unknown)

    def found(self, name: str) -> list[Any]:
        """The rows of one kind, each a list of its numbers."""
        number: int = getattr(self._batch, f"n_{name}")
        return self._found[name][:number].tolist() if number else []

    def noted(self) -> tuple[list[list[int]], list[int], list[int]]:
        """Owners and starts of groups, and their transport-wide sequence numbers and arrivals."""
        number = self._batch.n_numbers
        numbers, times = (self._found[name][:number, 0].tolist() for name in ("numbers", "times"))
        return self.found("groups"), numbers, times


@cache
def _library() -> Any | None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory(prefix="rcbench-") as folder:
        built = Path(folder) / "intake.so"
        command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(built), str(_SOURCE)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return None
        return ctypes.CDLL(str(built))


def compiled_intake() -> CompiledIntake | None:
    """None where nothing can be compiled."""
    library = _library()
    return CompiledIntake(library) if library is not None else None
