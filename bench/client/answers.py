"""Transport-wide reports of all endpoints by `answers.c`: 13 a second from each of a thousand are too many for Python.

libsrtp is pylibsrtp's: its function and sessions are handed over as pointers.
"""

import ctypes
import socket
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pylibsrtp import _binding

from sfu.srtp import SrtpSender

_POINTER, _NUMBER = ctypes.c_void_p, ctypes.c_int64
# `struct peer` as so many 64-bit words.
_WORDS = 8
_DESCRIPTOR, _SRTP, _SSRC, _NEXT = 0, 1, 2, 3
_NOBODY = -1
_LONGEST = 2048


class _Answers(ctypes.Structure):
    """`struct answers`."""

    _fields_ = (
        ("peers", _POINTER),
        ("number", _NUMBER),
        ("protect", _POINTER),
        *((name, _NUMBER) for name in ("reported", "failed")),
    )


class CompiledAnswers:
    """By the endpoint's number, in `peers`: what came since its last report, and how to send the next.

    Each row is a `struct peer`, whose arrivals are C's own; `remove` lets go of them.
    """

    def __init__(self, library: Any) -> None:
        self.peers: NDArray[np.int64] = np.zeros((0, _WORDS), np.int64)
        self._write, self._send, self._forget = library.write_report, library.send_reports, library.forget_arrivals
        self._write.argtypes, self._write.restype = [_POINTER, _POINTER], _NUMBER
        self._send.argtypes, self._send.restype = [_POINTER, _NUMBER, _NUMBER], None
        self._forget.argtypes, self._forget.restype = [_POINTER], None
        self._answers = _Answers(protect=_address(_binding.ffi.addressof(_binding.lib, "srtp_protect_rtcp")))
        self._out: ctypes.Array[ctypes.c_char] = ctypes.create_string_buffer(_LONGEST)

    def add(self, owner: int) -> None:
        """Make room for an endpoint, from which nothing is sent yet."""
        more = max(0, owner + 1 - len(self.peers))
        fresh = np.zeros((more, _WORDS), np.int64)
        fresh[:, [_DESCRIPTOR, _NEXT]] = _NOBODY
        self.peers = np.concatenate((self.peers, fresh))
        self._answers.peers, self._answers.number = self.peers.ctypes.data, len(self.peers)

    def remove(self, owner: int) -> None:
        """Nothing is sent from it any more, and what came is forgotten. Idempotent."""
        self._forget(self._peer(owner))
        self.peers[owner, [_DESCRIPTOR, _NEXT]] = _NOBODY
        self.peers[owner, _SRTP] = 0

    def send_from(self, owner: int, media_ssrc: int, udp: socket.socket, sender: SrtpSender) -> None:
        """`send` does it for this endpoint, until it is removed: both have to be there so long."""
        self.peers[owner, [_SRTP, _SSRC]] = _address(sender.session), media_ssrc
        self.peers[owner, _DESCRIPTOR] = udp.fileno()

    def send(self, part: int, step: int) -> tuple[int, int]:
        """Reports of the endpoints `part`, `part + step` and so on to which anything came: how many of them there were,
        and how many datagrams could not be sent."""
        self._send(ctypes.addressof(self._answers), part, step)
        return self._answers.reported, self._answers.failed

    def build(self, owner: int, media_ssrc: int) -> list[bytes]:
        """The reports of one endpoint, as `Arrivals.build` makes them."""
        self.peers[owner, _SSRC] = media_ssrc
        told: list[bytes] = []
        while size := self._write(self._peer(owner), self._out):
            told.append(self._out.raw[:size])
        return told

    def _peer(self, owner: int) -> int:
        return self.peers.ctypes.data + owner * _WORDS * 8


def _address(pointer: Any) -> int:
    return int(_binding.ffi.cast("uintptr_t", pointer))
