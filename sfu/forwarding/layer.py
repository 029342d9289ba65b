"""One layer of a track: a single incoming stream, its ring, and the slots that it fills."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from sfu.caps import Policer
from sfu.forwarding.media_packet import NO_NUMBER, MediaPacket
from sfu.forwarding.meter import Tally
from sfu.forwarding.outlet import Outlets
from sfu.forwarding.packet_path import PacketPath
from sfu.forwarding.ring import PacketRing
from sfu.forwarding.sender_clock import StreamClock
from sfu.link_messages import Codec, Excess, Kind
from sfu.native.stream import CLOSED, NativeStream
from sfu.rtp.nack import NackScheduler
from sfu.rtp.packet import RtpPacket
from sfu.rtp.reception import Reception
from sfu.rtp.sequence import seq_delta

if TYPE_CHECKING:
    from sfu.forwarding.slot import OutgoingSlot

RING_SIZE = {"audio": 256, "video": 512}
RING_AGE = 1.0
"""Seconds after which a packet is repeated for nobody: whoever has missed it for so long needs a keyframe."""
RING_KEPT = 64
"""Packets that are kept however old they are: of a picture that rarely changes, the next one shows what was lost."""
LIVE_TIMEOUT = 1.0
"""Seconds without media after which a video layer counts as missing."""

JOIN_BATCH, LEAVE_BATCH = 64, 128
"""Slots of a large room that join and leave in one turn: some 0.6 ms."""

MAX_DISORDER = 3000
"""Packets; what is further behind is not late."""


@dataclass(slots=True)
class Newest:
    """The newest packet in sequence order: a slot that leaves the layer goes on from these numbers."""

    sequence: int  # extended, beyond 16 bits
    timestamp: int
    picture_id: int
    tl0: int
    arrived: float


class Layer:
    """An incoming stream of one SSRC. Video slots join at a keyframe; audio slots at any packet.

    `started` is set with the first packet, before it is forwarded, so that slots can join with that very packet.
    `withheld` says why no slot gets this layer, None when it is within its cap; whoever sets it releases the slots.
    """

    def __init__(self, kind: Kind, rid: str, ssrc: int, clock: StreamClock, policer: Policer, path: PacketPath) -> None:
        self.kind = kind
        self.rid = rid
        self.ssrc = ssrc
        self.clock = clock
        self.height = 0
        self.started = False
        self._policer = policer
        self.withheld: Excess | None = None
        self.asked_for_size = 0.0
        """When a keyframe was asked for to see whether pictures that were too large are so still."""
        self.keyframe_wanted = False
        """Whether a participant has asked for a keyframe of this layer."""
        self._newest: Newest | None = None
        self._native = NativeStream.make(ssrc, clock.clock_rate, RING_SIZE[kind])
        self._tally = Tally()
        # Not a method of the layer's: with its packets it has to be gone when nobody holds it any more.
        self.outlets = Outlets() if self._native is None else Outlets(self._native.tear_down)
        self.slots: set[OutgoingSlot] = set()
        self.waiting: set[OutgoingSlot] = set()
        """Those that join at the next keyframe."""
        self.joining: dict[OutgoingSlot, int] = {}
        """Those that join as soon as there is time, and the keyframe that they begin with."""
        self.leaving: dict[OutgoingSlot, Newest | None] = {}
        """Those that got nothing any more since this packet, and let go of the layer as soon as there is time."""
        self._reception = Reception(clock.clock_rate)
        self.lost_counted = 0
        """How many of the lost packets `Ingress.received_of` has added up."""
        self.releases = 0
        """How often all slots were sent away."""
        self.nack = NackScheduler()
        self._restart_at: int | None = None
        self._path = path
        self._ring = PacketRing(RING_SIZE[kind], self._native)
        self._passed: deque[tuple[float, int]] = deque()
        """When which packet was the newest, within RING_AGE."""

    @property
    def newest(self) -> Newest | None:
        """None before the first packet."""
        self._settle()
        return self._newest

    @property
    def reception(self) -> Reception:
        self._settle()
        return self._reception

    @property
    def policer(self) -> Policer:
        self._settle()
        return self._policer

    def await_slot(self, slot: "OutgoingSlot") -> None:
        """A slot joins as soon as it can."""
        if self.kind == "audio":
            # With the very next packet.
            self.stop_passing()
        self.waiting.add(slot)

    def let_pass(self, packet: RtpPacket, codec: Codec, level_id: int, tally: Tally) -> bool:
        """Let packets go by without a look, if they follow this one and are no keyframes.

        `packet` has just been forwarded, `level_id` is the id of the header extension that tells its loudness, 0 for
        none, and `tally` is where payloads are counted. False where that cannot be, until there is another packet.
        """
        native, newest, number = self._native, self._newest, packet.sequence_number
        if native is None or newest is None or self.withheld is not None or (self.kind == "audio" and self.waiting):
            return False
        if self.leaving:
            # C would answer their NACKs with packets that they never got.
            return False
        highest = self.nack.highest, self._reception.highest, newest.sequence
        if any(one is None or one & 0xFFFF != number for one in highest):
            return False
        if native.codec == CLOSED or native.pointer.payload_type != packet.payload_type:
            outlets = self._path.native_outlets(self.outlets, codec, with_level=bool(level_id))
            if outlets is None:
                return False
            native.set_up(codec.name, packet.payload_type, level_id, outlets)
        self._tally = tally
        reception = self._reception
        native.open(newest.sequence, reception.last_timestamp, reception.last_arrival, reception.jitter)
        return True

    def pause_passing(self) -> None:
        """Look at every packet until `let_pass`."""
        if self._native is not None:
            self._native.close()
            self._settle()

    def stop_passing(self) -> None:
        """Look at the next packet, and at who gets it, anew."""
        if self._native is not None:
            self._native.tear_down()
            self._settle()

    @property
    def native(self) -> NativeStream | None:
        """This layer in the compiled packet path; None without one."""
        return self._native

    def _settle(self) -> None:
        """Take over what packets told that have gone by."""
        passed = None if self._native is None else self._native.take()
        if passed is None or self._newest is None:
            return
        self._reception.skip(passed.packets, passed.timestamp, passed.arrived, passed.jitter)
        self.nack.skip(passed.packets)
        self._policer.octets += passed.packet_octets
        self._tally.packets += passed.packets
        self._tally.octets += passed.payload_octets
        before, video = self._newest, self.kind == "video"
        self._newest = Newest(
            before.sequence + passed.packets,
            passed.timestamp,
            passed.picture_id if video else before.picture_id,
            passed.tl0 if video else before.tl0,
            passed.arrived,
        )

    @property
    def needs_keyframe(self) -> bool:
        """Whether slots wait for one to join, or cannot go on without one."""
        if self.withheld == "resolution":
            return self.keyframe_wanted
        return bool(self.waiting or (self.slots and (self.keyframe_wanted or self.nack.keyframe_needed)))

    def is_live(self, now: float) -> bool:
        """Whether packets are coming. Audio may pause for long (discontinuous transmission)."""
        if self.newest is None:
            return self.started
        return self.kind == "audio" or now - self.newest.arrived < LIVE_TIMEOUT

    def restarts(self, sequence_number: int) -> bool:
        """Whether the publisher began to count anew: two packets in a row, far behind the newest (RFC 3550 A.1)."""
        if self.newest is None or seq_delta(self.newest.sequence & 0xFFFF, sequence_number) < MAX_DISORDER:
            self._restart_at = None
            return False
        confirmed = sequence_number == self._restart_at
        self._restart_at = (sequence_number + 1) & 0xFFFF
        return confirmed

    def is_duplicate(self, sequence_number: int, now: float) -> bool:
        """Note the number of a packet; whether it has been here already (or is too old to tell)."""
        was_missing = self.nack.received(sequence_number, now)
        return not was_missing and self.newest is not None and self._extend(sequence_number) <= self.newest.sequence

    def forward(self, packet: MediaPacket, keyframe: bool, now: float) -> None:
        """Take in one packet and hand it to the slots: those in place, and those that a keyframe lets in.

        A packet that comes late (reordered, or retransmitted by the publisher) may belong before a slot's switch to
        this layer: then the slot does not get it.
        """
        self._ring.put(packet)
        sequence = self._extend(packet.sequence_number)
        in_order = self.newest is None or sequence > self.newest.sequence
        if in_order:
            if keyframe:
                self._admit(packet, sequence, now)
            self._newest = self._following(packet, sequence, now)
            self._path.enqueue(self.outlets, packet)
        else:
            plans = (slot.plan_of(sequence) for slot in self.slots)
            self._path.enqueue_late([plan for plan in plans if plan is not None], packet)
            if keyframe:
                self._let_in(tuple(self.waiting), sequence)

    def settle_some(self, now: float) -> bool:
        """Let some slots leave or join. Returns whether others remain."""
        if self.leaving:
            for slot in tuple(islice(self.leaving, LEAVE_BATCH)):
                slot.leave(self)
        elif self.joining and self.newest is not None:
            self._join_some(self.newest, now)
        return bool(self.leaving or self.joining)

    def _join_some(self, newest: Newest, now: float) -> None:
        """Some of those join who could have since a keyframe, with all that came since."""
        sequence = next(iter(self.joining.values()))
        slots = [slot for slot, since in islice(self.joining.items(), JOIN_BATCH) if since == sequence]
        keyframe = self.packet(sequence)
        if keyframe is None:
            # That was too long ago.
            for slot in slots:
                del self.joining[slot]
            for slot in slots:
                self.await_slot(slot)
            return
        missed = Outlets()
        for slot in slots:
            slot.switch(self, missed, keyframe, sequence, now)
        for number in range(sequence, newest.sequence + 1):
            packet = self.packet(number)
            if packet is not None:
                self._path.enqueue(missed, packet)
        self._path.move(missed, self.outlets)

    def forget(self, slot: "OutgoingSlot") -> None:
        """The slot does not wait for this layer any more."""
        self.waiting.discard(slot)
        self.joining.pop(slot, None)

    def packet(self, sequence: int) -> MediaPacket | None:
        """The packet with this extended sequence number, if the ring still holds it."""
        if self.newest is None or not 0 <= self.newest.sequence - sequence < 0x8000:
            return None
        return self._ring.get(sequence & 0xFFFF)

    def forget_old(self, now: float) -> None:
        """Let go of packets that are too old to be repeated; due each 100 ms."""
        if self.newest is None:
            return
        newest = self.newest.sequence
        self._passed.append((now, newest))
        while now - self._passed[0][0] >= RING_AGE:
            _, passed = self._passed.popleft()
            self._ring.forget(min(passed, newest - RING_KEPT))

    @property
    def jitter(self) -> float:
        """In seconds."""
        return self.reception.jitter / self.clock.clock_rate

    def release(self) -> None:
        """The stream ended: every slot keeps its numbers and goes idle, in a large room as soon as there is time."""
        self.stop_passing()
        self.releases += 1
        for slot in [*self.waiting, *self.joining]:
            slot.leave(self)
        if len(self.slots) <= LEAVE_BATCH:
            for slot in tuple(self.slots):
                slot.leave(self)
            return
        self._path.clear(self.outlets)
        self.leaving.update(dict.fromkeys(self.slots, self.newest))
        self.slots = set()
        self._path.settle_soon(self)

    def newest_of(self, slot: "OutgoingSlot") -> Newest | None:
        """The newest packet that this slot has got of the layer."""
        return self.leaving.get(slot, self.newest)

    def _admit(self, packet: MediaPacket, sequence: int, now: float) -> None:
        """A few join at once. In a large room all others follow between the packets to come."""
        waiting = tuple(self.waiting)
        at_once = self._path.joins(len(waiting)) if waiting else 0
        for slot in waiting[:at_once]:
            slot.switch(self, self.outlets, packet, sequence, now)
        self._let_in(waiting[at_once:], sequence)

    def _let_in(self, slots: "Sequence[OutgoingSlot]", sequence: int) -> None:
        if slots:
            self.waiting.difference_update(slots)
            self.joining.update(dict.fromkeys(slots, sequence))
            self._path.settle_soon(self)

    def _following(self, packet: MediaPacket, sequence: int, now: float) -> Newest:
        """Numbers that the packet lacks, as padding does, are those of the packets before it."""
        picture_id, tl0 = packet.picture_id, packet.tl0
        if self.newest is not None:
            picture_id = self.newest.picture_id if picture_id == NO_NUMBER else picture_id
            tl0 = self.newest.tl0 if tl0 == NO_NUMBER else tl0
        return Newest(sequence, packet.timestamp, picture_id, tl0, now)

    def _extend(self, sequence_number: int) -> int:
        if self.newest is None:
            return sequence_number
        return self.newest.sequence + seq_delta(sequence_number, self.newest.sequence & 0xFFFF)
