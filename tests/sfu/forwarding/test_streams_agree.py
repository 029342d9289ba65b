"""Packets that go by in C have the same effects as those that Python looks at, whatever comes between them."""

import struct
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sfu.forwarding import slot as slot_module
from sfu.forwarding.compiled_flush import CompiledFlush
from sfu.forwarding.ingress import Ingress
from sfu.forwarding.peer import Peer
from sfu.forwarding.plain_flush import PlainFlush
from sfu.link_messages import Slot, Track
from sfu.native import ffi, is_built
from sfu.rtcp.packets import Nack, ReceiverReport, TransportFeedback
from sfu.rtp.packet import parse_rtp
from sfu.srtp import SrtpReceiver
from tests.support.forwarding import KEYS, LEVEL, MID, OPUS, VP8, Member, Session, rtp, slots
from tests.support.pretended_sockets import sendmmsg_to_doubles

pytestmark = pytest.mark.skipif(not is_built(), reason="the compiled part was not built")

VIDEO, REPAIRS, AUDIO = 7, 8, 9
SEQUENCE = 5
IDS = {"mid": MID, "audio-level": LEVEL, "transport-wide-cc": SEQUENCE}
TRACKS = (
    Track(
        track_id="cam",
        mid="1",
        source="camera",
        kind="video",
        codecs=(VP8,),
        extensions=IDS,
        ssrcs=(VIDEO,),
        rtx_ssrcs=(REPAIRS,),
    ),
    Track(track_id="mic", mid="0", source="microphone", kind="audio", codecs=(OPUS,), extensions=IDS, ssrcs=(AUDIO,)),
)

FATES = ("sent", "sent", "sent", "sent", "lost", "late", "twice", "repaired")
STEPS = (
    *("frame", "frame", "frame", "frame", "sound", "sound", "sound", "late", "time", "time", "mute", "limit"),
    *("nack", "compound", "compound", "compound"),
)
Step = tuple[str, int, int]
steps = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 255), st.integers(0, 255)), min_size=5, max_size=60)


