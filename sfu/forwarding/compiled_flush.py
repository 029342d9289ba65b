"""The flush in C (`sfu/native/packets.c`): the same as `PlainFlush`, with one call for all participants."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any

import structlog
from pylibsrtp import _binding

from sfu.forwarding.egress import Egress
from sfu.forwarding.flush import EVERYTHING, Failures, Work
from sfu.forwarding.plan import Plan
from sfu.forwarding.wire_format import Canonical
from sfu.native import ffi, lib
from sfu.native.egress import NOTHING_TO_DO, foreign_pointer

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
        self._path = ffi.gc(path, lib.path_free)
        self._canonical = ffi.new("struct canonical *")

    def hand_over(self, work: Work, microseconds: int) -> None:
        try:
            self._enqueue(work, microseconds)
        finally:
            # Whatever happens, the path forgets the outlets: they may be gone before the next flush.
            lib.path_hand_over(self._path)

    def flush(self, work: Work, microseconds: int, effort: int) -> int:
        try:
            self._enqueue(work, microseconds)
        finally:
            waiting: int = lib.path_flush(self._path, microseconds, effort)
        return waiting

    def finish(self, egress: Egress, microseconds: int) -> None:
        if egress.native is not None:
            lib.path_finish(self._path, egress.native.pointer, microseconds)

    def _enqueue(self, work: Work, microseconds: int) -> None:
        path, enqueue = self._path, lib.path_enqueue
        for outlet, packets in work:
            native = outlet.native
            if native is None:
                native = outlet.native = _NativeOutlet(outlet.plans)
            for packet in packets:
                while not enqueue(path, native.pointer, self._fill(packet), packet.data, len(packet.data)):
                    lib.path_flush(path, microseconds, EVERYTHING)

    def send(self, plan: Plan, packets: Sequence[Canonical], microseconds: int) -> None:
        native = _native_plan(plan)
        for packet in packets:
            lib.path_send(self._path, native, self._fill(packet), packet.data, len(packet.data), microseconds)

    def send_complete(self, egress: Egress, data: bytes, transport_at: int, microseconds: int) -> None:
        if egress.native is None:
            return
        plan = ffi.new("struct plan *", {"egress": egress.native.pointer, "complete": 1})
        canonical = ffi.new("struct canonical *", {"transport_at": transport_at})
        lib.path_send(self._path, plan, canonical, data, len(data), microseconds)

    def take_failures(self) -> Failures:
        return Failures(lib.path_protect_failures(self._path), lib.path_send_failures(self._path))

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


class _NativeOutlet:
    """The plans of an outlet in an array. Whoever changes them drops this."""

    __slots__ = ("_plans", "pointer")

    def __init__(self, plans: Sequence[Plan]) -> None:
        self._plans = ffi.new("struct plan *[]", [_native_plan(plan) for plan in plans])
        self.pointer = ffi.new(
            "struct outlet *",
            {"plans": self._plans, "plan_count": len(plans), "first_packet": NOTHING_TO_DO},
        )


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
