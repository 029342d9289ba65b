"""The compiled reading of the shared port, where it was built: see `intake.c`."""

import errno
import os
import socket
from typing import Any, Literal, NamedTuple, Self

from pylibsrtp import _binding

from sfu.native import ffi, is_built, lib
from sfu.native.egress import foreign_pointer
from sfu.native.rtcp import NativeReporter
from sfu.native.sockaddr import from_sockaddr, to_sockaddr
from sfu.native.stream import NativeSource
from sfu.srtp import SrtpReceiver
from sfu.transport.path import Address

Kind = Literal["encrypted", "rtp", "rtcp", "refused"]

_NOTHING, _ENCRYPTED, _DECRYPTED, _DECRYPTED_RTCP, _REFUSED = range(5)
_KINDS: dict[int, Kind] = {
    _ENCRYPTED: "encrypted",
    _DECRYPTED: "rtp",
    _DECRYPTED_RTCP: "rtcp",
    _REFUSED: "refused",
}


class Received(NamedTuple):
    """RTP packets, their bytes after decryption, and RTCP packets."""

    packets: int
    octets: int
    reports: int


class Datagram(NamedTuple):
    """What came: as it came, or decrypted already, as RTP or RTCP, or refused by libsrtp, with its status."""

    kind: Kind
    data: bytes
    address: Address
    status: int


class NativeIntake:
    """Reads datagrams in batches. Packets of streams that are open are decrypted and forwarded, and not seen again; nor
    is RTCP that holds nothing but feedback and NACKs of the usual kind."""

    __slots__ = ("_addresses", "_datagram", "_path", "_pointer", "_received", "_routes")

    def __init__(self, path: Any) -> None:
        """`path` is C's `struct path`."""
        unprotect, unprotect_rtcp = (
            foreign_pointer("protect_function", _binding.ffi.addressof(_binding.lib, name))
            for name in ("srtp_unprotect", "srtp_unprotect_rtcp")
        )
        pointer = lib.intake_new(path, unprotect, unprotect_rtcp)
        if pointer == ffi.NULL:
            raise MemoryError("no memory for datagrams")
        self._pointer = ffi.gc(pointer, lib.intake_free)
        self._path = path
        self._datagram = lib.intake_datagram(pointer)
        self._received = lib.intake_received(pointer)
        self._addresses: dict[bytes, Address] = {}
        # What C has pointers to must stay.
        self._routes: dict[bytes, tuple[NativeSource, NativeReporter, SrtpReceiver]] = {}

    @classmethod
    def make(cls, path: Any) -> Self | None:
        """None where nothing was compiled, or for another path (None)."""
        return cls(path) if is_built() and path is not None else None

    def route(self, address: Address, source: NativeSource, reporter: NativeReporter, receiver: SrtpReceiver) -> None:
        """Packets from this address are the source's, RTCP is the reporter's, and the receiver decrypts both."""
        packed = to_sockaddr(address)
        self._routes[packed] = source, reporter, receiver
        self._addresses[packed] = address
        session = foreign_pointer("void *", receiver.session)
        lib.intake_route(self._pointer, packed, len(packed), source.pointer, reporter.pointer, session)

    def unroute(self, address: Address) -> None:
        """Packets from this address are nobody's, as far as it is known here."""
        packed = to_sockaddr(address)
        lib.intake_unroute(self._pointer, packed, len(packed))
        self._addresses.pop(packed, None)
        self._routes.pop(packed, None)

    def read(self, sock: socket.socket) -> None:
        """Read a batch, unless there is something left of the one before. Raises OSError."""
        if lib.intake_read(self._pointer, sock.fileno()):
            number = ffi.errno
            raise OSError(number, os.strerror(number) if number in errno.errorcode else "recvmmsg failed")

    @property
    def has_more(self) -> bool:
        """Whether a batch was read that is not done."""
        return bool(lib.intake_has_more(self._pointer))

    def next(self, now: float) -> Datagram | None:
        """The next datagram that has to be looked at; None when all are done. `now` is in seconds."""
        kind = lib.intake_next(self._pointer, now)
        if kind == _NOTHING:
            return None
        datagram = self._datagram
        packed: bytes = ffi.buffer(datagram.address, datagram.address_size)[:]
        address = self._addresses.get(packed) or from_sockaddr(packed)
        return Datagram(_KINDS[kind], ffi.buffer(datagram.data, datagram.size)[:], address, datagram.status)

    def take_received(self) -> Received:
        """What never came to Python since the last call."""
        received = self._received
        taken = Received(received.packets, received.octets, received.reports)
        received.packets = received.octets = received.reports = 0
        return taken