class Publisher:
    """Makes packets as steps say, with gaps, repetitions, unusual descriptors and things that are no packets."""

    def __init__(self) -> None:
        self.video = 65_500
        self.sound = 65_520
        self.number = 65_510
        self.picture = 32_760
        self.repairs = 10
        self.late: list[bytes] = []

    def batch(self, step: Step) -> list[bytes]:
        kind, first, second = step
        if kind == "frame":
            return list(self._frame(first, second))
        if kind == "sound":
            return self._fate(self._sound(first), FATES[second % len(FATES)])
        taken, self.late = self.late, []
        return taken[:: -1 if first % 2 else 1]

    def _frame(self, first: int, second: int) -> Iterator[bytes]:
        self.picture = (self.picture + 1) & 0x7FFF
        # A leap now and then, as of a publisher that starts anew.
        self.video += 4000 if first == 255 else 0
        packets = 1 + second % 4
        for index in range(packets):
            self.video = (self.video + 1) & 0xFFFF
            fate = FATES[(first >> index) % len(FATES)] if first % 3 == 0 else "sent"
            yield from self._fate(self._picture(index, packets, second), fate)

    def _picture(self, index: int, packets: int, kind: int) -> bytes:
        start = 0x10 if index == 0 else 0
        shapes = (
            struct.pack("!BBHBB", 0x80 | start, 0xE0, 0x8000 | self.picture, self.picture & 0xFF, 0x20),
            struct.pack("!BBHB", 0xA0 | start, 0x90, 0x8000 | self.picture, 0x1F),
            struct.pack("!BBHB", 0x80 | start, 0xC0, 0x8000 | self.picture, 3),
            struct.pack("!BBB", 0x80 | start, 0x80, self.picture & 0x7F),
            struct.pack("!B", start),
        )
        # Most are as browsers make them.
        descriptor = shapes[kind // 4 % 5] if kind > 200 else shapes[0]
        key = kind % 16 == 0
        frame = b"" if index else bytes([not key, 0, 0]) + (b"\x9d\x01\x2a\x00\x05\xd0\x02" if key else b"")
        size = 3 if kind == 199 else 600 + 7 * index + kind % 40
        body = (descriptor + frame).ljust(size, b"v")
        extensions = self._numbered([(MID, b"1")] if kind % 5 == 0 else [])
        timestamp = self.picture * 3000
        data = rtp(VP8.payload_type, self.video, timestamp, VIDEO, body, index == packets - 1, extensions)
        return data[:-2] if kind == 198 else bytes([data[0] | 0x20]) + data[1:] + b"\x01" if kind == 197 else data

    def _sound(self, kind: int) -> bytes:
        self.sound = (self.sound + 1) & 0xFFFF
        level = bytes([kind & 0x7F | (0x80 if kind & 1 else 0)])
        items = self._numbered([] if kind == 255 else [(LEVEL, level * (1 + (kind == 254)))])
        if kind % 7 == 0:
            # A long element makes the block one of two-byte headers.
            items.append((14, bytes(20)))
        return rtp(OPUS.payload_type, self.sound, self.sound * 960, AUDIO, bytes(40 + kind % 20), False, items)

    def _numbered(self, items: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
        self.number = (self.number + 1) & 0xFFFF
        return [(SEQUENCE, self.number.to_bytes(2, "big")), *items]

    def _fate(self, packet: bytes, fate: str) -> list[bytes]:
        if fate == "late":
            self.late.append(packet)
        elif fate == "repaired" and packet[8:12] == VIDEO.to_bytes(4, "big"):
            self.repairs += 1
            parsed = parse_rtp(packet)
            body = parsed.sequence_number.to_bytes(2, "big") + parsed.payload
            rtx = VP8.rtx_payload_type or 0
            extensions = self._numbered([])
            self.late.append(rtp(rtx, self.repairs, parsed.timestamp, REPAIRS, body, parsed.marker, extensions))
        return {"lost": [], "late": [], "repaired": [], "twice": [packet, packet]}.get(fate, [packet])


class Room:
    """A publisher and two who get what it sends, of different wire formats; with one kind of flush."""

    def __init__(self) -> None:
        self.session = Session(told=[])
        self.publisher = self.session.join("p", tracks=TRACKS)
        numbered = (slot.model_copy(update={"extensions": {"audio-level": 3, "transport-wide-cc": 4}}) for slot in of())
        self.receivers = {name: SrtpReceiver(KEYS, lambda name: None) for name in ("a", "b")}
        self.viewers = [self.session.join("a", slots=tuple(numbered)), self.session.join("b", slots=tuple(of()))]

    def play(self, step: Step, batch: list[bytes]) -> list[list[bytes | None]]:
        """What a step leads to."""
        session, ingress = self.session, self.publisher.peer.ingress
        kind, first, second = step
        if kind == "time":
            session.now += first / 100
            session.router.tend(session.now)
            session.decide()
            for track in ingress.tracks.values():
                for layer in track.layers.values():
                    layer.forget_old(session.now)
            wanted = [request.to_bytes() for request in ingress.requests(0.05, session.now)]
            return [wanted, ingress.feedback(session.now), *map(self._report, self.viewers)]
        if kind == "mute":
            session.router.pause_tracks("p", {("cam", "mic")[first % 2]: second % 3 == 0})
        elif kind == "limit":
            session.router.limit_slots("a", {"video0": (0, None)[first % 2]})
            session.settle()
        elif kind == "nack":
            viewer = self.viewers[first % 2]
            slot = viewer.peer.slots[("video0", "audio0")[second % 2]]
            newest = 5000 + second
            numbers = tuple((newest - back) & 0xFFFF for back in range(0, 200, 3))
            viewer.peer.rtcp(Nack(1, slot.parameters.ssrc, numbers).to_bytes(), session.now, session.now)
        elif kind == "compound":
            session.now += first / 10_000
            viewer = self.viewers[second % 2]
            viewer.peer.rtcp(compound(viewer, Random(f"{first} {second}")), session.now, session.now)
        else:
            session.now += 0.001
            self.publisher.send(*batch)
        return [self._received(viewer) for viewer in self.viewers]

    def _received(self, viewer: Member) -> list[bytes | None]:
        """What arrived since the last call; None for a repetition without RTX, which SRTP refuses."""
        datagrams, receiver = viewer.socket.datagrams, self.receivers[viewer.name]
        fresh = [receiver.unprotect_rtp(datagram) for datagram in datagrams]
        datagrams.clear()
        return fresh

    def end(self) -> list[object]:
        ingress = self.publisher.peer.ingress
        ingress.listen()
        self.session.now += 1
        for viewer in self.viewers:
            viewer.peer.measure(self.session.now)
        self.session.path.report()
        layers = [layer for track in ingress.tracks.values() for layer in track.layers.values()]
        return [
            [ingress.received_of(use) for use in ("audio", "video")],
            ingress.report_blocks(self.session.now),
            [(layer.newest, layer.policer.octets, layer.reception.packets_received) for layer in layers],
            {name: number for name, number in self.session.counters.totals().items() if number},
            self.session.told,
            [viewer.peer.figures() for viewer in self.viewers],
            [viewer.peer.egress.history and viewer.peer.egress.history.sizes for viewer in self.viewers],
        ]

    def _report(self, viewer: Member) -> list[bytes]:
        return viewer.peer.reports(self.session.now, self.session.now)


def compound(viewer: Member, random: Random) -> bytes:
    """RTCP of a participant: most of it as browsers send it, some of it senseless, cut off or damaged."""
    data = b"".join(_part(viewer, random) for _ in range(random.choice((1, 1, 1, 2, 3))))
    if random.random() < 0.1:
        data = data[: random.randrange(len(data))]
    if random.random() < 0.1:
        damaged = bytearray(data or b"\x80")
        damaged[random.randrange(len(damaged))] = random.randrange(256)
        data = bytes(damaged)
    return data


def _part(viewer: Member, random: Random) -> bytes:
    kind = random.choice(("feedback", "feedback", "feedback", "nack", "nack", "nack", "stranger", "report", "padded"))
    history = viewer.peer.egress.history
    if kind == "feedback":
        base = (history.next[0] if history else 0) - random.randrange(-3, 60)
        deltas = tuple(random.choice((None, 0, 7, 300, -4)) for _ in range(random.randrange(1, 50)))
        return TransportFeedback(1, 2, base & 0xFFFF, random.randrange(100), 0, deltas).to_bytes()
    if kind == "report":
        return ReceiverReport(1, ()).to_bytes()
    slot = viewer.peer.slots[random.choice(("video0", "audio0"))]
    ssrc = 4711 if kind == "stranger" else slot.parameters.ssrc
    newest, spread = slot._current().sequence, random.choice((3, 20, 20, 100, 700, 40_000))
    numbers = sorted((newest - random.randrange(-2, spread)) & 0xFFFF for _ in range(random.randrange(40)))
    nack = Nack(1, ssrc, tuple(numbers)).to_bytes()
    if kind != "padded":
        return nack
    words = struct.unpack_from("!H", nack, 2)[0] + 1
    return (
        bytes([nack[0] | 0x20, nack[1]])
        + struct.pack("!H", words)
        + nack[4:]
        + b"\0\0\0"
        + bytes([random.choice((4, 3))])
    )


def of() -> tuple[Slot, ...]:
    return slots(audio=1, video=1)


@pytest.fixture
def flush() -> None:
    """Each test has both anyway."""


@pytest.fixture
def rooms(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Slots that begin with the same numbers in each room."""
    monkeypatch.setattr(slot_module.secrets, "randbits", lambda bits: 5000)
    yield


def make_rooms() -> tuple[Room, Room]:
    send = sendmmsg_to_doubles(ffi)
    made = []
    for flush in (PlainFlush, staticmethod(lambda segmentation: CompiledFlush(segmentation, send))):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Session, "make_flush", flush)
            made.append(Room())
    return made[0], made[1]


@pytest.mark.usefixtures("rooms")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=20)
@given(steps=steps)
def test_whatever_comes_both_do_the_same(steps: list[Step]) -> None:
    plain, compiled = make_rooms()
    publisher = Publisher()
    for step in [("frame", 1, 16), ("sound", 20, 0), ("time", 30, 0), ("frame", 1, 16), *steps]:
        batch = publisher.batch(step) if step[0] in ("frame", "sound", "late") else []
        assert compiled.play(step, batch) == plain.play(step, batch), step
    assert compiled.end() == plain.end()


@pytest.mark.usefixtures("rooms")
def test_packets_in_order_never_come_to_python(monkeypatch: pytest.MonkeyPatch) -> None:
    _, room = make_rooms()
    publisher = Publisher()
    for step in (("frame", 1, 16), ("sound", 20, 0), ("time", 30, 0), ("frame", 1, 16), ("sound", 20, 0)):
        room.play(step, publisher.batch(step) if step[0] != "time" else [])
    looked_at: list[bytes] = []
    receive = Ingress._receive

    def counted(ingress: Ingress, packet: object, *rest: object) -> None:
        looked_at.append(packet.data)  # type: ignore[attr-defined]  # an RtpPacket
        receive(ingress, packet, *rest)  # type: ignore[arg-type]  # the same as it was called with

    monkeypatch.setattr(Ingress, "_receive", counted)
    for number in range(40):
        for step, packets in ((("frame", 1, 3), 4), (("sound", 20 + number % 3, 0), 1)):
            assert len(room.play(step, publisher.batch(step))[0]) == packets
    assert looked_at == []
    room.play(("frame", 1, 16), publisher.batch(("frame", 1, 16)))
    assert len(looked_at) == 1, "the first packet of a keyframe, and not those that follow it"


@pytest.mark.usefixtures("rooms")
def test_feedback_and_nacks_of_the_usual_kind_never_come_to_python(monkeypatch: pytest.MonkeyPatch) -> None:
    _, room = make_rooms()
    publisher = Publisher()
    steps = [("frame", 1, 16), ("sound", 20, 0), ("time", 30, 0), ("frame", 1, 16), *[("frame", 1, 3)] * 40]
    for index, step in enumerate(steps):
        # One is lost before it comes here.
        publisher.video += index == len(steps) - 5
        room.play(step, publisher.batch(step) if step[0] != "time" else [])
    looked_at: list[object] = []
    monkeypatch.setattr(Peer, "_delivered", lambda peer, body, now: looked_at.append(body))
    monkeypatch.setattr(Peer, "_nack", lambda peer, nack, now: looked_at.append(nack))
    viewer = room.viewers[0]
    slot, history = viewer.peer.slots["video0"], viewer.peer.egress.history
    assert history is not None
    newest = slot._current().sequence
    # What is not there, because it was lost or was never sent, beside what is.
    wanted = (*(newest - back for back in range(30)), newest + 20_000)
    feedback = TransportFeedback(1, 2, history.next[0] - 50, 0, 0, (1,) * 50).to_bytes()
    nack = Nack(1, slot.parameters.ssrc, tuple(number & 0xFFFF for number in wanted)).to_bytes()
    for data in (feedback, nack, feedback + nack):
        room.session.now += 1
        viewer.peer.rtcp(data, room.session.now, room.session.now)
    assert looked_at == []
    assert len(room._received(viewer)) == 2 * 29
