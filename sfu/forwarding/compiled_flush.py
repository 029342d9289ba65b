"""The flush in C (`sfu/native/packets.c`): the same as `PlainFlush`, with one call for all participants."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any

import structlog
from pylibsrtp import _binding

from sfu.forwarding.egress import Egress
from sfu.forwarding.flush import EVERYTHING, Totals
from sfu.forwarding.outlet import Outlet
from sfu.forwarding.plan import Plan
from sfu.forwarding.wire_format import Canonical
from sfu.native import ffi, lib
from sfu.native.egress import NOTHING_TO_DO, foreign_pointer
from sfu.native.stream import NativeSource

MAX_HEAD = 64
"""Bytes of header and header extensions that C has room for."""

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
        path, native = self.path, native_outlet(outlet)
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

    def send(self, plan: Plan, packets: Sequence[Canonical], microseconds: int) -> None:
        native = _native_plan(plan)
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
        taken = Totals(totals.packets, totals.octets, totals.protect_failures, totals.send_failures)
        totals.packets = totals.octets = totals.protect_failures = totals.send_failures = 0
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


def native_outlet(outlet: Outlet) -> Any:
    """The outlet as C has it, with its present plans."""
    native = outlet.native
    if native is None:
        native = outlet.native = ffi.new("struct outlet *", {"first_packet": NOTHING_TO_DO})
    if outlet.native_plans is None:
        plans = [_native_plan(plan) for plan in outlet.plans]
        outlet.native_plans = ffi.new("struct plan *[]", plans)
        native.plans, native.plan_count = outlet.native_plans, len(plans)
    return native


def native_outlet_for(outlet: Outlet, format_: str, *, with_level: bool) -> Any:
    """The same, ready to take packets of this codec; None if its participants cannot get them."""
    head = outlet.wire_format.head(format_, with_level=with_level)
    if head is None or len(head.data) > MAX_HEAD:
        return None
    native = native_outlet(outlet)
    native.head.data[0 : len(head.data)] = head.data
    native.head.size, native.head.level_at, native.head.transport_at = len(head.data), head.level_at, head.transport_at
    return native


def _native_plan(plan: Plan) -> Any:
    native = plan.native
    if native is None and plan.egress.native is not None:
        native = plan.native = ffi.new(
            "struct plan *",
            {
                "egress": plan.egress.native.pointer,
                "ssrc": plan.ssrc,
                "timestamp_offset": plan.timestamp_offset & 0xFFFFFFFF,
                "sequence_offset": plan.sequence_offset & 0xFFFF,
                "picture_offset": plan.picture_id_offset & 0xFFFF,
                "tl0_offset": plan.tl0_offset & 0xFF,
            },
        )
    return native


if ffi is not None:

    def _write_failed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """A fault of whoever writes to a stream cannot pass through C: the others get their packets, and it is told."""
        log.error("a fault while writing to a stream", exc_info=(kind, error, trace))

    @ffi.def_extern(onerror=_write_failed)  # type: ignore[untyped-decorator]  # cffi has no types for it
    def write_frame(stream: Any, packet: Any, size: int) -> None:
        """Called by the compiled flush for each packet that goes to a stream."""
        ffi.from_handle(stream)(ffi.buffer(packet, size)[:])
