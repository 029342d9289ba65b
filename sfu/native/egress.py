"""A participant's egress as the compiled packet path sees it."""

import socket
from collections.abc import Callable
from typing import Any, Self

from pylibsrtp import _binding

from sfu.congestion.send_history import SIZE, SendHistory
from sfu.native import ffi, is_built
from sfu.native.sockaddr import to_sockaddr
from sfu.srtp import SrtpSender
from sfu.transport.path import Address

NOTHING_TO_DO = -1


class NativeEgress:
    """Keeps a C structure up to date, and alive what that points to."""

    __slots__ = ("_arrays", "_stream", "pointer")

    def __init__(self) -> None:
        self.pointer: Any = ffi.new("struct egress *", {"fd": -1, "first_work": NOTHING_TO_DO})
        self._stream: Any = ffi.NULL
        self._arrays: tuple[Any, ...] = ()

    @classmethod
    def make(cls) -> Self | None:
        """None where nothing was compiled."""
        return cls() if is_built() else None

    def protect_with(self, srtp: SrtpSender) -> None:
        self.pointer.srtp = foreign_pointer("void *", srtp.session)

    def send_to(self, udp: socket.socket, address: Address) -> None:
        packed = to_sockaddr(address)
        ffi.memmove(self.pointer.address, packed, len(packed))
        self.pointer.address_size = len(packed)
        self.pointer.fd = udp.fileno()

    def write_to(self, write_frame: Callable[[bytes], object]) -> None:
        self._stream = ffi.new_handle(write_frame)
        self.pointer.stream, self.pointer.fd = self._stream, -1

    def remember_in(self, history: SendHistory) -> None:
        self._arrays = (
            ffi.from_buffer("uint32_t[]", history.next),
            ffi.from_buffer("uint32_t[]", history.times),
            ffi.from_buffer("uint16_t[]", history.sizes),
        )
        self.pointer.history = (*self._arrays, SIZE - 1)

    def close(self) -> None:
        self.pointer.srtp = self.pointer.stream = ffi.NULL
        self.pointer.fd = -1
        self._stream = ffi.NULL


def foreign_pointer(kind: str, pointer: Any) -> Any:
    """A pointer of pylibsrtp's as one of ours: the two do not know each other's types."""
    return ffi.cast(kind, int(_binding.ffi.cast("uintptr_t", pointer)))
