"""What a tap brings of people who publish: encoded pictures and sound as RTP packets with their times."""

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, partial

import av
import numpy as np

from sfu.link_messages import Codec
from sfu.rtcp.reports import SenderReport
from sfu.rtp.packet import RtpPacket, parse_rtp
from tests.support import priorities
from tests.support.packetisers import packetise_av1, packetise_h264, packetise_vp8, packetise_vp9

FRAME_RATE = 20
OPUS = Codec(format="opus", name="opus", payload_type=111, clock_rate=48000)
VIDEO = {
    "VP8": Codec(format="VP8", name="VP8", payload_type=96, clock_rate=90000),
    "VP9": Codec(format="VP9/0", name="VP9", payload_type=98, clock_rate=90000),
    "H264": Codec(format="H264/42e0/1", name="H264", payload_type=102, clock_rate=90000),
    "AV1": Codec(format="AV1/0", name="AV1", payload_type=45, clock_rate=90000),
}
_ENCODERS = {
    "VP8": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "auto-alt-ref": "0"}),
    "VP9": ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}),
    "H264": ("libx264", {"preset": "ultrafast", "tune": "zerolatency"}),
    "AV1": ("libsvtav1", {"preset": "10", "crf": "20", "svtav1-params": "pred-struct=1:lookahead=0"}),
}
NTP_EPOCH = 3_900_000_000.0
"""Seconds of the node's NTP clock at time 0."""


@dataclass(frozen=True)
class Encoded:
    data: bytes
    keyframe: bool
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class Sent:
    """A packet and when it came, in seconds."""

    at: float
    packet: RtpPacket


def picture(width: int, height: int, number: int) -> np.ndarray:
    """Grey that tells the frame's number by its brightness (see `brightness`), with a little noise that costs bits."""
    noise = np.random.default_rng(number).integers(-4, 5, (height, width, 3))
    return np.clip(brightness(number) + noise, 0, 255).astype(np.uint8)


def brightness(number: int) -> int:
    return 30 + number * 7 % 190


@cache
def encode_video(codec: str, frames: int, width: int = 320, height: int = 180, interval: int = 20, first: int = 0):
    """`frames` pictures, the first of which has the number `first`, with a keyframe each `interval`."""
    return _encode(codec, [picture(width, height, first + number) for number in range(frames)], interval)


@cache
def encode_colours(codec: str, colours: tuple[tuple[int, int, int], ...], width: int = 320, height: int = 180):
    """A picture of one colour after the other, with a keyframe each second."""
    return _encode(codec, [np.full((height, width, 3), colour, np.uint8) for colour in colours], FRAME_RATE)


def _encode(codec: str, rgb: list[np.ndarray], interval: int) -> list[Encoded]:
    height, width = rgb[0].shape[:2]
    encoder, options = _ENCODERS[codec]
    with priorities.kept():
        context = av.CodecContext.create(encoder, "w")
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base, context.framerate = Fraction(1, FRAME_RATE), Fraction(FRAME_RATE)
        context.options = options | {"g": str(interval)}
        packets = []
        for number, each in enumerate(rgb):
            frame = av.VideoFrame.from_ndarray(each, format="rgb24")
            frame = frame.reformat(format="yuv420p")
            frame.pts = number
            packets += context.encode(frame)
        packets += context.encode(None)
    return [Encoded(bytes(packet), packet.is_keyframe, width, height) for packet in packets if packet.size]


@cache
def encode_tone(seconds: float, frequency: float = 440.0, span: tuple[float, float] = (0.0, 1e9)) -> list[Encoded]:
    """A sine in stereo, packets of 20 ms; outside of the span it is silent."""
    context = av.CodecContext.create("libopus", "w")
    context.sample_rate, context.layout, context.format = 48000, "stereo", "s16"
    packets = []
    for start in range(0, round(seconds * 48000), 960):
        phase = (np.arange(start, start + 960) / 48000) * 2 * math.pi * frequency
        heard = (np.arange(start, start + 960) >= span[0] * 48000) & (np.arange(start, start + 960) < span[1] * 48000)
        mono = (np.sin(phase) * 8000 * heard).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.repeat(mono, 2).reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.pts = 48000, start
        packets += context.encode(frame)
    return [Encoded(bytes(packet), True) for packet in packets]


