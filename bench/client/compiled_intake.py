"""`intake.c`: what it is told of, and what it finds."""

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.client.answers import CompiledAnswers
from bench.client.datagrams import ROW_BYTES, ROWS, Datagrams

_POINTER, _NUMBER = ctypes.c_void_p, ctypes.c_int64
_FOUND = {"others": 1, "samples": 2, "gaps": 3, "late": 2}
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
        *((name, _POINTER) for name in ("sequence_ids", "peers")),
        ("endpoints", _NUMBER),
        *((name, _POINTER) for name in _FOUND),
        *((f"n_{name}", _NUMBER) for name in _FOUND),
        ("unknown", _NUMBER),
    )


class CompiledIntake:
    """`point_to` says where everything is, then `take` looks at a batch; what was found is in rows of numbers.

    Transport-wide numbers and when they came are noted in `answers`.
    """

    def __init__(self, library: Any, answers: CompiledAnswers) -> None:
        self.answers = answers
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
        """Where the arrays of the struct's names are from now on, and those of `answers`."""
        self._kept |= arrays | {"peers": self.answers.peers}
        for name, array in self._kept.items():
            setattr(self._batch, name, array.ctypes.data)
        self._batch.streams = len(self._kept["highest"])
        self._batch.endpoints = min(len(self._kept["sequence_ids"]), len(self.answers.peers))

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
