"""What one transport publishes: packets are told apart by SSRC, and SSRCs are learned from MID and RID.

Simulcast SSRCs are not in the SDP, and browsers stop sending MID and RID once a receiver report names the SSRC, so
what was learned stays (RFC 8843 section 9.2, RFC 8852).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from sfu.codecs import CodecError
from sfu.congestion.feedback import FeedbackRecorder
from sfu.forwarding.intake import Arrival
from sfu.forwarding.layer import Layer
from sfu.forwarding.meter import USES, Tally
from sfu.forwarding.packet_path import PacketPath
from sfu.forwarding.sender_clock import PublisherClock
from sfu.forwarding.track import PublishedTrack
from sfu.link_messages import Codec, SlotUse, Track
from sfu.native.stream import NativeSource
from sfu.rtcp.packets import Nack, Pli, ReportBlock, SenderReport
from sfu.rtp.extensions import read_audio_level, read_mid, read_rid, read_sequence16
from sfu.rtp.packet import RtpError, RtpPacket, parse_rtp
from sfu.rtp.rtx import unwrap_rtx

MAX_STREAMS = 64
"""SSRCs of one transport."""
NTP_UNIT = 2.0**-32
FEEDBACK_SSRC = 1
"""The sender SSRC of our feedback: nothing is ever sent under it."""


@dataclass(slots=True)
class Stream:
    """One SSRC: a layer's packets, or (`repairs`) retransmissions of them."""

    track: PublishedTrack
    layer: Layer
    repairs: bool


class StreamName(NamedTuple):
    """What a publisher said of an SSRC. It outlives the track, which may be published again without a word."""

    mid: str
    rid: str
    repairs: bool


