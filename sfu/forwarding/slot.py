"""A slot: one outgoing stream to a participant, unbroken for ever, whoever fills it.

Sequence numbers, timestamps, picture ids and TL0 indexes go on by one across every change of layer and source. The
history of switches is all that is needed to answer a NACK exactly: it tells which layer's ring holds the packet and
by which plan it was written.
"""

import secrets
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from struct import pack_into, unpack_from
from typing import TYPE_CHECKING, Any, NamedTuple

from sfu.forwarding.compiled_flush import native_heads
from sfu.forwarding.egress import Egress
from sfu.forwarding.layer import Layer
from sfu.forwarding.media_packet import NO_NUMBER, MediaPacket
from sfu.forwarding.meter import Tally
from sfu.forwarding.native_outlet import native_plan
from sfu.forwarding.outlet import Outlets
from sfu.forwarding.packet_path import PacketPath
from sfu.forwarding.plan import Plan
from sfu.forwarding.wire_format import HAS_EXTENSION, HEADER_SIZE, MARKER, WireFormat, write_packet
from sfu.link_messages import Slot as SlotParameters
from sfu.native.rtcp import NativeSlot
from sfu.rtcp.reports import ReportBlock

if TYPE_CHECKING:
    from sfu.forwarding.track import PublishedTrack

HISTORY = 16
HISTORY_AGE = 5.0
"""Switches remembered for NACKs, and seconds after they were followed by another; rings hold no more at most."""
MIN_STEP = {"audio": 0.020, "video": 0.001}
"""Seconds that a switch moves the timestamp at least: Opus packets last 20 ms, and must not overlap."""
RESEND_BUDGET = 500
"""Packets looked up for NACKs of one slot between two calls of `refill`, each second: a NACK can name thousands."""
REPEAT_AFTER = 20
"""Milliseconds before the same packet is sent again once more: participants ask faster than a busy server answers."""
REMEMBERED = 64
"""Numbers of packets that were sent again last."""


@dataclass(slots=True)
class Numbers:
    """What the slot sent last. `sequence` is extended beyond 16 bits; `at` is when it was sent, in seconds."""

    sequence: int
    timestamp: int
    picture_id: int
    tl0: int
    at: float | None = None


class Resends:
    """What all answers to NACKs of one slot share: C's `struct slot` has the same fields (`sfu/native/rtcp.h`).

    `numbers` and `times` hold by number modulo REMEMBERED what was sent again last, and when: milliseconds modulo 2^16.
    """

    __slots__ = ("budget", "numbers", "rtx_sequence", "times")

    def __init__(self) -> None:
        self.budget = self.rtx_sequence = 0
        # A number that never has this place.
        self.numbers = [1, *[0] * (REMEMBERED - 1)]
        self.times = [0] * REMEMBERED


class Switch(NamedTuple):
    """From `first` (extended, the slot's numbers) on, packets are those of `layer` under `plan`; since `at` seconds."""

    at: float
    first: int
    layer: Layer
    plan: Plan


