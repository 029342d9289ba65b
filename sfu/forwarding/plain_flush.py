"""The flush in Python, for machines on which the compiled one could not be built.

Every participant's packets are written one after another into one buffer, encrypted in place, and handed to the
kernel in one message per run of equal sizes (UDP generic segmentation offload). The buffer is shared by all
participants, so it stays in the processor's cache.
"""

import errno
import socket
from collections.abc import Sequence
from struct import Struct, pack

from pylibsrtp import _binding

from sfu.forwarding.egress import Egress
from sfu.forwarding.flush import Totals
from sfu.forwarding.outlet import Outlet
from sfu.forwarding.padding import level
from sfu.forwarding.plan import Plan
from sfu.forwarding.sending_order import sending_order
from sfu.forwarding.wire_format import HEADER_SIZE, Canonical, write_numbers
from sfu.srtp import MAX_TRAILER

UDP_SEGMENT = 103  # <linux/udp.h>; not in Python's socket module
MAX_SEGMENTS = 64  # UDP_MAX_SEGMENTS in kernels before 6.9
MAX_MESSAGE = 65_000
BUFFER_SIZE = 1 << 17
EGRESS_EFFORT, PACKET_EFFORT = 8, 5
"""Microseconds, about, that each participant takes, and each packet."""

_ffi = _binding.ffi
_protect = _binding.lib.srtp_protect
_PACK_NUMBER = Struct("!H").pack_into


class PlainFlush:
    """Implements `Flush`."""

    def __init__(self, segmentation: bool) -> None:
        self._segmentation = segmentation
        self._buffer = bytearray(BUFFER_SIZE)
        self._view = memoryview(self._buffer)
        self._pointer = _ffi.from_buffer("char[]", self._buffer)
        self._length = _ffi.new("int *")
        self._touched: list[Outlet] = []
        self._totals = Totals()
        self._queue: dict[Egress, int] = {}
        """Those for whom something waits, in the order in which it came, and since when (microseconds)."""
        self._now = 0

    def enqueue(self, outlet: Outlet, packet: Canonical, microseconds: int) -> None:
        if not outlet.pending:
            self._touched.append(outlet)
        outlet.add_pending(packet)
        participants = len(outlet.plans)
        self._totals.packets += participants
        self._totals.octets += (len(packet.data) - HEADER_SIZE) * participants

    def hand_over(self) -> None:
        touched, self._touched = self._touched, []
        for outlet in touched:
            packets = level(outlet.take_pending())
            if not outlet.plans:
                continue
            for plan in outlet.plans:
                egress = plan.egress
                if not egress.work:
                    self._queue[egress] = self._now
                egress.work.append((plan, packets))

    def flush(self, microseconds: int, effort: int) -> int:
        self._now = microseconds
        self.hand_over()
        spent = 0
        while self._queue and spent < effort:
            egress = next(iter(self._queue))
            spent += EGRESS_EFFORT + PACKET_EFFORT * self._serve(egress, microseconds)
        if not self._queue:
            return 0
        return max(1, (microseconds - next(iter(self._queue.values()))) & 0xFFFFFFFF)

    def finish(self, egress: Egress, microseconds: int) -> None:
        if egress.work:
            self._serve(egress, microseconds)

    def _serve(self, egress: Egress, microseconds: int) -> int:
        """Send all that waits for one participant. Returns how many packets."""
        # It is taken before anything is sent: what a fault left behind would keep its participant out for ever.
        own, egress.work = egress.work, []
        del self._queue[egress]
        self._emit(egress, sending_order(own), microseconds)
        return sum(len(packets) for _, packets in own)

    def send(self, plan: Plan, packets: Sequence[Canonical], microseconds: int) -> None:
        self._emit(plan.egress, [(plan, packets)], microseconds)

    def send_complete(self, egress: Egress, data: bytes, transport_at: int, microseconds: int) -> None:
        if egress.srtp is None or len(data) + MAX_TRAILER > BUFFER_SIZE:
            return
        self._buffer[: len(data)] = data
        size = self._finish(egress, 0, len(data), transport_at, microseconds)
        if size:
            self._transmit(egress, [size])

    def take_totals(self) -> Totals:
        taken, self._totals = self._totals, Totals()
        return taken

    def _emit(self, egress: Egress, work: Sequence[tuple[Plan, Sequence[Canonical]]], microseconds: int) -> None:
        """Write, encrypt and send what there is for one participant."""
        if egress.srtp is None:
            return
        buffer = self._buffer
        sizes: list[int] = []
        position = 0
        for plan, packets in work:
            for packet in packets:
                size = len(packet.data)
                if position + size + MAX_TRAILER > BUFFER_SIZE:
                    self._transmit(egress, sizes)
                    sizes, position = [], 0
                buffer[position : position + size] = packet.data
                write_numbers(buffer, position, packet, plan)
                size = self._finish(egress, position, size, packet.transport_at, microseconds)
                if size:
                    sizes.append(size)
                    position += size
        self._transmit(egress, sizes)

    def _finish(self, egress: Egress, position: int, size: int, transport_at: int, microseconds: int) -> int:
        """Number and encrypt the packet at `position`. Returns its size then, 0 if it must not be sent."""
        history = egress.history if transport_at else None
        if history is not None:
            _PACK_NUMBER(self._buffer, position + transport_at, history.next[0] & 0xFFFF)
        self._length[0] = size
        # A packet that libsrtp refused is still plain text: it must not be sent.
        if egress.srtp is None or _protect(egress.srtp.session, self._pointer + position, self._length):
            self._totals.protect_failures += 1
            return 0
        size = self._length[0]
        if history is not None:
            history.sent(size, microseconds)
        return size

    def _transmit(self, egress: Egress, sizes: list[int]) -> None:
        """Send the packets that lie in the buffer one after another; `sizes` are theirs, in order."""
        view, sock, address = self._view, egress.udp, egress.address
        if sock is None or address is None:
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
        sock, address = egress.udp, egress.address
        is_of_segmentation = error.errno in (errno.EIO, errno.EINVAL, errno.EMSGSIZE) and end - start > size
        if not is_of_segmentation or sock is None or address is None:
            self._totals.send_failures += 1
            return
        if error.errno == errno.EIO:
            self._segmentation = False
        for position in range(start, end, size):
            try:
                sock.sendto(self._view[position : min(position + size, end)], address)
            except OSError:
                self._totals.send_failures += 1

    def _write_frames(self, egress: Egress, sizes: list[int]) -> None:
        if egress.write_frame is None:
            return
        start = 0
        for size in sizes:
            egress.write_frame(bytes(self._view[start : start + size]))
            start += size
