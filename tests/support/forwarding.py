"""A router without network: peers whose sockets are lists, publishers that make RTP packets."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pylibsrtp import Policy

from sfu.forwarding.flush import Flush
from sfu.forwarding.packet_path import PacketPath
from sfu.forwarding.peer import Peer
from sfu.forwarding.plain_flush import UDP_SEGMENT, PlainFlush
from sfu.forwarding.router import Router
from sfu.link_messages import Codec, Fingerprint, Ice, NodeMessage, PutRouter, PutTransport, Slot, Track
from sfu.metrics import Counters
from sfu.rtp.extensions import write_extensions
from sfu.rtp.packet import RtpPacket, parse_rtp
from sfu.srtp import SrtpKeys, SrtpReceiver, SrtpSender
from tests.support.pretended_sockets import pretended_descriptor

KEYS = SrtpKeys(Policy.SRTP_PROFILE_AEAD_AES_128_GCM, bytes(range(28)), bytes(range(28)))
OPUS = Codec(format="opus", name="opus", payload_type=111, clock_rate=48000)
VP8 = Codec(format="VP8", name="VP8", payload_type=96, clock_rate=90000, rtx_payload_type=97)
MID, RID, REPAIRED_RID, LEVEL = 3, 9, 10, 1


class RecordingSocket:
    """Takes what the packet path sends, and cuts segmented messages apart as the kernel would."""

    def __init__(self) -> None:
        self.datagrams: list[bytes] = []
        self.messages = 0

    def fileno(self) -> int:
        """A number that stands for this socket with the compiled flush, far above any file descriptor."""
        return pretended_descriptor(self)

    def sendto(self, data: memoryview, address: object) -> None:
        self.messages += 1
        self.datagrams.append(bytes(data))

    def sendmsg(self, buffers: tuple[memoryview], ancillary: Any, flags: int, address: object) -> None:
        self.messages += 1
        ((_, kind, value),) = ancillary
        assert kind == UDP_SEGMENT
        (size,) = struct.unpack("=H", value)
        data = b"".join(bytes(buffer) for buffer in buffers)
        self.datagrams.extend(data[start : start + size] for start in range(0, len(data), size))


@dataclass
class Session:
    """One router under a clock of its own, with the flush that `make_flush` makes: the tests of both set it."""

    make_flush: ClassVar[Callable[[bool], Flush]] = PlainFlush
    max_video_slots: int = 16
    segmentation: bool = True
    now: float = 100.0
    told: list[NodeMessage] = field(default_factory=list)
    counters: Counters = field(default_factory=Counters)

    def __post_init__(self) -> None:
        self.path = PacketPath(self.counters.count, flush=self.make_flush(self.segmentation), clock=lambda: self.now)
        self.router = Router(
            PutRouter(request_id=0, router_id="r", max_video_slots=self.max_video_slots),
            self.path,
            count=self.counters.count,
            tell=self.told.append,
        )

    def join(self, name: str, *, tracks: tuple[Track, ...] = (), slots: tuple[Slot, ...] = ()) -> "Member":
        return Member(self, name, tracks, slots)

    def settle(self) -> None:
        """What the node does after a batch of packets."""
        self.router.attend(self.now)
        self.path.flush()
        self.path.report()

    def decide(self) -> None:
        self.router.decide(self.now)
        self.path.flush()
        self.path.report()


class Member:
    """A participant with one transport."""

    def __init__(self, session: Session, name: str, tracks: tuple[Track, ...], slots: tuple[Slot, ...]) -> None:
        self.session = session
        self.name = name
        self.socket = RecordingSocket()
        self._receiver = SrtpReceiver(KEYS, session.counters.count)
        self._taken = 0
        self.peer: Peer = self.put(tracks, slots)
        self.peer.egress.protect_with(SrtpSender(KEYS))
        self.use(self.socket)
        session.router.connected(name)
        session.settle()

    def put(self, tracks: tuple[Track, ...], slots: tuple[Slot, ...]) -> Peer:
        command = PutTransport(
            request_id=0,
            router_id="r",
            transport_id=self.name,
            endpoint_id=self.name,
            ice=Ice(local_ufrag="abcd", local_pwd="x" * 22, remote_ufrag="efgh"),
            fingerprints=(Fingerprint(algorithm="sha-256", value=":".join(["00"] * 32)),),
            tracks=tracks,
            slots=slots,
        )
        return self.session.router.put_transport(command, self.session.now)

    def use(self, sock: RecordingSocket) -> None:
        """Get what is sent by this socket from now on."""
        self.socket = sock
        self.peer.egress.send_to(sock, ("127.0.0.1", 9))  # type: ignore[arg-type]  # a double that records

    def send(self, *packets: bytes) -> None:
        """Publish packets, as one batch."""
        for packet in packets:
            self.peer.ingress.receive(packet, self.session.now)
        self.session.settle()

    def received(self) -> list[RtpPacket]:
        """What arrived since the last call, decrypted."""
        fresh = self.socket.datagrams[self._taken :]
        self._taken = len(self.socket.datagrams)
        plain = [self._receiver.unprotect_rtp(datagram) for datagram in fresh]
        assert None not in plain, "a datagram that the participant cannot decrypt"
        return [parse_rtp(data) for data in plain if data is not None]


@dataclass
class VideoSource:
    """Makes the VP8 packets of one layer: each frame has `packets_per_frame` packets."""

    ssrc: int
    mid: str = "1"
    rid: str = ""
    sequence: int = 1000
    timestamp: int = 5000
    picture_id: int = 77
    tl0: int = 5
    height: int = 180
    packets_per_frame: int = 2
    payload_size: int = 200

    def frame(self, *, key: bool = False) -> list[bytes]:
        """The packets of the next frame."""
        self.timestamp = (self.timestamp + 3000) & 0xFFFFFFFF
        self.picture_id = (self.picture_id + 1) & 0x7FFF
        self.tl0 = (self.tl0 + 1) & 0xFF
        return [self._packet(index, key) for index in range(self.packets_per_frame)]

    def _packet(self, index: int, key: bool) -> bytes:
        self.sequence = (self.sequence + 1) & 0xFFFF
        descriptor = bytes([0x90 if index == 0 else 0x80, 0xE0]) + struct.pack(
            "!HBB", self.picture_id | 0x8000, self.tl0, 0x20
        )
        header = b""
        if index == 0:
            width = self.height * 16 // 9
            header = bytes([0 if key else 1, 0, 0])
            if key:
                header += b"\x9d\x01\x2a" + struct.pack("<HH", width, self.height)
        marker = index == self.packets_per_frame - 1
        body = (descriptor + header).ljust(self.payload_size, bytes([self.ssrc & 0xFF]))
        return rtp(VP8.payload_type, self.sequence, self.timestamp, self.ssrc, body, marker, self._extensions())

    def _extensions(self) -> list[tuple[int, bytes]]:
        items = [(MID, self.mid.encode())]
        return [*items, (RID, self.rid.encode())] if self.rid else items


@dataclass
class AudioSource:
    ssrc: int
    mid: str = "0"
    sequence: int = 300
    timestamp: int = 9000

    def packet(self, level: int = 20) -> bytes:
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp = (self.timestamp + 960) & 0xFFFFFFFF
        items = [(MID, self.mid.encode()), (LEVEL, bytes([level | (0x80 if level < 60 else 0)]))]
        payload = b"\xfc" + bytes([self.ssrc & 0xFF]) * 60
        return rtp(OPUS.payload_type, self.sequence, self.timestamp, self.ssrc, payload, False, items)


def rtp(
    payload_type: int,
    sequence: int,
    timestamp: int,
    ssrc: int,
    payload: bytes,
    marker: bool = False,
    extensions: list[tuple[int, bytes]] | None = None,
) -> bytes:
    block = write_extensions(extensions or [])
    first = 0x90 if block else 0x80
    return struct.pack("!BBHII", first, payload_type | marker << 7, sequence, timestamp, ssrc) + block + payload


def microphone(name: str, mid: str = "0") -> Track:
    return Track(
        track_id=f"{name}-mic",
        mid=mid,
        source="microphone",
        kind="audio",
        codecs=(OPUS,),
        extensions={"mid": MID, "audio-level": LEVEL},
    )


def camera(name: str, mid: str = "1", rids: tuple[str, ...] = ()) -> Track:
    return Track(
        track_id=f"{name}-cam",
        mid=mid,
        source="camera",
        kind="video",
        codecs=(VP8,),
        extensions={"mid": MID, "rid": RID, "repaired-rid": REPAIRED_RID},
        rids=rids,
    )


def slots(audio: int = 0, video: int = 0, screen: int = 0, rtx: bool = True) -> tuple[Slot, ...]:
    return tuple(_slots(audio, video, screen, rtx))


def _slots(audio: int, video: int, screen: int, rtx: bool) -> Iterator[Slot]:
    ssrc = 10_000
    for use, number, codec in (("audio", audio, OPUS), ("video", video, VP8), ("screen", screen, VP8)):
        for index in range(number):
            ssrc += 10
            yield Slot(
                slot_id=f"{use}{index}",
                mid=f"{use[0]}{index}",
                use=use,  # type: ignore[arg-type]  # one of SlotUse, which mypy does not see through the loop
                index=index,
                ssrc=ssrc,
                rtx_ssrc=ssrc + 1 if rtx and codec is VP8 else None,
                codecs=(codec,),
                extensions={},
            )