def payloads_of(codec: str, frame: Encoded, number: int) -> list[bytes]:
    if codec == "VP8":
        return packetise_vp8(frame.data, number)
    if codec == "VP9":
        return packetise_vp9([frame.data], number, frame.keyframe, [(frame.width, frame.height)])
    if codec == "H264":
        return packetise_h264(frame.data)
    return packetise_av1(frame.data)


def rtp(codec: Codec, ssrc: int, sequence: int, timestamp: int, marker: bool, payload: bytes) -> RtpPacket:
    header = bytes((0x80, codec.payload_type | (0x80 if marker else 0)))
    header += (sequence & 0xFFFF).to_bytes(2, "big") + (timestamp & 0xFFFFFFFF).to_bytes(4, "big")
    return parse_rtp(header + ssrc.to_bytes(4, "big") + payload)


class Stream:
    """One tapped track: packets with numbers that go on, and wrap soon after the start. Times are in seconds."""

    def __init__(self, codec: Codec, ssrc: int, *, delay: float = 0.02) -> None:
        self.codec = codec
        self.ssrc = ssrc
        self.delay = delay
        self._sequence = 0xFFF0
        self._base = 0xFFFFFF00
        self._number = 0

    def timestamp(self, captured: float) -> int:
        return self._base + round(captured * self.codec.clock_rate)

    def video(self, frames: Sequence[Encoded], begin: float = 0.0) -> list[Sent]:
        sent = []
        for index, frame in enumerate(frames):
            payloads = payloads_of(self.codec.name, frame, self._number)
            self._number += 1
            sent += self._packets(payloads, begin + index / FRAME_RATE)
        return sent

    def audio(self, packets: Sequence[Encoded], begin: float = 0.0) -> list[Sent]:
        return [sent for i, one in enumerate(packets) for sent in self._packets([one.data], begin + i * 0.02)]

    def report(self, at: float) -> SenderReport:
        """What the node says at `at` of its own clock."""
        ntp = round((NTP_EPOCH + at) * (1 << 32))
        return SenderReport(self.ssrc, ntp, self.timestamp(at) & 0xFFFFFFFF, 0, 0)

    def _packets(self, payloads: Sequence[bytes], captured: float) -> list[Sent]:
        sent = []
        for index, payload in enumerate(payloads):
            marker = index == len(payloads) - 1
            packet = rtp(self.codec, self.ssrc, self._sequence, self.timestamp(captured), marker, payload)
            self._sequence += 1
            sent.append(Sent(captured + self.delay, packet))
        return sent


def disordered(sent: Iterable[Sent], seed: int, *, late: float = 0.05, lost: float = 0.0) -> list[Sent]:
    """A share `late` of the packets comes up to 0.3 s later, a share `lost` never; the first always comes in time."""
    chance = random.Random(seed)
    kept = []
    for index, one in enumerate(sent):
        if index and chance.random() < lost:
            continue
        delay = chance.uniform(0.01, 0.3) if index and chance.random() < late else 0.0
        kept.append(Sent(one.at + delay, one.packet))
    return sorted(kept, key=lambda one: one.at)


def feed(segment, sent: Iterable[Sent], *, reports: Sequence[tuple[float, SenderReport]] = (), until: float) -> None:
    """Tells a segment (that began at 0) of everything in the order of arrival, with ticks between."""
    events: list[tuple[float, int, Callable[[], None]]] = [
        (one.at, 1, partial(segment.on_rtp, one.packet, one.at)) for one in sent
    ]
    events += [(at, 0, partial(segment.on_sender_report, report, at)) for at, report in reports]
    start = min((at for at, _, _ in events), default=0.0)
    ticks = (step * 0.05 for step in range(math.ceil(start / 0.05), math.ceil(until / 0.05)))
    events += [(at, 2, partial(segment.tick, at)) for at in ticks]
    for _, _, action in sorted(events, key=lambda event: event[:2]):
        action()
