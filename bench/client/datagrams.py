"""Datagrams read in bulk: `recvmmsg` of libc into one fixed array, with the kernel's arrival times.

A Python call for each datagram would cost more than the server under test. Here a call brings up to `BATCH` of them,
and numpy looks at all headers at once. The arrival time is that at which the kernel took the datagram in
(SO_TIMESTAMPNS), so that a client which reads late does not look like a server that forwards late.
"""

import ctypes
import os
import socket
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROWS = 1024
"""Datagrams that fit before they have to be looked at: some milliseconds of work, for which nobody publishes."""
ROW_BYTES = 1600
BATCH = 64
SO_TIMESTAMPNS = 35  # <asm-generic/socket.h>
SO_RCVBUFFORCE = 33
SO_MEMINFO = 55
RECEIVE_BUFFER = 1 << 23

_CONTROL_BYTES = 64
# struct mmsghdr of 64-bit Linux as eight 64-bit words: name, namelen, iov, iovlen, control, controllen, flags, msg_len.
_WORDS = 8
_IOV, _IOVLEN, _CONTROL, _CONTROLLEN, _LENGTH = 2, 3, 4, 5, 7
# Of the one control message: header (16 bytes), seconds, nanoseconds.
_SECONDS, _NANOSECONDS = 2, 3
_MEMINFO_BYTES, _MEMINFO_DROPS = 36, 8
_NANO = 1_000_000_000


class Datagrams:
    """Rows `0` to `count - 1` hold what was read since `clear`: `bytes_` (rows × ROW_BYTES), `sizes`, `owners`."""

    def __init__(self) -> None:
        self.bytes_: NDArray[np.uint8] = np.zeros((ROWS, ROW_BYTES), np.uint8)
        self.owners: NDArray[np.int64] = np.zeros(ROWS, np.int64)
        self.count = 0
        self._control: NDArray[np.int64] = np.zeros((ROWS, _CONTROL_BYTES // 8), np.int64)
        self._vectors: NDArray[np.uint64] = np.zeros((ROWS, 2), np.uint64)
        self._vectors[:, 0] = self.bytes_.ctypes.data + np.arange(ROWS, dtype=np.uint64) * np.uint64(ROW_BYTES)
        self._vectors[:, 1] = ROW_BYTES
        self._headers: NDArray[np.uint64] = np.zeros((ROWS, _WORDS), np.uint64)
        rows = np.arange(ROWS, dtype=np.uint64)
        self._headers[:, _IOV] = self._vectors.ctypes.data + rows * np.uint64(16)
        self._headers[:, _IOVLEN] = 1
        self._headers[:, _CONTROL] = self._control.ctypes.data + rows * np.uint64(_CONTROL_BYTES)
        self._address = self._headers.ctypes.data
        self._addresses = (
            self.bytes_.ctypes.data,
            self._headers.ctypes.data,
            self._control.ctypes.data,
            self.owners.ctypes.data,
        )
        self._receive = _recvmmsg()
        self.clear()

    @property
    def is_full(self) -> bool:
        """Whether another socket might not fit any more."""
        return self.count > ROWS - BATCH

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Bytes of each datagram; one that is longer than a row is cut off."""
        return (self._headers[: self.count, _LENGTH] & np.uint64(0xFFFFFFFF)).astype(np.int64)

    @property
    def arrivals(self) -> NDArray[np.int64]:
        """When the kernel took each in, in nanoseconds of the real-time clock."""
        return self._control[: self.count, _SECONDS] * _NANO + self._control[: self.count, _NANOSECONDS]

    def data(self, row: int) -> bytes:
        """One datagram."""
        return self.bytes_[row, : int(self._headers[row, _LENGTH]) & 0xFFFFFFFF].tobytes()

    def arrival(self, row: int) -> int:
        """When the kernel took one in."""
        return int(self._control[row, _SECONDS]) * _NANO + int(self._control[row, _NANOSECONDS])

    @property
    def addresses(self) -> tuple[int, int, int, int]:
        """Of `bytes_`, the headers, the control messages and `owners`, for compiled code."""
        return self._addresses

    def clear(self) -> None:
        """Forget what was read."""
        self._headers[: max(self.count, 1), _CONTROLLEN] = _CONTROL_BYTES
        if self.count == 0:
            self._headers[:, _CONTROLLEN] = _CONTROL_BYTES
        self.count = 0

    def read(self, descriptor: int, owner: int) -> None:
        """Take in what waits at a socket, as long as there is room. An error of the socket ends the reading only."""
        while not self.is_full:
            number = self._receive(
                descriptor, self._address + self.count * _WORDS * 8, BATCH, socket.MSG_DONTWAIT, None
            )
            if number <= 0:
                return
            self.owners[self.count : self.count + number] = owner
            self.count += number
            if number < BATCH:
                return


def open_socket(address: tuple[str, int]) -> socket.socket:
    """A UDP socket that talks to `address` only, with kernel timestamps and as large a buffer as we may have."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    sock.connect(address)
    return sock


def _recvmmsg() -> Callable[..., int]:
    function: Any = ctypes.CDLL(None, use_errno=True).recvmmsg
    function.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p]
    function.restype = ctypes.c_int
    return function  # type: ignore[no-any-return]  # ctypes functions have no type


def dropped_by(sock: socket.socket) -> int:
    """Datagrams that came to a socket and found no room in its buffer (SK_MEMINFO_DROPS)."""
    return int(np.frombuffer(sock.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, _MEMINFO_BYTES), np.uint32)[_MEMINFO_DROPS])


def is_supported() -> bool:
    """Whether this machine has what the load client needs: 64-bit Linux."""
    return os.uname().sysname == "Linux" and ctypes.sizeof(ctypes.c_void_p) == 8
