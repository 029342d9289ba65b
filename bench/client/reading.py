"""All sockets of the load client, read in bulk: by `reading.c`, or the same in Python."""

import ctypes
import select
import socket
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.client.datagrams import ROWS, Datagrams

_POINTER, _NUMBER = ctypes.c_void_p, ctypes.c_int64
_NOBODY = -1


class _Reader(ctypes.Structure):
    """`struct reader`."""

    _fields_ = (
        ("epoll", _NUMBER),
        ("owner_of", _POINTER),
        ("descriptors", _NUMBER),
        *((name, _POINTER) for name in ("headers", "owners")),
        *((name, _NUMBER) for name in ("rows", "count")),
    )


class Reader:
    """Reads into `datagrams`; whose a socket is, stands in the rows. `fileno` is readable while anything waits."""

    def __init__(self, datagrams: Datagrams, library: Any | None) -> None:
        """`library`: see `compiled.library`."""
        self._datagrams = datagrams
        self._epoll = select.epoll()
        self._owner_of: NDArray[np.int64] = np.zeros(0, np.int64)
        _, headers, _, owners = datagrams.addresses
        self._reader = _Reader(epoll=self._epoll.fileno(), headers=headers, owners=owners, rows=ROWS)
        self._compiled = library.read_ready if library is not None else None
        if self._compiled is not None:
            self._compiled.argtypes, self._compiled.restype = [_POINTER], _NUMBER

    def fileno(self) -> int:
        return self._epoll.fileno()

    def add(self, sock: socket.socket, owner: int) -> None:
        """Read this one, too."""
        descriptor = sock.fileno()
        more = max(0, descriptor + 1 - len(self._owner_of))
        self._owner_of = np.concatenate((self._owner_of, np.full(more, _NOBODY, np.int64)))
        self._owner_of[descriptor] = owner
        self._reader.owner_of, self._reader.descriptors = self._owner_of.ctypes.data, len(self._owner_of)
        self._epoll.register(descriptor, select.EPOLLIN)

    def remove(self, sock: socket.socket) -> None:
        """Idempotent; before the socket is closed."""
        descriptor = sock.fileno()
        if 0 <= descriptor < len(self._owner_of) and self._owner_of[descriptor] != _NOBODY:
            self._epoll.unregister(descriptor)
            self._owner_of[descriptor] = _NOBODY

    def read(self) -> bool:
        """Take in what waits, as far as there is room for it; whether that was all."""
        if self._compiled is None:
            return self._read()
        self._reader.count = self._datagrams.count
        was_all = self._compiled(ctypes.addressof(self._reader))
        self._datagrams.count = self._reader.count
        return bool(was_all)

    def close(self) -> None:
        self._epoll.close()

    def _read(self) -> bool:
        for descriptor, _ in self._epoll.poll(0):
            self._datagrams.read(descriptor, int(self._owner_of[descriptor]))
            if self._datagrams.is_full:
                return False
        return True
