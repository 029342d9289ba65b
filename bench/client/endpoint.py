"""One transport of one participant: the streams that it receives and the traffic that it publishes."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from aiortc.rtcdtlstransport import RTCCertificate

from bench.client.description import SEQUENCE, Section
from bench.client.feedback import REPORT_PERIOD, Arrivals, Reporter, Requests, only_a_sender_report
from bench.client.tally import Tally
from bench.client.traffic import AudioTraffic, VideoTraffic
from bench.client.transport import CONSENT_PERIOD, Transport
from sfu.rtcp.errors import RtcpError
from sfu.rtcp.feedback import Fir, Nack, Pli
from sfu.rtcp.packets import parse_rtcp
from sfu.rtcp.reports import SenderReport

_NTP_1970 = 2_208_988_800
_FEEDBACK_SSRC = 1


@dataclass(slots=True)
class Stream:
    """An SSRC that is received: `number` is that of the tally. `repairs` is the stream whose packets it repeats."""

    number: int
    ssrc: int
    video: bool
    owner: "Endpoint"
    repairs: "Stream | None" = None
    requests: Requests = field(default_factory=Requests)


class Endpoint:
    """`owner` is its number among all endpoints. `opened_at` is when its WebSocket was open (real-time nanoseconds)."""

    def __init__(
        self, owner: int, tally: Tally, certificate: RTCCertificate, setup: str, count: Callable[[str], None]
    ) -> None:
        self.owner = owner
        self.transport = Transport(certificate, setup, count)
        self.streams: list[Stream] = []
        self.video: VideoTraffic | None = None
        self.audio: AudioTraffic | None = None
        self.sequence_id = 0
        """The id of the transport-wide sequence number on what is received; 0 when it was not negotiated."""
        self.opened_at = time.time_ns()
        self.watched = False
        """Whether each of its packets is decrypted and looked at, rather than a sample."""
        self.tasks: list[asyncio.Task[None]] = []
        self._tally = tally
        self._count = count
        self._arrivals = Arrivals()
        self.build_reports: Callable[[int], list[bytes]] | None = self._arrivals.build
        """The transport-wide reports on what came since the last, given an SSRC; None where others send them."""
        self._reporter = Reporter()
        self.gapped: dict[int, Stream] = {}
        """Streams of which packets are missing, so that there may be something to `ask`."""
        self.due = 0.0
        """Before that, there is nothing to `answer`."""
        self._transport_sequence = 0
        self._consent_due = self._report_due = 0.0
        self._reduced_size = True

    def expect(self, sections: Iterable[Section]) -> list[Stream]:
        """Take in what the server will send; the streams, those of retransmissions included."""
        added = []
        for section in sections:
            video = section.kind == "video"
            self._reduced_size &= "a=rtcp-rsize" in section.lines
            if section.ssrcs:
                # Servers may number the video only.
                self.sequence_id = section.extensions.get(SEQUENCE, self.sequence_id)
            for place, ssrc in enumerate(section.ssrcs):
                stream = Stream(self._tally.add(self.owner, ssrc), ssrc, video, self)
                added.append(stream)
                if place < len(section.rtx_ssrcs):
                    rtx = section.rtx_ssrcs[place]
                    added.append(Stream(self._tally.add(self.owner, rtx), rtx, video, self, repairs=stream))
        self.streams += added
        return added

    @property
    def first_media_at(self) -> int | None:
        """When the first packet came (real-time nanoseconds)."""
        times = [int(self._tally.first_arrival[one.number]) for one in self.streams if self._tally.expected(one.number)]
        return min(times, default=None)

    def send_video(self, now_ns: int) -> None:
        """Send the next frame."""
        if self.video is not None:
            packets = self.video.frame(self._transport_sequence, now_ns)
            self._transport_sequence = (self._transport_sequence + len(packets)) & 0xFFFF
            self.transport.send_rtp(packets)

    def send_audio(self, now_ns: int) -> None:
        if self.audio is not None and not self.audio.muted:
            packet = self.audio.packet(self._transport_sequence, now_ns)
            self._transport_sequence = (self._transport_sequence + 1) & 0xFFFF
            self.transport.send_rtp([packet])

    def note_arrivals(self, sequences: list[int], arrivals: list[int]) -> None:
        """Transport-wide sequence numbers of packets that came, and when (nanoseconds)."""
        self._arrivals.note(sequences, arrivals)

    def rtcp(self, data: bytes, now: float) -> None:
        """Take in an encrypted RTCP packet."""
        plain = self.transport.srtp.unprotect_rtcp(data) if self.transport.srtp else None
        if plain is None:
            return
        told = only_a_sender_report(plain)
        if told is not None:
            self._reporter.sender_report(*told, now)
            return
        try:
            packets = parse_rtcp(plain)
        except RtcpError:
            self._count("rtcp-malformed")
            return
        for packet in packets:
            if isinstance(packet, SenderReport):
                self._reporter.sender_report(packet.ssrc, packet.ntp_middle32, now)
            elif isinstance(packet, Pli | Fir) and self.video is not None:
                self.video.keyframe_wanted = True
            elif isinstance(packet, Nack) and self.video is not None and packet.media_ssrc == self.video.ssrc:
                self._repeat(packet.sequence_numbers)

    @property
    def shown(self) -> Stream:
        """The stream under which the arrivals of all are reported."""
        return next((one for one in self.streams if one.video), self.streams[0])

    @property
    def reports_apart(self) -> bool:
        """Whether its transport-wide reports travel by themselves, so that others can send them."""
        return bool(self.sequence_id) and self._reduced_size

    def answer(self, now: float, *, silent: bool = False) -> None:
        """What a browser sends on its own, as far as it is due; to be called each FEEDBACK_PERIOD.

        `silent`: only the checks of consent.
        """
        if self.transport.srtp is None:
            return
        if now >= self._consent_due:
            self._consent_due = now + CONSENT_PERIOD
            self.transport.consent()
        if silent:
            return
        if self.sequence_id and self.build_reports is not None:
            self._report_arrivals(self.build_reports(self.shown.ssrc), now)
        if now >= self._report_due:
            self._report_due = now + REPORT_PERIOD
            for part in self._reports(now):
                self.transport.send_rtcp(part)
        if self.build_reports is None or not self.sequence_id:
            self.due = min(self._consent_due, self._report_due)

    def _report_arrivals(self, reports: list[bytes], now: float) -> None:
        if reports:
            self._count("transport-wide-reports")
        for one in reports:
            self.transport.send_rtcp(self._framed(self.shown, one, now))

    def missed(self, stream: Stream) -> None:
        """Packets of it are missing; `ask` asks for them until they are there or given up."""
        if stream.video and stream.repairs is None:
            self.gapped[stream.number] = stream

    def ask(self, now: float) -> int:
        """Ask for what is missing, as far as that is due; how many requests were sent."""
        return sum([self._request(stream, now) for stream in list(self.gapped.values())])

    def _request(self, stream: Stream, now: float) -> bool:
        missing = self._tally.missing.get(stream.number)
        if not missing:
            del self.gapped[stream.number]
            return False
        numbers = stream.requests.due(missing, now)
        if numbers:
            nack = Nack(_FEEDBACK_SSRC, stream.ssrc, tuple(numbers)).to_bytes()
            self.transport.send_rtcp(self._framed(stream, nack, now))
        return bool(numbers)

    def _framed(self, stream: Stream, feedback: bytes, now: float) -> bytes:
        """Feedback by itself, or behind a receiver report where reduced size (RFC 5506) was not agreed on."""
        return feedback if self._reduced_size else self._report_on([stream], now) + feedback

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.transport.close()

    def _repeat(self, sequence_numbers: Iterable[int]) -> None:
        for number in sequence_numbers:
            packet = self.video.repeat(number, self._transport_sequence) if self.video else None
            if packet is not None:
                self._transport_sequence = (self._transport_sequence + 1) & 0xFFFF
                self.transport.send_rtp([packet])

    def _reports(self, now: float) -> list[bytes]:
        seconds = time.time() + _NTP_1970
        parts = [
            SenderReport(one.ssrc, int(seconds * (1 << 32)), one.timestamp, one.sent, one.octets).to_bytes()
            for one in (self.video, self.audio)
            if one is not None and one.sent
        ]
        begun = [one for one in self.streams if one.repairs is None and self._tally.expected(one.number)]
        if self._reduced_size:
            return [*parts, self._report_on(begun, now)] if begun else parts
        # As browsers do, each stream reports for itself: Janus goes by the first block.
        return parts + [self._report_on([one], now) for one in begun]

    def _report_on(self, streams: list[Stream], now: float) -> bytes:
        tally = self._tally
        return self._reporter.build(
            (
                (one.ssrc, tally.expected(one.number), tally.received_of(one.number), tally.top(one.number))
                for one in streams
            ),
            now,
        )
