"""The packet path: look the plan up, apply it, send. Everything here runs for each forwarded packet.

One wake-up of the node reads a batch of datagrams. Each media packet is brought into canonical form once per wire
format (`enqueue`); at the end of the batch (`flush`) every participant's packets are written one after another into
one buffer, encrypted in place, and handed to the kernel in one message per run of equal sizes (UDP generic
segmentation offload). The buffer is shared by all participants, so it stays in the processor's cache.

Nothing here decides anything: a change of source, layer or mute changes plans, which `detach` and `attach` do after
flushing what was enqueued under the old ones.
"""

import errno
import socket
from collections.abc import Callable, Iterable, ValuesView
from dataclasses import dataclass, field
from struct import pack
from typing import Any

from pylibsrtp import _binding

from sfu.forwarding.egress import Egress
from sfu.forwarding.media_packet import NO_NUMBER, MediaPacket
from sfu.forwarding.plan import Plan
from sfu.forwarding.wire_format import HEADER_SIZE, Canonical, WireFormat
from sfu.srtp import MAX_TRAILER

UDP_SEGMENT = 103  # <linux/udp.h>; not in Python's socket module
MAX_SEGMENTS = 64  # UDP_MAX_SEGMENTS in kernels before 6.9
MAX_MESSAGE = 65_000
BUFFER_SIZE = 1 << 17

_ffi = _binding.ffi
_protect = _binding.lib.srtp_protect


@dataclass(slots=True, eq=False)
class Outlet:
    """The plans of one layer that share a wire format, and the packets waiting for the next flush."""

    wire_format: WireFormat
    plans: list[Plan] = field(default_factory=list)
    pending: list[Canonical] = field(default_factory=list)


class Outlets:
    """All outlets of one layer."""

    __slots__ = ("_by_format",)

    def __init__(self) -> None:
        self._by_format: dict[WireFormat, Outlet] = {}

    def values(self) -> ValuesView[Outlet]:
        return self._by_format.values()

    def add(self, plan: Plan) -> None:
        outlet = self._by_format.get(plan.wire_format)
        if outlet is None:
            outlet = self._by_format[plan.wire_format] = Outlet(plan.wire_format)
        outlet.plans.append(plan)

    def remove(self, plan: Plan) -> None:
        outlet = self._by_format[plan.wire_format]
        outlet.plans.remove(plan)
        if not outlet.plans:
            del self._by_format[plan.wire_format]


