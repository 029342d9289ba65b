"""Both flushes make the same packets of the same input, whatever it is."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pylibsrtp import _binding
from structlog.testing import capture_logs

from sfu.forwarding import packet_path
from sfu.forwarding.compiled_flush import CompiledFlush
from sfu.forwarding.egress import Egress
from sfu.forwarding.flush import Flush
from sfu.forwarding.media_packet import NO_NUMBER, MediaPacket
from sfu.forwarding.outlet import Outlets
from sfu.forwarding.packet_path import PacketPath
from sfu.forwarding.plain_flush import PlainFlush
from sfu.forwarding.plan import Plan
from sfu.forwarding.wire_format import Canonical, WireFormat, element_header
from sfu.link_messages import ExtensionName
from sfu.native import ffi, is_built
from sfu.native.egress import foreign_pointer
from sfu.rtp.extensions import read_sequence16
from sfu.rtp.packet import parse_rtp
from sfu.srtp import SrtpReceiver, SrtpSender
from tests.support.forwarding import KEYS, RecordingSocket
from tests.support.pretended_sockets import sendmmsg_to_doubles

pytestmark = pytest.mark.skipif(not is_built(), reason="the compiled flush was not built")

PLAIN = WireFormat((("VP8", 96),), (), ())
u8, u16, u32 = st.integers(0, 0xFF), st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)
payloads = st.binary(min_size=4, max_size=40).map(lambda seed: seed * 30)
EXTENSIONS: tuple[tuple[ExtensionName, int], ...] = (
    ("dependency-descriptor", 12),
    ("audio-level", 1),
    ("transport-wide-cc", 5),
)


@st.composite
def media_packets(draw: st.DrawFn) -> MediaPacket:
    payload = draw(payloads)[: draw(st.integers(4, 1200))]
    packet = MediaPacket("VP8", draw(u16), draw(u32), draw(st.booleans()), payload)
    if draw(st.booleans()):
        packet.picture_id, packet.picture_id_offset = draw(st.integers(0, 0x7FFF)), draw(st.integers(0, 2))
        if draw(st.booleans()):
            packet.tl0, packet.tl0_offset = draw(u8), packet.picture_id_offset + 2 - (len(payload) == 4)
            packet.tl0_offset = min(packet.tl0_offset, len(payload) - 1)
    if draw(st.booleans()):
        packet.descriptor = draw(st.binary(min_size=3, max_size=30))
    if draw(st.booleans()):
        packet.audio_level = draw(st.binary(min_size=1, max_size=1))
    return packet


wire_formats = st.builds(
    lambda chosen: WireFormat((("VP8", 96),), (), tuple(item for item in EXTENSIONS if item in chosen)),
    st.sets(st.sampled_from(EXTENSIONS)),
)
offsets = st.integers(-(2**40), 2**40)


@st.composite
def plans_of(draw: st.DrawFn) -> list[tuple[int, WireFormat, tuple[int, int, int, int]]]:
    """Participant, wire format and offsets of some plans."""
    return draw(
        st.lists(
            st.tuples(st.integers(0, 2), wire_formats, st.tuples(offsets, offsets, offsets, offsets)),
            min_size=1,
            max_size=5,
        )
    )


class Room:
    """Some plans and three participants, one of them on TCP, with one kind of flush."""

    def __init__(self, flush: Flush, plans: list[tuple[int, WireFormat, tuple[int, int, int, int]]]) -> None:
        self.path = PacketPath(lambda name, number: None, flush=flush, clock=lambda: 12.5)
        self.sockets = [RecordingSocket() for _ in range(2)]
        self.frames: list[bytes] = []
        self.egresses = [Egress() for _ in range(3)]
        for egress, sock in zip(self.egresses, self.sockets, strict=False):
            egress.send_to(sock, ("127.0.0.1", 9))  # type: ignore[arg-type]  # a double that records
        self.egresses[2].write_to(self.frames.append)
        for egress in self.egresses:
            egress.protect_with(SrtpSender(KEYS))
            egress.number_packets()
        self.outlets = Outlets()
        for index, (participant, wire_format, numbers) in enumerate(plans):
            plan = Plan(self.egresses[participant], wire_format, 1000 + index, *numbers)
            self.path.attach(self.outlets, plan)

    def advance(self) -> None:
        """Send to one participant."""
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(packet_path, "TURN", 1)
            self.path.advance()

    def plain_text(self) -> list[list[bytes | None]]:
        written = [*(sock.datagrams for sock in self.sockets), self.frames]
        return [
            [SrtpReceiver(KEYS, lambda name: None).unprotect_rtp(datagram) for datagram in datagrams]
            for datagrams in written
        ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(packets=st.lists(st.tuples(media_packets(), st.booleans()), min_size=1, max_size=8), plans=plans_of())
def test_same_input_same_packets(
    packets: list[tuple[MediaPacket, bool]], plans: list[tuple[int, WireFormat, tuple[int, int, int, int]]]
) -> None:
    rooms = [Room(PlainFlush(True), plans), Room(CompiledFlush(True, sendmmsg_to_doubles(ffi)), plans)]
    for room in rooms:
        for packet, is_turn in packets:
            room.path.enqueue(room.outlets, packet)
            if is_turn:
                room.advance()
        room.path.flush()
    plain, compiled = rooms
    assert compiled.plain_text() == plain.plain_text()
    assert [sock.messages for sock in compiled.sockets] == [sock.messages for sock in plain.sockets]
    for one, other in zip(plain.egresses, compiled.egresses, strict=True):
        assert one.history is not None
        assert other.history is not None
        assert (one.history.next, one.history.sizes) == (other.history.next, other.history.sizes)
        assert one.history.times == other.history.times


JOIN = "join"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(happens=st.lists(st.one_of(st.just(JOIN), st.integers(0, 20), media_packets()), min_size=10, max_size=60))
def test_whoever_joins_and_leaves_gets_the_same_packets(happens: list[str | int | MediaPacket]) -> None:
    rooms = [Room(PlainFlush(True), []), Room(CompiledFlush(True, sendmmsg_to_doubles(ffi)), [])]
    for room in rooms:
        plans: list[Plan] = []
        for index, one in enumerate(happens):
            if isinstance(one, MediaPacket):
                room.path.enqueue(room.outlets, one)
            elif one == JOIN:
                plans.append(Plan(room.egresses[index % 3], PLAIN, 1000 + index, 0, 0, 0, 0))
                room.path.attach(room.outlets, plans[-1])
            elif isinstance(one, int) and plans:
                room.path.detach(plans.pop(one % len(plans)))
        room.path.flush()
    plain, compiled = rooms
    assert compiled.plain_text() == plain.plain_text()


@given(packet=media_packets(), wire_format=wire_formats)
def test_a_canonical_packet_is_what_was_published(packet: MediaPacket, wire_format: WireFormat) -> None:
    canonical = wire_format.canonical(packet)
    assert canonical is not None
    parsed = parse_rtp(canonical.data)
    assert (parsed.payload, parsed.marker, parsed.payload_type) == (packet.payload, packet.marker, 96)
    names = dict(wire_format.extensions)
    if "audio-level" in names:
        assert parsed.extension(1) == packet.audio_level
    value = parsed.extension(5)
    assert (value is not None) == ("transport-wide-cc" in names) == (canonical.transport_at > 0)
    if value is not None:
        assert read_sequence16(value) == 0
        before = canonical.data[canonical.transport_at - 1]
        assert before == (5 << 4 | 1 if element_header(canonical.data[12:]) == 1 else 2)
    if packet.picture_id == NO_NUMBER:
        assert canonical.picture_at == 0


def test_more_packets_than_fit_are_sent_in_between() -> None:
    room = Room(CompiledFlush(True, sendmmsg_to_doubles(ffi)), [(0, PLAIN, (0, 0, 0, 0))])
    for number in range(1000):
        room.path.enqueue(room.outlets, MediaPacket("VP8", number, 0, False, bytes(1200)))
    room.path.flush()
    received = [parse_rtp(data).sequence_number for data in room.plain_text()[0] if data is not None]
    assert received == list(range(1000))


def test_a_fault_while_writing_to_a_stream_is_logged_and_concerns_nobody_else() -> None:
    room = Room(CompiledFlush(True, sendmmsg_to_doubles(ffi)), [(2, PLAIN, (0, 0, 0, 0)), (0, PLAIN, (0, 0, 0, 0))])
    room.egresses[2].write_to(lambda frame: 1 / 0)
    room.path.enqueue(room.outlets, MediaPacket("VP8", 1, 0, False, bytes(100)))
    with capture_logs() as logged:
        room.path.flush()
    assert [entry["event"] for entry in logged] == ["a fault while writing to a stream"]
    assert len(room.sockets[0].datagrams) == 1


def test_places_outside_a_packet_are_refused() -> None:
    counted: dict[str, int] = {}
    sock = RecordingSocket()
    egress = Egress()
    egress.send_to(sock, ("127.0.0.1", 9))  # type: ignore[arg-type]  # a double that records
    egress.protect_with(SrtpSender(KEYS))
    path = PacketPath(counted.__setitem__, flush=CompiledFlush(True, sendmmsg_to_doubles(ffi)))
    plan = Plan(egress, WireFormat((), (), ()), 7)
    whole = Canonical(bytes(100), 0, 0, 98, 0, 0x7FFF, 0, 99, 0, 98)
    path.send(plan, [whole])
    for change in ({"picture_at": 99}, {"tl0_at": 100}, {"transport_at": 99}, {"data": b""}, {"data": bytes(5000)}):
        path.send(plan, [whole._replace(**change)])  # type: ignore[arg-type]  # one field at a time
    path.report()
    assert len(sock.datagrams) == 1
    assert counted["send-failed"] == 5


def test_pylibsrtp_hands_over_a_function_that_encrypts() -> None:
    """The pointer that the compiled flush is given: called by hand, it does what pylibsrtp does."""
    protect = foreign_pointer("protect_function", _binding.ffi.addressof(_binding.lib, "srtp_protect"))
    sender = SrtpSender(KEYS)
    buffer = ffi.new("char[]", 300)
    packet = b"\x80\x60" + bytes(10) + b"secret" * 10
    ffi.memmove(buffer, packet, len(packet))
    length = ffi.new("int *", len(packet))
    assert protect(foreign_pointer("void *", sender.session), buffer, length) == 0
    assert length[0] == len(packet) + 16
    protected = ffi.buffer(buffer, length[0])[:]
    assert b"secret" not in protected
    assert SrtpReceiver(KEYS, lambda name: None).unprotect_rtp(protected) == packet