class Ingress:
    """`count` counts what is dropped; `level` is told of each audio level, `changed` of new sizes and ended layers,
    `started` of a new layer, before its first packet is forwarded, and `limited` of a track of which other layers than
    before are withheld.
    """

    def __init__(
        self,
        path: PacketPath,
        *,
        count: Callable[[str], None],
        changed: Callable[[], None],
        started: Callable[[float], None],
        level: Callable[[int, bool, float], None],
        limited: Callable[[PublishedTrack], None],
    ) -> None:
        self._path = path
        self._count = count
        self._changed = changed
        self._started = started
        self._level = level
        self._limited = limited
        self._clock = PublisherClock()
        self._recorder = FeedbackRecorder()
        self._lossy = False
        """Whether packets may be missing."""
        self._native = NativeSource.make()
        self._streams: dict[int, Stream] = {}
        self._named: dict[int, StreamName] = {}
        self._by_mid: dict[str, PublishedTrack] = {}
        self.tracks: dict[str, PublishedTrack] = {}
        self.was_used = False
        """Whether there ever was a track."""
        self._received = {use: Tally() for use in USES}
        # Extension ids are the same in all bundled m-lines (RFC 8843 section 9.2).
        self._mid_id = self._rid_id = self._repaired_id = self._sequence_id = 0

    @property
    def native(self) -> NativeSource | None:
        """All that is published, in the compiled packet path; None without one."""
        return self._native

    @property
    def sends_video(self) -> bool:
        """Whether there is a video layer that packets and keyframes can be asked of."""
        return any(track.kind == "video" and track.layers and not track.paused for track in self.tracks.values())

    def put_tracks(self, tracks: Iterable[Track], now: float) -> None:
        """Make `tracks` the published ones: those not among them end."""
        wanted = {track.track_id: track for track in tracks}
        for track_id in self.tracks.keys() - wanted.keys():
            self._end(self.tracks.pop(track_id))
        for track_id, parameters in wanted.items():
            known = self.tracks.get(track_id)
            if known is None:
                self.tracks[track_id] = PublishedTrack(parameters, self._path, now)
            else:
                self.pause(track_id, parameters.paused)
                known.update(parameters)
            self._learn_extensions(parameters)
        self.was_used = self.was_used or bool(self.tracks)
        self._by_mid = {track.parameters.mid: track for track in self.tracks.values()}
        for track in self.tracks.values():
            for ssrc in track.parameters.ssrcs[:1]:
                self._add(ssrc, track, "", repairs=False)
            for ssrc in track.parameters.rtx_ssrcs[:1]:
                self._add(ssrc, track, "", repairs=True)
        self._recall()

    def pause(self, track_id: str, paused: bool) -> None:
        """Mute or unmute. Layers start anew then, so that nothing sent while muted is asked for or forwarded."""
        track = self.tracks.get(track_id)
        if track is None or track.paused == paused:
            return
        track.paused = paused
        track.release()
        if not paused:
            for layer in list(track.layers.values()):
                self._renew(track, layer)

    def receive(self, data: bytes, now: float) -> None:
        """Take in a decrypted RTP packet; whatever is wrong with it is counted."""
        if self._native is not None and self._path.forward(self._native, data, now):
            return
        try:
            packet = parse_rtp(data)
            if self._sequence_id and (value := packet.extension(self._sequence_id)) is not None:
                self._feedback.received(read_sequence16(value), now)
            stream = self._streams.get(packet.ssrc) or self._learn(packet)
            if stream is not None:
                self._receive(packet, stream, now)
        except RtpError:
            self._count("rtp-malformed")
        except CodecError:
            self._count("payload-malformed")

    def _receive(self, packet: RtpPacket, stream: Stream, now: float) -> None:
        track, layer = stream.track, stream.layer
        layer.pause_passing()
        self._lossy = True
        if track.paused:
            self._count("track-paused")
            return
        if stream.repairs:
            original = _repaired(packet, track, layer)
            if original is None:
                return
            if layer.newest is None:
                # Of a layer that starts anew: it may have been sent while muted.
                self._count("rtx-before-media")
                return
            packet = original
        else:
            if layer.restarts(packet.sequence_number) or track.layers.get(layer.rid) is not layer:
                layer = self._renew(track, layer)
            layer.reception.received(packet.sequence_number, packet.timestamp, now)
        codec = track.codecs.get(packet.payload_type)
        if codec is None:
            self._count("unknown-payload-type")
            return
        if layer.is_duplicate(packet.sequence_number, now):
            self._count("duplicate")
            return
        layer.policer.octets += len(packet.data)
        arrival = track.intake(layer.rid).take(packet, codec)
        tally = self._received[track.use]
        tally.packets += 1
        tally.octets += len(arrival.packet.payload)
        if track.kind == "audio":
            self._note_level(arrival.packet.audio_level, now)
        elif arrival.keyframe:
            self._note_keyframe(track, layer, arrival, now)
        if layer.withheld is not None:
            self._count("over-cap-" + layer.withheld)
        if not layer.started:
            layer.started = track.was_sent = True
            self._started(now)
        layer.forward(arrival.packet, arrival.keyframe, now)
        if arrival.keyframe and track.kind == "video":
            track.keyframe_arrived(layer, now)
        if not stream.repairs:
            self._let_pass(packet, codec, stream)

    def _let_pass(self, packet: RtpPacket, codec: Codec, stream: Stream) -> None:
        track, layer = stream.track, stream.layer
        if track.layers.get(layer.rid) is not layer:
            return
        level_id = track.intake(layer.rid).level_id if track.kind == "audio" else 0
        passing = layer.let_pass(packet, codec, level_id, self._received[track.use])
        if not passing or self._native is None or layer.native is None:
            return
        if layer.native not in self._native:
            layers = (known.layer for known in self._streams.values() if not known.repairs)
            self._native.put(layer.native for layer in layers if layer.native is not None)

    @property
    def _feedback(self) -> FeedbackRecorder:
        if self._native is not None:
            for number, arrived in self._native.arrivals():
                self._recorder.received(number, arrived)
        return self._recorder

    def listen(self) -> None:
        """Tell the loudness of packets that have gone by without a look."""
        if self._native is not None:
            for value, arrived in self._native.levels():
                self._level(value & 0x7F, value > 0x7F, arrived)

    def _note_level(self, value: bytes | None, now: float) -> None:
        if value is not None:
            self.listen()
            voice, level = read_audio_level(value)
            self._level(level, voice, now)

    def _note_keyframe(self, track: PublishedTrack, layer: Layer, arrival: Arrival, now: float) -> None:
        layer.nack.keyframe_arrived()
        height = arrival.height
        if height and track.judge_size(layer, arrival.width, height, now):
            self._limited(track)
        if height and height != layer.height:
            layer.height = height
            self._changed()

    def police(self, now: float) -> None:
        """Withhold layers whose bitrate exceeds their cap, and give those free that go by it again; let go of packets
        that are too old. Due each 100 ms."""
        for track in self.tracks.values():
            for layer in track.layers.values():
                layer.forget_old(now)
            if track.police(now):
                self._limited(track)

    def sender_report(self, report: SenderReport, now: float) -> None:
        """Take in a publisher's sender report."""
        stream = self._streams.get(report.ssrc)
        if stream is None or stream.repairs:
            return
        stream.layer.reception.sender_report(report.ntp_middle32, now)
        stream.layer.clock.sender_report(report.ntp_time * NTP_UNIT, report.rtp_time, now)

    def report_blocks(self, now: float) -> list[ReportBlock]:
        """One for each SSRC that sends, for the receiver report of each second."""
        return [
            stream.layer.reception.report_block(ssrc, now)
            for ssrc, stream in self._streams.items()
            if not stream.repairs and stream.layer.reception.started
        ]

    def received_of(self, use: SlotUse) -> Tally:
        """What was received of one use so far, of all tracks that there have been."""
        tally = self._received[use]
        for track in self.tracks.values():
            if track.use == use:
                for layer in track.layers.values():
                    tally.lost += layer.reception.packets_lost - layer.lost_counted
                    layer.lost_counted = layer.reception.packets_lost
        return Tally(tally.packets, tally.octets, tally.lost)

    def feedback(self, now: float) -> list[bytes]:
        """Transport-wide feedback, due each 100 ms."""
        media_ssrc = next(iter(self._streams), 0)
        if self._native is not None and (following := self._recorder.next(now)) is not None:
            last = self._native.last_arrival
            written = self._native.feedback(FEEDBACK_SSRC, media_ssrc, *following)
            if written is not None:
                feedback, packets = written
                self._recorder.skip(packets, last)
                return [feedback]
        return [feedback.to_bytes() for feedback in self._feedback.build(FEEDBACK_SSRC, media_ssrc, now)]

    def requests(self, rtt: float, now: float) -> list[Nack | Pli]:
        """NACKs and PLIs that are due."""
        requests: list[Nack | Pli] = []
        lossy = False
        for track in self.tracks.values():
            # This is asked each 10 ms of everyone who sends, and there is hardly ever anything to do.
            video = track.kind == "video"
            if self._lossy and not track.paused:
                for layer in track.layers.values():
                    lossy |= layer.nack.missing > 0 or (video and layer.nack.keyframe_needed)
                    if layer.nack.missing and (numbers := layer.nack.due(now, rtt)):
                        requests.append(Nack(FEEDBACK_SSRC, layer.ssrc, tuple(numbers)))
                    if video and layer.nack.keyframe_needed and layer.slots:
                        track.keyframes.want(now)
            if track.keyframes.wanted and video and not track.paused:
                requests.extend(Pli(FEEDBACK_SSRC, ssrc) for ssrc in track.keyframe_requests(now))
        self._lossy = lossy
        return requests

    def bye(self, ssrc: int) -> None:
        """The publisher says that this SSRC ended (RFC 3550 section 6.6)."""
        stream = self._streams.get(ssrc)
        if stream is not None and not stream.repairs:
            stream.layer.release()
            self._changed()

    def close(self) -> None:
        for track in self.tracks.values():
            track.release()

    def _learn(self, packet: RtpPacket) -> Stream | None:
        """Find out by MID and RID what a new SSRC is; None while the packet does not tell."""
        value = packet.extension(self._mid_id) if self._mid_id else None
        track = self._by_mid.get(read_mid(value)) if value is not None else None
        if track is None:
            self._count("unknown-ssrc")
            return None
        if len(self._streams) >= MAX_STREAMS:
            self._count("too-many-ssrcs")
            return None
        repaired = packet.extension(self._repaired_id) if self._repaired_id else None
        rid = packet.extension(self._rid_id) if self._rid_id else None
        if repaired is not None:
            return self._name(packet.ssrc, track, read_rid(repaired), repairs=True)
        if rid is not None:
            return self._name(packet.ssrc, track, read_rid(rid), repairs=False)
        if track.parameters.rids:
            self._count("unknown-ssrc")
            return None
        return self._name(packet.ssrc, track, "", repairs=packet.payload_type in track.rtx_payload_types)

    def _name(self, ssrc: int, track: PublishedTrack, rid: str, *, repairs: bool) -> Stream | None:
        stream = self._add(ssrc, track, rid, repairs=repairs)
        if stream is not None:
            self._named[ssrc] = StreamName(track.parameters.mid, rid, repairs)
            if len(self._named) > MAX_STREAMS:
                del self._named[next(iter(self._named))]
        return stream

    def _recall(self) -> None:
        """Bring back the streams of a track that is published again; repairs last, as they need their layer."""
        for ssrc, name in sorted(self._named.items(), key=lambda named: named[1].repairs):
            track = self._by_mid.get(name.mid)
            if track is not None and ssrc not in self._streams and len(self._streams) < MAX_STREAMS:
                self._add(ssrc, track, name.rid, repairs=name.repairs)

    def _add(self, ssrc: int, track: PublishedTrack, rid: str, *, repairs: bool) -> Stream | None:
        if rid and rid not in track.parameters.rids:
            self._count("unknown-rid")
            return None
        if repairs:
            layer = track.layers.get(rid)
            if layer is None:
                # Padding probes of a layer that was never sent.
                self._count("rtx-before-media")
                return None
        else:
            layer = track.layer(rid, ssrc, self._clock)
        stream = self._streams[ssrc] = Stream(track, layer, repairs)
        return stream

    def _renew(self, track: PublishedTrack, layer: Layer) -> Layer:
        """Start a layer anew: the publisher counts anew, or went back to an SSRC that another had replaced."""
        successor = track.renew(layer)
        for stream in self._streams.values():
            if stream.layer is layer:
                stream.layer = successor
        return successor

    def _learn_extensions(self, parameters: Track) -> None:
        ids = parameters.extensions
        self._mid_id = ids.get("mid", self._mid_id)
        self._rid_id = ids.get("rid", self._rid_id)
        self._repaired_id = ids.get("repaired-rid", self._repaired_id)
        self._sequence_id = ids.get("transport-wide-cc", self._sequence_id)
        if self._native is not None:
            self._native.pointer.sequence_id = self._sequence_id

    def _end(self, track: PublishedTrack) -> None:
        track.release()
        self._streams = {ssrc: stream for ssrc, stream in self._streams.items() if stream.track is not track}


def _repaired(packet: RtpPacket, track: PublishedTrack, layer: Layer) -> RtpPacket | None:
    """The original of a retransmission (RFC 4588 section 4); None for a padding probe, which carries nothing."""
    payload = packet.payload
    original_payload_type = track.rtx_payload_types.get(packet.payload_type)
    if len(payload) < 2 or original_payload_type is None:
        return None
    sequence_number, _ = unwrap_rtx(payload)
    return packet._replace(
        payload_type=original_payload_type,
        sequence_number=sequence_number,
        ssrc=layer.ssrc,
        payload_offset=packet.payload_offset + 2,
    )
