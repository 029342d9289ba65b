"""Synthetic media: RTP that a server and a browser take for VP8 and Opus, and that tells what became of it.

Behind the codec's own header each payload has a `Probe`: who sent it, which packet it is, when it left, and a checksum
over all of it. So a receiver that decrypts a packet knows what its sequence number, timestamp and picture id must be.
Nothing here has a clock or a socket; the same seed makes the same packets.
"""

import random
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from struct import Struct

from sfu.rtp.extensions import write_extensions
from sfu.rtp.packet import ONE_BYTE_PROFILE

VIDEO_PAYLOAD_TYPE, RTX_PAYLOAD_TYPE, AUDIO_PAYLOAD_TYPE = 96, 97, 111
AUDIO_LEVEL_ID, SEQUENCE_ID, MID_ID = 1, 3, 4
"""The header extensions' ids in our offers."""
MID_PACKETS = 50
"""As browsers do, the MID is on the first packets only."""
REMEMBERED = 2048
FRAME_BYTES_VARY = 0.15

_PROBE = Struct("!4sIIBBHQ")  # magic, publisher, frame, index, packets of the frame, bytes of the body, sent
_MAGIC = b"rcb1"
_CHECKSUM = Struct("!I")
_RTP = Struct("!BBHII")
_NUMBERED_RTP = Struct("!BBHIIHHBHB")  # with one header extension, the transport-wide sequence number
_VP8_DESCRIPTOR = Struct("!BBHBB")
_PATTERN_BYTES = 1 << 14


@dataclass(frozen=True, slots=True)
class Burst:
    """How video leaves a publisher: `packets` of `payload` bytes on average, together, each `interval` seconds."""

    packets: int = 5
    interval: float = 0.025
    payload: int = 1100

    @property
    def rate(self) -> float:
        """Packets per second."""
        return self.packets / self.interval


@dataclass(frozen=True, slots=True)
class Probe:
    """What a payload says of itself. `sent` is in nanoseconds of the real-time clock."""

    publisher: int
    frame: int
    index: int
    packets: int
    sent: int


class DamagedError(ValueError):
    """A payload that is not as it was sent."""


class VideoTraffic:
    """The VP8 of one publisher: one frame per burst, its packets of nearly equal size as browsers cut them."""

    clock_rate = 90_000

    def __init__(self, publisher: int, ssrc: int, rtx_ssrc: int, mid: str, burst: Burst, seed: int) -> None:
        self.ssrc, self.rtx_ssrc = ssrc, rtx_ssrc
        self.burst = burst
        self.keyframe_wanted = True
        self.keyframes = 0
        self.sent = 0
        self.octets = 0
        self.timestamp = 0
        self._publisher = publisher
        self._mid = mid.encode()
        self._random = random.Random(f"{seed}/{publisher}/video")
        self._pattern = self._random.randbytes(_PATTERN_BYTES)
        self._first_timestamp = self._random.getrandbits(32)
        self._sequence = self._random.getrandbits(15)
        self._rtx_sequence = self._random.getrandbits(15)
        self._picture = self._random.getrandbits(15)
        self._tl0 = self._random.getrandbits(8)
        self._frame = 0
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def frame(self, transport_sequence: int, now_ns: int) -> list[bytes]:
        """The packets of the next frame, which leave now, numbered on from `transport_sequence`."""
        key, self.keyframe_wanted = self.keyframe_wanted, False
        self.keyframes += key
        self.timestamp = (
            self._first_timestamp + round(self._frame * self.burst.interval * self.clock_rate)
        ) & 0xFFFFFFFF
        payloads = self.payloads(key, now_ns)
        packets = [
            self._packet(index, payload, (transport_sequence + index) & 0xFFFF, last=index == len(payloads) - 1)
            for index, payload in enumerate(payloads)
        ]
        self._frame += 1
        self._picture = (self._picture + 1) & 0x7FFF
        self._tl0 = (self._tl0 + 1) & 0xFF
        return packets

    def payloads(self, key: bool, now_ns: int) -> list[bytes]:
        """What the packets of the next frame carry behind the codec's descriptor."""
        count = self.burst.packets
        vary = 1 + self._random.uniform(-FRAME_BYTES_VARY, 0.0)
        base, larger = divmod(int(self.burst.payload * count * vary), count)
        # The frame's header: of a keyframe with the start code and the size, 1280 x 720 (RFC 6386 section 9.1).
        head = b"\x10\x02\x00\x9d\x01\x2a\x00\x05\xd0\x02" if key else b"\x11\x02\x00"
        payloads = []
        for index in range(count):
            # The last ones of a frame are the longer ones, as libwebrtc splits.
            size = base + (index >= count - larger) - _VP8_DESCRIPTOR.size - len(head)
            probe = Probe(self._publisher, self._frame, index, count, now_ns)
            payloads.append(head + probe_bytes(probe, size, self._pattern))
            head = b""
        return payloads

    def repeat(self, sequence_number: int, transport_sequence: int) -> bytes | None:
        """The retransmission (RFC 4588) of a packet; None if it is forgotten."""
        payload = self._kept.get(sequence_number)  # behind marker and timestamp
        if payload is None:
            return None
        marker, timestamp, payload = payload[0], int.from_bytes(payload[1:5], "big"), payload[5:]
        header = self._header(
            RTX_PAYLOAD_TYPE | marker, self._rtx_sequence, timestamp, self.rtx_ssrc, transport_sequence
        )
        self._rtx_sequence = (self._rtx_sequence + 1) & 0xFFFF
        return header + sequence_number.to_bytes(2, "big") + payload

    def _packet(self, index: int, payload: bytes, transport_sequence: int, *, last: bool) -> bytes:
        start = 0x90 if index == 0 else 0x80
        payload = _VP8_DESCRIPTOR.pack(start, 0xE0, 0x8000 | self._picture, self._tl0, 0x20) + payload
        header = self._header(
            VIDEO_PAYLOAD_TYPE | last << 7, self._sequence, self.timestamp, self.ssrc, transport_sequence
        )
        self._kept[self._sequence] = bytes([last << 7]) + self.timestamp.to_bytes(4, "big") + payload
        if len(self._kept) > REMEMBERED:
            self._kept.popitem(last=False)
        self._sequence = (self._sequence + 1) & 0xFFFF
        self.sent += 1
        self.octets += len(payload)
        return header + payload

    def _header(self, second: int, sequence: int, timestamp: int, ssrc: int, transport_sequence: int) -> bytes:
        if self.sent >= MID_PACKETS:
            # The usual case, at once: thousands of these a second are the load client's own.
            return _NUMBERED_RTP.pack(
                0x90,
                second,
                sequence,
                timestamp,
                ssrc,
                ONE_BYTE_PROFILE,
                1,
                SEQUENCE_ID << 4 | 1,
                transport_sequence,
                0,
            )
        items = [(SEQUENCE_ID, transport_sequence.to_bytes(2, "big")), (MID_ID, self._mid)]
        return _RTP.pack(0x90, second, sequence, timestamp, ssrc) + write_extensions(items)


