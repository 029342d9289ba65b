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
from typing import Any, Protocol

from sfu.forwarding.compiled_flush import CompiledFlush
from sfu.forwarding.egress import Egress
from sfu.forwarding.flush import EVERYTHING, Flush
from sfu.forwarding.media_packet import MediaPacket
from sfu.forwarding.native_outlet import native_outlet_for
from sfu.forwarding.outlet import Outlet, Outlets
from sfu.forwarding.plain_flush import UDP_SEGMENT, PlainFlush
from sfu.forwarding.plan import Plan
from sfu.forwarding.wire_format import HEADER_SIZE, Canonical, WireFormat
from sfu.link_messages import Codec
from sfu.native import is_built
from sfu.native.rtcp import NativeReporter
from sfu.native.stream import CODECS, NativeSource

TURN = 1_500
"""Microseconds that sending in `advance` takes: reading what came meanwhile adds to that."""
FIRST_PACE, SLOWEST_PACE = 1 / 4, 1 / 16
JOINS = 64
"""Slots that may join layers amid the packets of one turn: some 0.6 ms."""


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
        """`count(name, n)` counts what is dropped, and the rest by `report`. `flush` None takes the best there is."""
        self._flush = best_flush() if flush is None else flush
        self._count = count
        self._clock = clock
        self._pace = FIRST_PACE
        """Effort that this machine gets done in a microsecond."""
        self._unsettled: dict[Unsettled, None] = {}
        self._joins_left = JOINS

    @property
    def is_compiled(self) -> bool:
        """Whether the compiled flush is at work."""
        return isinstance(self._flush, CompiledFlush)

    @property
    def native(self) -> Any:
        """C's `struct path`, None without one."""
        return self._flush.path if isinstance(self._flush, CompiledFlush) else None

    def attach(self, outlets: Outlets, plan: Plan) -> None:
        self._flush.hand_over()
        outlets.add(plan)

    def detach(self, plan: Plan) -> None:
        self._flush.hand_over()
        if plan.outlet is not None:
            plan.outlet.remove(plan)

    def clear(self, outlets: Outlets) -> None:
        """Forward no more to anybody; the plans have still to be detached."""
        self._flush.hand_over()
        outlets.clear()

    def finish(self, egress: Egress) -> None:
        """Send one participant all that was enqueued."""
        self._flush.hand_over()
        self._flush.finish(egress, self._microseconds())

    def close(self, egress: Egress) -> None:
        """Send no more to a participant, not even what waits. No plan of theirs is attached any more."""
        egress.close()
        self.finish(egress)

    def enqueue(self, outlets: Outlets, packet: MediaPacket) -> None:
        """Forward a packet to every plan of its layer at the next flush."""
        for outlet in outlets.values():
            if not outlet.plans:
                # C would hold it until the next flush, and nobody else has to.
                continue
            canonical = outlet.wire_format.canonical(packet)
            if canonical is None:
                self._count("no-common-codec", len(outlet.plans))
            else:
                self._flush.enqueue(outlet, canonical, self._microseconds())

    def forward(self, source: NativeSource, data: bytes, now: float) -> bool:
        """Forward a publisher's decrypted packet at the next flush, if there is nothing about it that needs a look.

        False, and nothing was changed, for all others, and where nothing was compiled. `now` is in seconds.
        """
        return isinstance(self._flush, CompiledFlush) and self._flush.forward(source, data, now)

    def take_rtcp(self, reporter: NativeReporter, data: bytes, now: float) -> bool:
        """Take in a participant's decrypted RTCP packet, if it is feedback or NACKs of the usual kind.

        False, and nothing was changed, for all others, and where nothing was compiled. `now` is in seconds.
        """
        return isinstance(self._flush, CompiledFlush) and self._flush.take_rtcp(reporter, data, now)

    def native_outlets(self, outlets: Outlets, codec: Codec, *, with_level: bool) -> list[Any] | None:
        """The outlets as the compiled packet path has them, for packets of this codec; None if it cannot take them."""
        if not isinstance(self._flush, CompiledFlush) or codec.name not in CODECS or codec.format != codec.name:
            return None
        in_use = (outlet for outlet in outlets.values() if outlet.plans)
        found = [native_outlet_for(outlet, codec.format, with_level=with_level) for outlet in in_use]
        return None if None in found else found

    def enqueue_late(self, plans: Sequence[Plan], packet: MediaPacket) -> None:
        """Forward a packet that is not its layer's newest to those plans of the layer that it belongs to."""
        outlets: dict[WireFormat, Outlet] = {}
        for plan in plans:
            outlets.setdefault(plan.wire_format, Outlet(plan.wire_format)).plans.append(plan)
        try:
            for outlet in outlets.values():
                canonical = outlet.wire_format.canonical(packet)
                if canonical is not None:
                    self._flush.enqueue(outlet, canonical, self._microseconds())
                    for plan in outlet.plans:
                        plan.packets_late += 1
                        plan.octets_late += len(canonical.data) - HEADER_SIZE
        finally:
            # Nobody knows these outlets after this.
            self._flush.hand_over()

    def move(self, source: Outlets, target: Outlets) -> None:
        """Let all plans go on with what is enqueued for `target` from now on."""
        self._flush.hand_over()
        for outlet in tuple(source.values()):
            for plan in tuple(outlet.plans):
                outlet.remove(plan)
                target.add(plan)

    def settle_soon(self, layer: Unsettled) -> None:
        """More slots are to join or leave this layer than can at once."""
        self._unsettled[layer] = None

    def joins(self, wanted: int) -> int:
        """How many of so many slots may join a layer at once: of all layers, JOINS from one turn to the next."""
        granted = min(wanted, self._joins_left)
        self._joins_left -= granted
        return granted

    def flush(self) -> None:
        """Send everything enqueued."""
        self._settle_some()
        while self._unsettled:
            self._settle_some()
        self._flush.flush(self._microseconds(), EVERYTHING)

    def advance(self) -> int:
        """Send for a moment. Returns for how many microseconds something has been waiting to be sent, at least 1: then
        it has to be called again. 0 if nothing is."""
        self._settle_some()
        effort, began = max(1, round(TURN * self._pace)), self._clock()
        waited = self._flush.flush(self._microseconds(), effort)
        if waited:
            self._pace = paced(self._pace, effort, self._clock() - began)
        return max(waited, 1 if self._unsettled else 0)

    def _settle_some(self) -> None:
        self._joins_left = JOINS
        if not self._unsettled:
            return
        layer = next(iter(self._unsettled))
        del self._unsettled[layer]
        if layer.settle_some(self._clock()):
            # Others have their turn before it.
            self._unsettled[layer] = None

    def send(self, plan: Plan, packets: Sequence[Canonical]) -> None:
        """Send packets to one participant now: what comes late, out of order."""
        self._flush.send(plan, packets, self._microseconds())

    def send_rtp(self, egress: Egress, data: bytes, transport_at: int = 0) -> None:
        """Encrypt and send one RTP packet now: a retransmission.

        `transport_at` is where its transport-wide sequence number belongs, 0 for nowhere.
        """
        self._flush.send_complete(egress, data, transport_at, self._microseconds())

    def _microseconds(self) -> int:
        return int(self._clock() * 1e6) & 0xFFFFFFFF

    def report(self) -> None:
        """Count what was forwarded, and what failed, since the last call; due now and then."""
        totals = self._flush.take_totals()
        if totals.packets:
            self._count("packets-forwarded", totals.packets)
            self._count("octets-forwarded", totals.octets)
        for name, number in (
            ("srtp-protect-failed", totals.protect_failures),
            ("send-failed", totals.send_failures),
            ("packets-nacked", totals.nacked),
            ("packets-resent", totals.resent),
            ("rtcp-malformed", totals.malformed),
        ):
            if number:
                self._count(name, number)


def paced(pace: float, effort: int, took: float) -> float:
    """The pace, after so much effort took so many seconds. One that took long because others had the processor tells
    little, so it moves slowly."""
    if took <= 0:
        return pace
    return pace + (min(1.0, max(SLOWEST_PACE, effort / (took * 1e6))) - pace) / 8


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
