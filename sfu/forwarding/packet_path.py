"""The packet path: look the plan up, apply it, send.

One wake-up of the node reads a batch of datagrams. Each media packet is brought into canonical form once per wire
format (`enqueue`); at the end of the batch (`flush`) every participant's packets are written, encrypted and sent
together, by `CompiledFlush` if it was built with the package, else by `PlainFlush`.

What goes to a thousand participants takes longer than packets may wait. So it is sent in parts: `advance` sends some,
and the others with the calls that follow, between which packets are read. Each participant's packets stay in order.

Nothing here decides anything: a change of source, layer or mute changes plans, which `detach` and `attach` do after
handing over what was enqueued under the old ones.
"""

import socket
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from sfu.forwarding.compiled_flush import CompiledFlush
from sfu.forwarding.egress import Egress
from sfu.forwarding.flush import EVERYTHING, Flush, Work
from sfu.forwarding.media_packet import MediaPacket
from sfu.forwarding.outlet import Outlet, Outlets
from sfu.forwarding.padding import level
from sfu.forwarding.plain_flush import UDP_SEGMENT, PlainFlush
from sfu.forwarding.plan import Plan
from sfu.forwarding.wire_format import HEADER_SIZE, Canonical, WireFormat
from sfu.native import is_built

TURN = 2_000
"""What `advance` takes, in about microseconds: reading what came meanwhile adds to that."""


class Unsettled(Protocol):
    """A layer that slots wait to join or to leave."""

    def settle_some(self, now: float) -> bool:
        """Let some of them do so. Returns whether others remain."""


class PacketPath:
    """Forwards packets to the plans attached to their layer."""

    def __init__(
        self,
        count: Callable[[str, int], None],
        *,
        flush: Flush | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`count(name, n)` is called at most once per flush and name. `flush` None takes the best there is."""
        self._flush = best_flush() if flush is None else flush
        self._count = count
        self._clock = clock
        self._touched: list[Outlet] = []
        self._packets = self._octets = 0
        self._unsettled: dict[Unsettled, None] = {}
        self._waiting = 0
        """Packets that were handed over, and that somebody has not got yet."""

    @property
    def is_compiled(self) -> bool:
        """Whether the compiled flush is at work."""
        return isinstance(self._flush, CompiledFlush)

    def attach(self, outlets: Outlets, plan: Plan) -> None:
        self._hand_over()
        outlets.add(plan)

    def detach(self, plan: Plan) -> None:
        self._hand_over()
        if plan.outlet is not None:
            plan.outlet.remove(plan)

    def clear(self, outlets: Outlets) -> None:
        """Forward no more to anybody; the plans have still to be detached."""
        self._hand_over()
        outlets.clear()

    def finish(self, egress: Egress) -> None:
        """Send one participant all that was enqueued."""
        self._hand_over()
        self._flush.finish(egress, self._microseconds())

    def close(self, egress: Egress) -> None:
        """Send no more to a participant, not even what waits. No plan of theirs is attached any more."""
        egress.close()
        self.finish(egress)

    def enqueue(self, outlets: Outlets, packet: MediaPacket) -> None:
        """Forward a packet to every plan of its layer at the next flush."""
        for outlet in outlets.values():
            canonical = outlet.wire_format.canonical(packet)
            if canonical is None:
                self._count("no-common-codec", len(outlet.plans))
                continue
            if not outlet.pending:
                self._touched.append(outlet)
            outlet.pending.append(canonical)
            octets = len(canonical.data) - HEADER_SIZE
            outlet.packets += 1
            outlet.octets += octets
            self._packets += len(outlet.plans)
            self._octets += octets * len(outlet.plans)

    def enqueue_late(self, plans: Sequence[Plan], packet: MediaPacket) -> None:
        """Forward a packet that is not its layer's newest to those plans of the layer that it belongs to."""
        outlets: dict[WireFormat, Outlet] = {}
        for plan in plans:
            outlets.setdefault(plan.wire_format, Outlet(plan.wire_format)).plans.append(plan)
        work = []
        for outlet in outlets.values():
            canonical = outlet.wire_format.canonical(packet)
            if canonical is not None:
                work.append((outlet, [canonical]))
                for plan in outlet.plans:
                    plan.packets_late += 1
                    plan.octets_late += len(canonical.data) - HEADER_SIZE
        self._hand_over()
        self._hand_over_work(work)

    def move(self, source: Outlets, target: Outlets) -> None:
        """Let all plans go on with what is enqueued for `target` from now on."""
        self._hand_over()
        for outlet in tuple(source.values()):
            for plan in tuple(outlet.plans):
                outlet.remove(plan)
                target.add(plan)

    def settle_soon(self, layer: Unsettled) -> None:
        """More slots are to join or leave this layer than can at once."""
        self._unsettled[layer] = None

    def flush(self) -> None:
        """Send everything enqueued."""
        while self._unsettled:
            self._settle_some()
        self._send_waiting(EVERYTHING)

    def advance(self) -> int:
        """Send for a moment. Returns how many of the packets enqueued still wait: then it has to be called again."""
        self._settle_some()
        self._send_waiting(TURN)
        return self._waiting + len(self._unsettled)

    def _settle_some(self) -> None:
        for layer in tuple(self._unsettled):
            del self._unsettled[layer]
            if layer.settle_some(self._clock()):
                self._unsettled[layer] = None

    def _send_waiting(self, effort: int) -> None:
        if not self._touched and not self._waiting:
            return
        self._waiting = self._flush.flush(self._take_touched(), self._microseconds(), effort)
        self._report_failures()

    def _hand_over(self) -> None:
        if self._touched:
            self._hand_over_work(self._take_touched())

    def _hand_over_work(self, work: Work) -> None:
        self._waiting += sum(len(packets) for _, packets in work)
        self._flush.hand_over(work, self._microseconds())

    def _take_touched(self) -> list[tuple[Outlet, list[Canonical]]]:
        touched, self._touched = self._touched, []
        if self._packets:
            self._count("packets-forwarded", self._packets)
            self._count("octets-forwarded", self._octets)
            self._packets = self._octets = 0
        return [(outlet, level(outlet.take_pending())) for outlet in touched]

    def send(self, plan: Plan, packets: Sequence[Canonical]) -> None:
        """Send packets to one participant now: what comes late, out of order."""
        self._flush.send(plan, packets, self._microseconds())
        self._report_failures()

    def send_rtp(self, egress: Egress, data: bytes, transport_at: int = 0) -> None:
        """Encrypt and send one RTP packet now: a retransmission.

        `transport_at` is where its transport-wide sequence number belongs, 0 for nowhere.
        """
        self._flush.send_complete(egress, data, transport_at, self._microseconds())
        self._report_failures()

    def _microseconds(self) -> int:
        return int(self._clock() * 1e6) & 0xFFFFFFFF

    def _report_failures(self) -> None:
        failures = self._flush.take_failures()
        if failures.protect:
            self._count("srtp-protect-failed", failures.protect)
        if failures.send:
            self._count("send-failed", failures.send)


def best_flush() -> Flush:
    """The fastest that this machine can have."""
    segmentation = kernel_has_segmentation()
    return CompiledFlush(segmentation) if is_built() else PlainFlush(segmentation)


def kernel_has_segmentation() -> bool:
    """Whether the kernel knows UDP_SEGMENT (Linux 4.18 and later)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.setsockopt(socket.SOL_UDP, UDP_SEGMENT, 0)
        except OSError:
            return False
    return True
