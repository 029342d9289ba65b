"""The packet path: look the plan up, apply it, send.

One wake-up of the node reads a batch of datagrams. Each media packet is brought into canonical form once per wire
format (`enqueue`); at the end of the batch (`flush`) every participant's packets are written, encrypted and sent
together, by `CompiledFlush` if it was built with the package, else by `PlainFlush`.

Nothing here decides anything: a change of source, layer or mute changes plans, which `detach` and `attach` do after
flushing what was enqueued under the old ones.
"""

import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

from sfu.forwarding.compiled_flush import CompiledFlush, native_outlet_for
from sfu.forwarding.egress import Egress
from sfu.forwarding.flush import Flush
from sfu.forwarding.media_packet import MediaPacket
from sfu.forwarding.outlet import Outlets
from sfu.forwarding.plain_flush import UDP_SEGMENT, PlainFlush
from sfu.forwarding.plan import Plan
from sfu.forwarding.wire_format import Canonical
from sfu.link_messages import Codec
from sfu.native import is_built
from sfu.native.stream import CODECS, NativeSource


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

    @property
    def is_compiled(self) -> bool:
        """Whether the compiled flush is at work."""
        return isinstance(self._flush, CompiledFlush)

    @property
    def native(self) -> Any:
        """C's `struct path`, None without one."""
        return self._flush.path if isinstance(self._flush, CompiledFlush) else None

    def attach(self, outlets: Outlets, plan: Plan) -> None:
        self.flush()
        outlets.add(plan)

    def detach(self, outlets: Outlets, plan: Plan) -> None:
        self.flush()
        outlets.remove(plan)

    def enqueue(self, outlets: Outlets, packet: MediaPacket) -> None:
        """Forward a packet to every plan of its layer at the next flush."""
        for outlet in outlets.values():
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

    def native_outlets(self, outlets: Outlets, codec: Codec, *, with_level: bool) -> list[Any] | None:
        """The outlets as the compiled packet path has them, for packets of this codec; None if it cannot take them."""
        if not isinstance(self._flush, CompiledFlush) or codec.name not in CODECS or codec.format != codec.name:
            return None
        found = [native_outlet_for(outlet, codec.format, with_level=with_level) for outlet in outlets.values()]
        return None if None in found else found

    def flush(self) -> None:
        """Send everything enqueued."""
        self._flush.flush(self._microseconds())

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
        if totals.protect_failures:
            self._count("srtp-protect-failed", totals.protect_failures)
        if totals.send_failures:
            self._count("send-failed", totals.send_failures)


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
