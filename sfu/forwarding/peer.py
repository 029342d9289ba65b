"""One transport's part in a session: what it publishes, and its slots."""

from collections.abc import Callable, Iterator, Sequence

from sfu.congestion.delivery import DeliveryMeter
from sfu.forwarding.egress import Egress
from sfu.forwarding.ingress import FEEDBACK_SSRC, NTP_UNIT, Ingress
from sfu.forwarding.meter import USES, Tally, TransportMeter
from sfu.forwarding.packet_path import PacketPath
from sfu.forwarding.slot import OutgoingSlot
from sfu.forwarding.track import PublishedTrack
from sfu.link_messages import Slot, SlotUse, TransportFigures
from sfu.native.feedback import read_feedback
from sfu.native.rtcp import NativeReporter
from sfu.rtcp.feedback import TRANSPORT_FEEDBACK
from sfu.rtcp.packets import (
    Bye,
    Fir,
    Nack,
    Pli,
    ReceiverReport,
    Remb,
    ReportBlock,
    RtcpError,
    RtcpPacket,
    SenderReport,
    SourceDescription,
    parse_packet,
    split_rtcp,
)
from sfu.rtcp.transport_feedback import TRANSPORT_WIDE
from sfu.stage import Assignment

DEFAULT_RTT = 0.1
"""Seconds, until a receiver report tells."""
MAX_RTT = 5.0
MAX_BLOCKS = 31
"""Report blocks of one report (RFC 3550 section 6.4.2)."""
RESENDS_AT_ONCE = 200
"""Packets sent again for one RTCP packet, some 1.5 ms in which others wait. What is still missing is named again."""
MAX_COMPOUND = 1_100
"""Bytes of reports in one packet, without what SRTP adds."""

Count = Callable[[str, int], None]


