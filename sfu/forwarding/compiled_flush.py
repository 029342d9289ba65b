"""The flush in C (`sfu/native/packets.c`): the same as `PlainFlush`, with one call for all participants."""

from collections.abc import Sequence
from functools import lru_cache
from types import TracebackType
from typing import Any

import structlog
from pylibsrtp import _binding

from sfu.forwarding.egress import Egress
from sfu.forwarding.flush import EVERYTHING, Totals
from sfu.forwarding.native_outlet import native_outlet, native_plan
from sfu.forwarding.outlet import Outlet
from sfu.forwarding.plan import Plan
from sfu.forwarding.wire_format import Canonical, WireFormat
from sfu.native import ffi, lib
from sfu.native.egress import foreign_pointer
from sfu.native.rtcp import Head, NativeHeads, NativeReporter
from sfu.native.stream import CODECS, NativeSource

log = structlog.get_logger()


class CompiledFlush:
    """Implements `Flush`. Only where `sfu.native.is_built()`."""

    def __init__(self, segmentation: bool, send: Any = None) -> None:
        """`send` stands in for sendmmsg in tests: a pointer of C's `send_function`."""
        protect = foreign_pointer("protect_function", _binding.ffi.addressof(_binding.lib, "srtp_protect"))
        # A callback ends when nobody holds it any more.
        self._send = ffi.NULL if send is None else send
        path = lib.path_new(protect, self._send, lib.write_frame, segmentation)
        if path == ffi.NULL:
            raise MemoryError("no memory for the packet path")
        self.path = ffi.gc(path, lib.path_free)
        self._canonical = ffi.new("struct canonical *")
        self._totals = lib.path_totals(self.path)

    def enqueue(self, outlet: Outlet, packet: Canonical, microseconds: int) -> None:
        path, native = self.path, native_outlet(outlet).pointer
        while not lib.path_enqueue(path, native, self._fill(packet), packet.data, len(packet.data)):
            lib.path_flush(path, microseconds, EVERYTHING)

    def hand_over(self) -> None:
        lib.path_hand_over(self.path)

    def finish(self, egress: Egress, microseconds: int) -> None:
        if egress.native is not None:
            lib.path_finish(self.path, egress.native.pointer, microseconds)

    def flush(self, microseconds: int, effort: int) -> int:
        waited: int = lib.path_flush(self.path, microseconds, effort)
        return waited

    def forward(self, source: NativeSource, data: bytes, now: float) -> bool:
        """Enqueue a publisher's packet for whoever gets it, if there is nothing about it that needs a look.

        False, and nothing was changed, for all others. `now` is in seconds.
        """
        return bool(lib.source_take(self.path, source.pointer, data, len(data), now))

    def take_rtcp(self, reporter: NativeReporter, data: bytes, now: float) -> bool:
        """Take in a decrypted RTCP packet, if it is feedback or NACKs of the usual kind.

        False, and nothing was changed, for all others. `now` is in seconds.
        """
        return bool(lib.reporter_take(self.path, reporter.pointer, data, len(data), now))

    def send(self, plan: Plan, packets: Sequence[Canonical], microseconds: int) -> None:
        native = native_plan(plan)
        for packet in packets:
            lib.path_send(self.path, native, self._fill(packet), packet.data, len(packet.data), microseconds)

    def send_complete(self, egress: Egress, data: bytes, transport_at: int, microseconds: int) -> None:
        if egress.native is None:
            return
        plan = ffi.new("struct plan *", {"egress": egress.native.pointer, "complete": 1})
        canonical = ffi.new("struct canonical *", {"transport_at": transport_at})
        lib.path_send(self.path, plan, canonical, data, len(data), microseconds)

    def take_totals(self) -> Totals:
        totals = self._totals
        taken = Totals(
            totals.packets,
            totals.octets,
            totals.protect_failures,
            totals.send_failures,
            totals.nacked,
            totals.resent,
            totals.malformed,
        )
        totals.packets = totals.octets = totals.protect_failures = totals.send_failures = 0
        totals.nacked = totals.resent = totals.malformed = 0
        return taken

    def _fill(self, packet: Canonical) -> Any:
        canonical = self._canonical
        (
            _,
            canonical.sequence,
            canonical.timestamp,
            canonical.picture_at,
            canonical.picture,
            canonical.picture_mask,
            canonical.picture_flag,
            canonical.tl0_at,
            canonical.tl0,
            canonical.transport_at,
        ) = packet
        return canonical


@lru_cache(maxsize=64)
def native_heads(wire_format: WireFormat) -> NativeHeads:
    """What packets of this format begin with, for those that C sends again."""
    heads = []
    for codec in CODECS:
        for with_level in (False, True):
            head = wire_format.head(codec, with_level=with_level)
            if head is not None:
                heads.append(Head(codec, with_level, *head))
    return NativeHeads(heads, wire_format.rtx_payload_type)


if ffi is not None:

    def _write_failed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """A fault of whoever writes to a stream cannot pass through C: the others get their packets, and it is told."""
        log.error("a fault while writing to a stream", exc_info=(kind, error, trace))

    @ffi.def_extern(onerror=_write_failed)  # type: ignore[untyped-decorator]  # cffi has no types for it
    def write_frame(stream: Any, packet: Any, size: int) -> None:
        """Called by the compiled flush for each packet that goes to a stream."""
        ffi.from_handle(stream)(ffi.buffer(packet, size)[:])