class AudioTraffic:
    """The Opus of one publisher, a packet each 20 ms, with its loudness."""

    clock_rate = 48_000
    interval = 0.02
    payload = 100
    talking, silent = 20, 127

    def __init__(self, publisher: int, ssrc: int, mid: str, seed: int) -> None:
        self.ssrc = ssrc
        self.level = self.talking
        self.muted = False
        """Nothing is sent meanwhile."""
        self.sent = 0
        self.octets = 0
        self.timestamp = 0
        self._publisher = publisher
        self._mid = mid.encode()
        self._random = random.Random(f"{seed}/{publisher}/audio")
        self._pattern = self._random.randbytes(_PATTERN_BYTES)
        self._sequence = self._random.getrandbits(15)
        self._first_timestamp = self._random.getrandbits(32)

    def packet(self, transport_sequence: int, now_ns: int) -> bytes:
        """The next packet, which leaves now."""
        loud = self.level < self.silent
        # Loudness of a voice goes up and down; a detector of talkers that sees a constant may take it for noise.
        level = min(self.silent, self.level + self._random.randrange(8)) if loud else self.silent
        items = [(SEQUENCE_ID, transport_sequence.to_bytes(2, "big")), (AUDIO_LEVEL_ID, bytes([level | loud << 7]))]
        if self.sent < MID_PACKETS:
            items.append((MID_ID, self._mid))
        self.timestamp = (self._first_timestamp + self.sent * 960) & 0xFFFFFFFF
        header = _RTP.pack(0x90, AUDIO_PAYLOAD_TYPE, self._sequence, self.timestamp, self.ssrc)
        self._sequence = (self._sequence + 1) & 0xFFFF
        # A table of contents first: fullband CELT, 20 ms, mono, one frame (RFC 6716 section 3.1).
        payload = b"\xf8" + probe_bytes(
            Probe(self._publisher, self.sent, 0, 1, now_ns), self.payload - 1, self._pattern
        )
        self.sent += 1
        self.octets += len(payload)
        return header + write_extensions(items) + payload


def probe_bytes(probe: Probe, size: int, pattern: bytes) -> bytes:
    """A probe of `size` bytes, filled up from `pattern`, with a checksum over all."""
    body = size - _PROBE.size - _CHECKSUM.size
    start = (probe.frame * 7 + probe.index * 13) % (len(pattern) - body)
    head = _PROBE.pack(_MAGIC, probe.publisher, probe.frame, probe.index, probe.packets, body, probe.sent)
    text = head + pattern[start : start + body]
    return text + _CHECKSUM.pack(zlib.crc32(text))


def read_probe(data: bytes) -> Probe:
    """The probe that a payload ends with. Raises DamagedError when it is not there as it was sent."""
    start = data.find(_MAGIC)
    if start < 0 or start + _PROBE.size + _CHECKSUM.size > len(data):
        raise DamagedError("a payload without a probe")
    _, publisher, frame, index, packets, body, sent = _PROBE.unpack_from(data, start)
    end = start + _PROBE.size + body
    if end + _CHECKSUM.size != len(data) or zlib.crc32(data[start:end]) != _CHECKSUM.unpack_from(data, end)[0]:
        raise DamagedError("a payload that was changed on the way")
    return Probe(publisher, frame, index, packets, sent)


@dataclass(frozen=True, slots=True)
class Vp8Numbers:
    """The numbers in a VP8 payload descriptor (RFC 7741 section 4.2); None where one is left out."""

    picture_id: int | None
    tl0: int | None


def read_vp8(payload: bytes) -> Vp8Numbers:
    """Raises DamagedError for a descriptor that is cut off."""
    try:
        if not payload[0] & 0x80:
            return Vp8Numbers(None, None)
        flags, position = payload[1], 2
        picture = tl0 = None
        if flags & 0x80:
            picture = payload[position]
            position += 1
            if picture & 0x80:
                picture = (picture & 0x7F) << 8 | payload[position]
                position += 1
        if flags & 0x40:
            tl0 = payload[position]
    except IndexError:
        raise DamagedError("a VP8 descriptor that is cut off") from None
    return Vp8Numbers(picture, tl0)