class Peer:
    """The callbacks are those of `Ingress`."""

    def __init__(
        self,
        transport_id: str,
        endpoint_id: str,
        cname: str,
        path: PacketPath,
        *,
        count: Count,
        changed: Callable[[], None],
        started: Callable[[float], None],
        level: Callable[[int, bool, float], None],
        limited: Callable[[PublishedTrack], None],
    ) -> None:
        self.transport_id = transport_id
        self.endpoint_id = endpoint_id
        self.egress = Egress()
        self._measured_rtt: float | None = None
        self.slots: dict[str, OutgoingSlot] = {}
        self.assignment = Assignment()
        self.screens: tuple[str | None, ...] = ()
        self.reported: dict[str, str | None] = {}
        self.ingress = Ingress(
            path,
            count=lambda name: count(name, 1),
            changed=changed,
            started=started,
            level=level,
            limited=limited,
        )
        self._cname = cname
        self._resends_left = RESENDS_AT_ONCE
        self._path = path
        self._count = count
        self._by_ssrc: dict[int, OutgoingSlot] = {}
        self._by_use: dict[SlotUse, list[OutgoingSlot]] = {}
        self._meter = TransportMeter()
        self.reporter = NativeReporter.make(self.egress.native)
        """What it says of what it gets, in the compiled packet path; None without one."""
        self._delivery = DeliveryMeter(None if self.reporter is None else self.reporter.delivery)
        self._sent_before = {use: Tally() for use in USES}  # by slots that are gone

    @property
    def rtt(self) -> float:
        """The smoothed round-trip time in seconds."""
        return DEFAULT_RTT if self._measured_rtt is None else self._measured_rtt

    @property
    def connected(self) -> bool:
        return self.egress.srtp is not None

    def put_slots(self, slots: Sequence[Slot]) -> None:
        """Make `slots` the negotiated ones; a slot that stays keeps its numbers."""
        wanted = {slot.slot_id: slot for slot in slots}
        for slot_id in self.slots.keys() - wanted.keys():
            self._remove(self.slots.pop(slot_id))
            self.reported.pop(slot_id, None)
        for slot_id, parameters in wanted.items():
            known = self.slots.get(slot_id)
            if known is None:
                self.slots[slot_id] = OutgoingSlot(parameters, self.egress, self._path)
            elif known.parameters != parameters:
                known.update(parameters)
        if any("transport-wide-cc" in slot.extensions for slot in slots):
            self.egress.number_packets()
        self._by_ssrc = {slot.parameters.ssrc: slot for slot in self.slots.values()}
        if self.reporter is not None:
            self.reporter.put_slots([slot.native for slot in self._by_ssrc.values() if slot.native is not None])
        self._by_use.clear()
        for slot in sorted(self.slots.values(), key=lambda slot: slot.parameters.index):
            self._by_use.setdefault(slot.parameters.use, []).append(slot)

    def slots_of(self, use: SlotUse) -> list[OutgoingSlot]:
        """In the order of their index."""
        return self._by_use.get(use, [])

    def sent_of(self, use: SlotUse) -> Tally:
        """What was sent of one use so far, by all slots that there have been."""
        before = self._sent_before[use]
        total = Tally(before.packets, before.octets, before.lost)
        for slot in self.slots_of(use):
            if slot.was_used:
                slot.add_sent(total)
        return total

    def measure(self, now: float) -> None:
        """Read what has flowed; due each second."""
        self._meter.sample(self, now)
        self._delivery.sample(now)

    def figures(self) -> TransportFigures | None:
        """What has flowed since the last call, None for nothing."""
        return self._meter.take(self._measured_rtt, self._delivery.take())

    def rtcp(self, data: bytes, now: float, ntp: float) -> None:
        """Take in a decrypted RTCP packet that arrived at `now`, which is `ntp` on this node's NTP clock."""
        if self.reporter is not None and self._path.take_rtcp(self.reporter, data, now):
            return
        self._resends_left = RESENDS_AT_ONCE
        try:
            for payload_type, count, body in split_rtcp(data):
                if payload_type == TRANSPORT_FEEDBACK and count == TRANSPORT_WIDE:
                    self._delivered(body, now)
                else:
                    self._take(parse_packet(payload_type, count, body), now, ntp)
        except RtcpError:
            self._count("rtcp-malformed", 1)

    def _delivered(self, body: bytes, now: float) -> None:
        """Transport-wide feedback: what comes most often from those who only receive."""
        egress = self.egress
        if egress.history is not None:
            self._delivery.add(read_feedback(body, egress.history, egress.native), now)

    def _take(self, packet: RtcpPacket, now: float, ntp: float) -> None:
        match packet:
            case SenderReport():
                self.ingress.sender_report(packet, now)
                self._reports(packet.reports, ntp)
            case ReceiverReport():
                self._reports(packet.reports, ntp)
            case Nack():
                self._nack(packet, now)
            case Pli():
                self._keyframe_wanted([packet.media_ssrc], now)
            case Fir():
                self._keyframe_wanted([ssrc for ssrc, _ in packet.entries], now)
            case Bye():
                for ssrc in packet.ssrcs:
                    self.ingress.bye(ssrc)
            case Remb() | SourceDescription():
                pass  # names are not ours to know, and feedback on each packet says more than a bitrate
            case _:
                self._count("rtcp-unknown", 1)

    def requests(self, now: float) -> bytes:
        """NACKs and PLIs for what this peer publishes, b"" for none; due each 10 ms."""
        requests = self.ingress.requests(self.rtt, now)
        return b"".join(request.to_bytes() for request in requests) if requests else b""

    def reports(self, now: float, ntp: float) -> list[bytes]:
        """Sender reports of the filled slots, and receiver reports; due each second (RFC 3550 section 6.4)."""
        blocks = self.ingress.report_blocks(now)
        receivers = [
            (FEEDBACK_SSRC, ReceiverReport(FEEDBACK_SSRC, tuple(blocks[start : start + MAX_BLOCKS])).to_bytes())
            for start in range(0, len(blocks), MAX_BLOCKS)
        ]
        return [*self._compounds(self._sender_reports(now, ntp)), *self._compounds(receivers)]

    def _sender_reports(self, now: float, ntp: float) -> list[tuple[int, bytes]]:
        ntp_time = round(ntp / NTP_UNIT) & (2**64 - 1)
        reports = []
        for slot in self.slots.values():
            if not slot.was_used:
                continue
            slot.refill(now)
            report = slot.sender_report(now)
            if report is not None:
                ssrc = slot.parameters.ssrc
                reports.append((ssrc, SenderReport(ssrc, ntp_time, *report).to_bytes()))
        return reports

    def _compounds(self, reports: Sequence[tuple[int, bytes]]) -> Iterator[bytes]:
        """Reports by SSRC, as few packets as possible: each costs an encryption and a datagram (RFC 8108 section 5)."""
        compound = b""
        ssrcs: list[int] = []
        described = 12 + len(self._cname.encode())
        for ssrc, report in reports:
            if len(compound) + len(report) + described * (len(ssrcs) + 1) > MAX_COMPOUND and ssrcs:
                yield compound + SourceDescription.of_cname(self._cname, ssrcs).to_bytes()
                compound, ssrcs = b"", []
            compound += report
            ssrcs.append(ssrc)
        if ssrcs:
            yield compound + SourceDescription.of_cname(self._cname, ssrcs).to_bytes()

    def close(self) -> None:
        for slot in self.slots.values():
            slot.idle()
        self._path.close(self.egress)
        self.ingress.close()

    def _remove(self, slot: OutgoingSlot) -> None:
        slot.idle()
        slot.add_sent(self._sent_before[slot.parameters.use])

    def _reports(self, blocks: Sequence[ReportBlock], ntp: float) -> None:
        """Learn how slots arrive, and the round-trip time by a block's LSR and DLSR (RFC 3550 section 6.4.1)."""
        for block in blocks:
            slot = self._by_ssrc.get(block.ssrc)
            if slot is None:
                continue
            slot.reported(block)
            if not block.last_sr:
                continue
            arrived = round(ntp * 65536) & 0xFFFFFFFF
            rtt = ((arrived - block.last_sr - block.delay_since_last_sr) & 0xFFFFFFFF) / 65536
            if rtt <= MAX_RTT:
                known = self._measured_rtt
                self._measured_rtt = rtt if known is None else known + (rtt - known) / 4

    def _nack(self, nack: Nack, now: float) -> None:
        slot = self._by_ssrc.get(nack.media_ssrc)
        if slot is None:
            return
        self._count("packets-nacked", len(nack.sequence_numbers))
        answered = nack.sequence_numbers[: self._resends_left]
        self._resends_left -= len(answered)
        self._count("packets-resent", slot.resend(answered, now))

    def _keyframe_wanted(self, ssrcs: Sequence[int], now: float) -> None:
        for ssrc in ssrcs:
            slot = self._by_ssrc.get(ssrc)
            if slot is not None and slot.track is not None:
                self._count("keyframes-requested", 1)
                slot.track.want_keyframe(slot.layer, now)