class PacketPath:
    """Forwards packets to the plans attached to their layer."""

    def __init__(self, count: Callable[[str, int], None], segmentation: bool | None = None) -> None:
        """`count(name, n)` is called at most once per flush and name. `segmentation` None asks the kernel."""
        self._count = count
        self._segmentation = kernel_has_segmentation() if segmentation is None else segmentation
        self._touched: list[Outlet] = []
        self._buffer = bytearray(BUFFER_SIZE)
        self._view = memoryview(self._buffer)
        self._pointer = _ffi.from_buffer("char[]", self._buffer)
        self._length = _ffi.new("int *")
        self._failed = 0
        self._blocked = 0

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
                continue
            if not outlet.pending:
                self._touched.append(outlet)
            outlet.pending.append(canonical)

    def flush(self) -> None:
        """Send everything enqueued."""
        if not self._touched:
            return
        busy: list[tuple[Egress, Any]] = []
        packets_sent = octets_sent = 0
        for outlet in self._touched:
            packets = outlet.pending
            outlet.pending = []
            number = len(packets)
            octets = sum(packet.size for packet in packets) - HEADER_SIZE * number
            for plan in outlet.plans:
                egress = plan.egress
                if egress.srtp is None:
                    continue
                if not egress.work:
                    busy.append((egress, egress.srtp.session))
                egress.work.append((plan, packets))
                plan.packets_sent += number
                plan.octets_sent += octets
                packets_sent += number
                octets_sent += octets
        self._touched.clear()
        for egress, session in busy:
            self._emit(egress, session)
        self._count("packets-forwarded", packets_sent)
        self._count("octets-forwarded", octets_sent)
        self._report_failures()

    def send(self, egress: Egress, plan: Plan, packets: Iterable[Canonical]) -> None:
        """Send packets to one participant now: what comes late, out of order."""
        if egress.srtp is not None:
            egress.work.append((plan, list(packets)))
            self._emit(egress, egress.srtp.session)
            self._report_failures()

    def send_rtp(self, egress: Egress, data: bytes) -> None:
        """Encrypt and send one complete RTP packet now: a retransmission."""
        if egress.srtp is None:
            return
        size = len(data)
        self._view[:size] = data
        self._length[0] = size
        if _protect(egress.srtp.session, self._pointer, self._length):
            self._failed += 1
        else:
            self._transmit(egress, [self._length[0]])
        self._report_failures()

    def _emit(self, egress: Egress, session: Any) -> None:
        """Write, encrypt and send the work of one participant; `session` is libsrtp's."""
        buffer, pointer, length = self._buffer, self._pointer, self._length
        sizes: list[int] = []
        position = 0
        for plan, packets in egress.work:
            ssrc, sequence_offset, timestamp_offset = plan.ssrc, plan.sequence_offset, plan.timestamp_offset
            picture_offset, tl0_offset = plan.picture_id_offset, plan.tl0_offset
            for (
                pack_into,
                size,
                first,
                second,
                sequence,
                timestamp,
                head,
                picture,
                mask,
                flag,
                between,
                tl0,
                tail,
            ) in packets:
                if position + size + MAX_TRAILER > BUFFER_SIZE:
                    self._transmit(egress, sizes)
                    sizes, position = [], 0
                sequence = (sequence + sequence_offset) & 0xFFFF
                timestamp = (timestamp + timestamp_offset) & 0xFFFFFFFF
                if picture == NO_NUMBER:
                    pack_into(buffer, position, first, second, sequence, timestamp, ssrc, head)
                elif tl0 == NO_NUMBER:
                    picture = (picture + picture_offset) & mask | flag
                    pack_into(buffer, position, first, second, sequence, timestamp, ssrc, head, picture, tail)
                else:
                    picture = (picture + picture_offset) & mask | flag
                    tl0 = (tl0 + tl0_offset) & 0xFF
                    pack_into(
                        buffer, position, first, second, sequence, timestamp, ssrc, head, picture, between, tl0, tail
                    )
                length[0] = size
                # A packet that libsrtp refused is still plain text: it must not be sent.
                if _protect(session, pointer + position, length):
                    self._failed += 1
                    continue
                size = length[0]
                sizes.append(size)
                position += size
        egress.work.clear()
        self._transmit(egress, sizes)

    def _transmit(self, egress: Egress, sizes: list[int]) -> None:
        """Send the packets that lie in the buffer one after another; `sizes` are theirs, in order."""
        view, sock, address = self._view, egress.udp, egress.address
        if sock is None:
            self._write_frames(egress, sizes)
            return
        start = index = 0
        total = len(sizes)
        while index < total:
            size = sizes[index]
            end = start + size
            index += 1
            if self._segmentation:
                # Equal sizes go in one message, and one shorter packet may close it.
                limit = min(total, index + MAX_SEGMENTS - 1)
                while index < limit and sizes[index] == size and end - start + size <= MAX_MESSAGE:
                    end += size
                    index += 1
                if index < limit and sizes[index] < size and end - start + size <= MAX_MESSAGE:
                    end += sizes[index]
                    index += 1
            try:
                if end - start == size:
                    sock.sendto(view[start:end], address)
                else:
                    ancillary = [(socket.SOL_UDP, UDP_SEGMENT, pack("=H", size))]
                    sock.sendmsg((view[start:end],), ancillary, 0, address)
            except OSError as error:
                self._send_failed(egress, error, start, end, size)
            start = end

    def _send_failed(self, egress: Egress, error: OSError, start: int, end: int, size: int) -> None:
        """A full socket buffer drops packets as any router would; a device without segmentation gets them singly.

        So does a path with an MTU below `size`: that says nothing of other paths, and whoever publishes chooses it.
        """
        if error.errno not in (errno.EIO, errno.EINVAL, errno.EMSGSIZE) or end - start == size or egress.udp is None:
            self._blocked += 1
            return
        if error.errno == errno.EIO:
            self._segmentation = False
        for position in range(start, end, size):
            try:
                egress.udp.sendto(self._view[position : min(position + size, end)], egress.address)
            except OSError:
                self._blocked += 1

    def _write_frames(self, egress: Egress, sizes: list[int]) -> None:
        if egress.write_frame is None:
            return
        start = 0
        for size in sizes:
            egress.write_frame(bytes(self._view[start : start + size]))
            start += size

    def _report_failures(self) -> None:
        if self._failed:
            self._count("srtp-protect-failed", self._failed)
            self._failed = 0
        if self._blocked:
            self._count("send-failed", self._blocked)
            self._blocked = 0


def write_packet(packet: Canonical, plan: Plan) -> bytearray:
    """One packet as the plan has it, unencrypted: for a retransmission, off the packet path."""
    data = bytearray(packet.size)
    numbers = (
        (packet.sequence_number + plan.sequence_offset) & 0xFFFF,
        (packet.timestamp + plan.timestamp_offset) & 0xFFFFFFFF,
        plan.ssrc,
    )
    body: tuple[bytes | int, ...] = (packet.head,)
    if packet.picture_id != NO_NUMBER:
        body += ((packet.picture_id + plan.picture_id_offset) & packet.picture_mask | packet.picture_flag,)
        if packet.tl0 != NO_NUMBER:
            body += (packet.between, (packet.tl0 + plan.tl0_offset) & 0xFF)
        body += (packet.tail,)
    packet.pack_into(data, 0, packet.first_byte, packet.second_byte, *numbers, *body)
    return data


def kernel_has_segmentation() -> bool:
    """Whether the kernel knows UDP_SEGMENT (Linux 4.18 and later)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.setsockopt(socket.SOL_UDP, UDP_SEGMENT, 0)
        except OSError:
            return False
    return True