class OutgoingSlot:
    """`track` is who was chosen to fill the slot; `layer` the stream whose packets flow now, until a keyframe of
    `target` takes over."""

    def __init__(self, parameters: SlotParameters, egress: Egress, path: PacketPath) -> None:
        self.parameters = parameters
        self.slot_id = parameters.slot_id
        self.egress = egress
        self.wire_format = WireFormat.of_slot(parameters)
        self.max_height = parameters.max_height
        self.track: PublishedTrack | None = None
        self.layer: Layer | None = None
        self.target: Layer | None = None
        self.target_since = 0.0
        self._path = path
        self._plan: Plan | None = None
        self._first_source_sequence = 0
        self._history: deque[Switch] = deque(maxlen=HISTORY)
        # Low enough that a receiver's first packets do not wrap (RFC 3711 section 3.3.1: an unknown rollover counter).
        self._last = Numbers(secrets.randbits(14), secrets.randbits(32), secrets.randbits(15), 0)
        self._packets_sent = 0
        self._octets_sent = 0
        self._reported_lost = 0
        self._reported_packets = -1, -1
        """How many had been sent at the last two calls of `sender_report`."""
        self.jitter = 0.0
        """In seconds, as the participant says."""
        self.native = NativeSlot.make()
        """This slot in the compiled packet path; None without one."""
        self._resends: Any = Resends() if self.native is None else self.native.pointer
        self._resends.rtx_sequence = secrets.randbits(14)
        self._resends.budget = RESEND_BUDGET
        self._describe()

    @property
    def audio(self) -> bool:
        return self.parameters.use == "audio"

    @property
    def was_used(self) -> bool:
        """Whether anybody ever filled it: most slots of a large room's viewers stay empty."""
        return self.layer is not None or self._last.at is not None

    def update(self, parameters: SlotParameters) -> None:
        """Take over what was negotiated anew. If packets look different from now on, the slot starts at a keyframe."""
        self.parameters = parameters
        self.max_height = parameters.max_height
        wire_format = WireFormat.of_slot(parameters)
        if wire_format != self.wire_format:
            self.idle()
            self.wire_format = wire_format
        self._describe()

    def aim(self, layer: Layer | None, now: float) -> bool:
        """Make `layer` the one to switch to, None for an idle slot. Returns whether a keyframe is now wanted."""
        if layer is None:
            self.idle()
            return False
        if self.target is not None and self.target is not layer:
            self.target.forget(self)
            self.target = None
        if layer is self.layer or layer is self.target:
            return False
        self.target, self.target_since = layer, now
        layer.await_slot(self)
        return not self.audio

    def idle(self) -> None:
        """Stop at once; numbers go on from here when the slot is filled again."""
        if self.target is not None:
            self.target.forget(self)
            self.target = None
        self.stop()

    def stop(self) -> None:
        """Let no more packets of the present layer through; a target that was set stays."""
        if self.layer is None or self._plan is None:
            return
        if self.native is not None:
            self.native.empty()
        self._path.detach(self._plan)
        self._last = self._current()
        packets, octets = self._plan.sent
        self._packets_sent += packets
        self._octets_sent += octets
        self.layer.slots.discard(self)
        self.layer.leaving.pop(self, None)
        self.layer = self._plan = None

    def leave(self, layer: Layer) -> None:
        """The layer ended."""
        if self.target is layer:
            layer.forget(self)
            self.target = None
        if self.layer is layer:
            self.stop()

    def switch(self, layer: Layer, outlets: Outlets, packet: MediaPacket, sequence: int, now: float) -> None:
        """Go on with `layer` from this packet of it; `sequence` is the packet's, extended.

        `outlets` are the layer's, or those from which it takes the plan over.
        """
        self.stop()
        layer.forget(self)
        self.target = None
        last = self._last
        plan = Plan(
            self.egress,
            self.wire_format,
            self.parameters.ssrc,
            sequence_offset=last.sequence + 1 - sequence,
            timestamp_offset=self._next_timestamp(layer.clock.clock_rate, now) - packet.timestamp,
            picture_id_offset=last.picture_id + 1 - packet.picture_id,
            tl0_offset=last.tl0 + 1 - packet.tl0,
        )
        self._history.append(Switch(now, last.sequence + 1, layer, plan))
        self._first_source_sequence = sequence
        self.layer, self._plan = layer, plan
        layer.slots.add(self)
        self._path.attach(outlets, plan)
        if self.native is not None and layer.native is not None:
            self.native.fill(layer.native, native_plan(plan), sequence)

    def plan_of(self, sequence: int) -> Plan | None:
        """The plan of a packet of the present layer that may not be its newest; None for one before the switch."""
        return self._plan if sequence >= self._first_source_sequence else None

    def refill(self, now: float) -> None:
        """Allow for more retransmissions, and let go of layers, with their packets, that nobody asks for any more."""
        self._resends.budget = RESEND_BUDGET
        oldest = now - HISTORY_AGE
        while len(self._history) > 1 and self._history[1].at < oldest:
            self._history.popleft()
        if self.layer is None and self._last.at is not None and self._last.at < oldest:
            self._history.clear()

    def resend(self, sequence_numbers: Sequence[int], now: float) -> int:
        """Answer a NACK. Returns how many of the packets were still there and have been sent again."""
        sent = 0
        newest = self._current().sequence
        answered = sequence_numbers[: self._resends.budget]
        self._resends.budget -= len(answered)
        for number in answered:
            sent += self._resend_one(newest - ((newest - number) & 0xFFFF), now)
        return sent

    def sender_report(self, now: float) -> tuple[int, int, int] | None:
        """RTP timestamp at `now`, packets and octets sent; due each second.

        None while idle or while the clock is unknown, and when nothing was sent since the call before the last one: a
        participant of a large room has a slot for many a microphone that is off (RFC 3550 section 6.4).
        """
        if self.layer is None or self._plan is None:
            return None
        timestamp = self.layer.clock.timestamp_at(now)
        if timestamp is None:
            return None
        sent = self.sent()
        is_silent = self._reported_packets == (sent.packets, sent.packets)
        self._reported_packets = self._reported_packets[1], sent.packets
        if is_silent:
            return None
        return (
            (timestamp + self._plan.timestamp_offset) & 0xFFFFFFFF,
            sent.packets & 0xFFFFFFFF,
            sent.octets & 0xFFFFFFFF,
        )

    def reported(self, block: ReportBlock) -> None:
        """What the participant says of how the slot's packets arrive."""
        self._reported_lost = block.packets_lost
        if self.parameters.codecs:
            self.jitter = block.jitter / self.parameters.codecs[0].clock_rate

    def sent(self) -> Tally:
        """What was sent so far; packets sent again do not count."""
        total = Tally()
        self.add_sent(total)
        return total

    def add_sent(self, total: Tally) -> None:
        """Add what was sent so far; packets sent again do not count."""
        total.packets += self._packets_sent
        total.octets += self._octets_sent
        total.lost += self._reported_lost
        if self._plan is not None:
            packets, octets = self._plan.sent
            total.packets += packets
            total.octets += octets

    def _describe(self) -> None:
        if self.native is not None:
            self.native.describe(self.parameters.ssrc, self.parameters.rtx_ssrc, native_heads(self.wire_format))

    def _was_resent(self, sequence: int, now: float) -> bool:
        """Whether this packet was sent again a moment ago; if not, it is now."""
        number, place, milliseconds = sequence & 0xFFFF, sequence % REMEMBERED, int(now * 1000) & 0xFFFF
        numbers, times = self._resends.numbers, self._resends.times
        if numbers[place] == number and (milliseconds - times[place]) & 0xFFFF < REPEAT_AFTER:
            return True
        numbers[place], times[place] = number, milliseconds
        return False

    def _resend_one(self, sequence: int, now: float) -> bool:
        switch = next((switch for switch in reversed(self._history) if switch.first <= sequence), None)
        if switch is None:
            return False
        packet = switch.layer.packet(sequence - switch.plan.sequence_offset)
        if packet is None:
            return False
        canonical = self.wire_format.canonical(packet)
        if canonical is None or self._was_resent(sequence, now):
            return False
        rtx_payload_type = self.wire_format.rtx_payload_type.get(packet.format)
        if self.parameters.rtx_ssrc is None or rtx_payload_type is None:
            self._path.send(switch.plan, (canonical,))
            return True
        data = write_packet(canonical, switch.plan)
        rtx_sequence = self._resends.rtx_sequence = (self._resends.rtx_sequence + 1) & 0xFFFF
        retransmission = as_retransmission(data, rtx_payload_type, self.parameters.rtx_ssrc, rtx_sequence)
        self._path.send_rtp(self.egress, retransmission, canonical.transport_at)
        return True

    def _current(self) -> Numbers:
        """What was sent last, counting what waits in the packet path."""
        if self.layer is None or self._plan is None:
            return self._last
        newest, plan, last = self.layer.newest_of(self), self._plan, self._last
        if newest is None:
            return last
        return Numbers(
            newest.sequence + plan.sequence_offset,
            (newest.timestamp + plan.timestamp_offset) & 0xFFFFFFFF,
            last.picture_id if newest.picture_id == NO_NUMBER else newest.picture_id + plan.picture_id_offset,
            last.tl0 if newest.tl0 == NO_NUMBER else newest.tl0 + plan.tl0_offset,
            newest.arrived,
        )

    def _next_timestamp(self, clock_rate: int, now: float) -> int:
        if self._last.at is None:
            return self._last.timestamp
        step = max(now - self._last.at, MIN_STEP["audio" if self.audio else "video"])
        return self._last.timestamp + round(step * clock_rate)


def as_retransmission(data: bytearray, payload_type: int, ssrc: int, sequence_number: int) -> bytes:
    """The RTX packet that carries this packet (RFC 4588 section 4): the original number goes before the payload."""
    header = HEADER_SIZE
    if data[0] & HAS_EXTENSION:
        header += 4 + 4 * int(unpack_from("!H", data, HEADER_SIZE + 2)[0])
    original_sequence_number = bytes(data[2:4])
    data[1] = data[1] & MARKER | payload_type
    pack_into("!H", data, 2, sequence_number)
    pack_into("!I", data, 8, ssrc)
    return bytes(data[:header]) + original_sequence_number + bytes(data[header:])
