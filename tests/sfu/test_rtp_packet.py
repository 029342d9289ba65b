import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.rtp.extensions import write_extensions
from sfu.rtp.packet import RtpError, parse_rtp
from tests.support.mutation import mutated


def build(
    *,
    csrcs: tuple[int, ...] = (),
    block: bytes = b"",
    payload: bytes = b"payload",
    padding: int = 0,
    marker: bool = False,
) -> bytes:
    first = 0x80 | (0x20 if padding else 0) | (0x10 if block else 0) | len(csrcs)
    head = struct.pack("!BBHII", first, marker << 7 | 96, 65535, 0xFFFFFFFE, 0xDEADBEEF)
    tail = bytes(padding - 1) + bytes((padding,)) if padding else b""
    return head + b"".join(struct.pack("!I", csrc) for csrc in csrcs) + block + payload + tail


def one_byte(body: bytes) -> bytes:
    return struct.pack("!HH", 0xBEDE, len(body) // 4) + body


def two_byte(body: bytes, appbits: int = 0) -> bytes:
    return struct.pack("!HH", 0x1000 | appbits, len(body) // 4) + body


VALID = [
    build(),
    build(csrcs=(1, 2, 3), marker=True),
    build(block=one_byte(b"\x10\x7f\x32\x01\x02\x03\x00\x00"), padding=4),
    build(block=two_byte(b"\x01\x00\x0f\x01\x7f\x00\x00\x00"), csrcs=(9,)),
]


def test_the_fixed_header_is_read():
    packet = parse_rtp(build(marker=True))
    assert (packet.payload_type, packet.marker, packet.sequence_number) == (96, True, 65535)
    assert (packet.timestamp, packet.ssrc) == (0xFFFFFFFE, 0xDEADBEEF)
    assert packet.payload == b"payload"
    assert packet.extensions == () and packet.csrcs == ()


def test_contributing_sources_are_read():
    packet = parse_rtp(build(csrcs=tuple(range(1, 16))))
    assert packet.csrcs == tuple(range(1, 16))
    assert packet.payload == b"payload"


def test_padding_is_not_payload():
    packet = parse_rtp(build(padding=5))
    assert packet.padding_size == 5
    assert packet.payload == b"payload"


def test_a_packet_of_padding_only_has_an_empty_payload():
    assert parse_rtp(build(payload=b"", padding=255)).payload == b""


def test_one_byte_extensions_are_read_past_padding_between_them():
    packet = parse_rtp(build(block=one_byte(b"\x10\x7f\x00\x00\x32\x01\x02\x03")))
    assert packet.extensions == ((1, b"\x7f"), (3, b"\x01\x02\x03"))
    assert packet.extension(3) == b"\x01\x02\x03"
    assert packet.extension(2) is None


@pytest.mark.parametrize("head", [b"\xf0\x00", b"\x01\x00"], ids=["id 15", "id 0 with a length"])
def test_reserved_one_byte_ids_end_the_block(head):
    packet = parse_rtp(build(block=one_byte(b"\x10\x7f" + head + b"\x10\x01\x10\x02")))
    assert packet.extensions == ((1, b"\x7f"),)
    assert packet.payload == b"payload"


def test_two_byte_extensions_are_read_with_any_appbits():
    packet = parse_rtp(build(block=two_byte(b"\x01\x00\x00\xff\x02ab\x00", appbits=7)))
    assert packet.extensions == ((1, b""), (255, b"ab"))


def test_an_unknown_extension_profile_is_skipped():
    packet = parse_rtp(build(block=struct.pack("!HH", 0x1234, 1) + b"\xff\xff\xff\xff"))
    assert packet.extensions == ()
    assert packet.payload == b"payload"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        build()[:11],
        b"\x40" + build()[1:],
        build(csrcs=(1, 2))[:19],
        build(block=one_byte(bytes(4)))[:15],
        build(block=struct.pack("!HH", 0xBEDE, 9)),
        build(block=one_byte(b"\x1f\x00\x00\x00")),
        build(block=two_byte(b"\x01\x03\x00\x00")),
        build(block=two_byte(b"\x00\x00\x00\x01")),
        build(payload=b"", padding=1)[:-1] + b"\x02",
        build(padding=1)[:-1] + b"\x00",
    ],
    ids=[
        "empty",
        "short",
        "version 1",
        "csrcs cut",
        "extension header cut",
        "extension block cut",
        "one-byte element overruns",
        "two-byte element overruns",
        "two-byte element without length",
        "more padding than payload",
        "padding of zero",
    ],
)
def test_a_malformed_packet_is_refused(data):
    with pytest.raises(RtpError):
        parse_rtp(data)


@given(st.binary(max_size=80) | st.binary(max_size=60).map(lambda tail: b"\x90" + tail) | mutated(VALID))
def test_any_input_parses_consistently_or_raises_rtp_error(data):
    try:
        packet = parse_rtp(data)
    except RtpError:
        return
    assert packet.payload_offset + len(packet.payload) + packet.padding_size == len(data)
    assert all(0 < extension_id < 256 for extension_id, _ in packet.extensions)


@given(
    items=st.lists(st.tuples(st.integers(1, 255), st.binary(max_size=40)), max_size=8),
    csrcs=st.lists(st.integers(0, 0xFFFFFFFF), max_size=15),
    payload=st.binary(max_size=30),
    padding=st.integers(0, 255),
)
def test_what_was_written_is_read_again(items, csrcs, payload, padding):
    packet = parse_rtp(build(csrcs=tuple(csrcs), block=write_extensions(items), payload=payload, padding=padding))
    assert packet.extensions == tuple(items)
    assert packet.csrcs == tuple(csrcs)
    assert packet.payload == payload
