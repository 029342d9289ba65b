import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.rtcp.framing import frame
from sfu.rtcp.packets import (
    Bye,
    Fir,
    Nack,
    Pli,
    ReceiverReport,
    Remb,
    ReportBlock,
    RtcpError,
    SenderReport,
    SourceChunk,
    SourceDescription,
    TransportFeedback,
    Unknown,
    parse_rtcp,
)
from tests.support.mutation import mutated

u8 = st.integers(0, 0xFF)
u16 = st.integers(0, 0xFFFF)
u32 = st.integers(0, 0xFFFFFFFF)
u64 = st.integers(0, 0xFFFFFFFFFFFFFFFF)
blocks = st.lists(st.builds(ReportBlock, u32, u8, st.integers(-0x800000, 0x7FFFFF), u32, u32, u32, u32), max_size=31)
texts = st.binary(max_size=255)
ssrcs = st.lists(u32, max_size=31).map(tuple)
deltas = st.lists(
    st.one_of(st.none(), st.integers(0, 255), st.integers(-0x8000, 0x7FFF)), min_size=1, max_size=120
).flatmap(lambda some: st.integers(1, 30).map(lambda repeat: tuple(some[:4] * repeat + some)))


@st.composite
def rising_numbers(draw: st.DrawFn) -> tuple[int, ...]:
    """16-bit numbers in rising order from anywhere on, across the wrap if need be."""
    number = draw(u16)
    numbers = [number]
    for step in draw(st.lists(st.integers(1, 300), max_size=60)):
        number = (number + step) & 0xFFFF
        numbers.append(number)
    return tuple(numbers)


exact_bitrates = st.builds(lambda mantissa, exponent: mantissa << exponent, st.integers(0, 0x3FFFF), st.integers(0, 40))
packets = st.one_of(
    st.builds(SenderReport, u32, u64, u32, u32, u32, blocks.map(tuple)),
    st.builds(ReceiverReport, u32, blocks.map(tuple)),
    st.builds(
        SourceDescription,
        st.lists(
            st.builds(SourceChunk, u32, st.lists(st.tuples(st.integers(1, 255), texts), max_size=4).map(tuple)),
            max_size=5,
        ).map(tuple),
    ),
    st.builds(Bye, ssrcs, texts),
    st.builds(Nack, u32, u32, rising_numbers()),
    st.builds(Pli, u32, u32),
    st.builds(Fir, u32, st.lists(st.tuples(u32, u8), max_size=9).map(tuple)),
    st.builds(Remb, u32, exact_bitrates, ssrcs),
    st.builds(TransportFeedback, u32, u32, u16, st.integers(-0x800000, 0x7FFFFF), u8, deltas),
    st.builds(
        Unknown, st.sampled_from((192, 204, 207)), st.integers(0, 31), st.binary(max_size=9).map(lambda b: b * 4)
    ),
)

VALID = [
    SenderReport(1, 2, 3, 4, 5, (ReportBlock(6),)).to_bytes() + SourceDescription.of_cname("cname", [1]).to_bytes(),
    ReceiverReport(1, (ReportBlock(6, 7, 8), ReportBlock(9))).to_bytes() + Bye((1, 2), b"gone").to_bytes(),
    Nack(1, 2, (65530, 65535, 3, 400)).to_bytes() + Pli(1, 2).to_bytes() + Fir(1, ((2, 3),)).to_bytes(),
    Remb(1, 3_300_000, (4, 5)).to_bytes(),
    TransportFeedback(1, 2, 65530, 5, 6, (0, None, 4, 300, -3) + (None,) * 30 + (1,) * 30).to_bytes(),
]


@given(st.lists(packets, min_size=1, max_size=4))
def test_compound_packets_are_read_as_they_were_written(written):
    assert parse_rtcp(b"".join(packet.to_bytes() for packet in written)) == written


@given(st.binary(max_size=60) | mutated(VALID))
def test_any_input_parses_or_raises_rtcp_error(data):
    try:
        found = parse_rtcp(data)
    except RtcpError:
        return
    assert found


@given(st.sampled_from((200, 201, 202, 203, 205, 206)), st.integers(0, 31), st.binary(max_size=80))
def test_any_body_of_a_known_type_parses_or_raises_rtcp_error(payload_type, count, body):
    body = body[: len(body) // 4 * 4]
    try:
        parse_rtcp(struct.pack("!BBH", 0x80 | count, payload_type, len(body) // 4) + body)
    except RtcpError:
        return


def test_a_nack_packs_seventeen_numbers_into_one_item_across_the_wrap():
    numbers = tuple((65530 + index) & 0xFFFF for index in range(17))
    data = Nack(1, 2, numbers).to_bytes()
    assert data == bytes.fromhex("81cd0003 00000001 00000002 fffa ffff")
    assert parse_rtcp(data) == [Nack(1, 2, numbers)]


@given(st.lists(u16, min_size=1, max_size=200))
def test_a_nack_of_numbers_in_any_order_asks_for_each(numbers):
    (parsed,) = parse_rtcp(Nack(1, 2, tuple(numbers)).to_bytes())
    assert set(parsed.sequence_numbers) == set(numbers)


@given(st.integers(0, (1 << 81) - 1))
def test_a_remb_loses_less_than_a_131072nd(bitrate):
    (parsed,) = parse_rtcp(Remb(1, bitrate).to_bytes())
    assert parsed.bitrate <= bitrate
    assert (bitrate - parsed.bitrate) << 17 <= bitrate


def test_a_remb_is_laid_out_as_the_draft_says():
    assert Remb(1, 0x3FFFF << 3, (0x1234,)).to_bytes() == bytes.fromhex(
        "8fce0005 00000001 00000000 52454d42 01 0fffff 00001234"
    )


def test_negative_loss_takes_24_bits():
    (parsed,) = parse_rtcp(ReceiverReport(1, (ReportBlock(2, 0, -5),)).to_bytes())
    assert parsed.reports[0].packets_lost == -5


def test_the_middle_of_the_ntp_time_is_what_reports_refer_to():
    assert SenderReport(1, 0x1234567890ABCDEF, 0, 0, 0).ntp_middle32 == 0x567890AB


def test_profile_extensions_after_report_blocks_are_left_out():
    body = struct.pack("!I", 7) + b"extended"
    assert parse_rtcp(struct.pack("!BBH", 0x80, 201, len(body) // 4) + body) == [ReceiverReport(7)]


def test_padding_at_the_end_is_taken_off():
    data = bytearray(Pli(1, 2).to_bytes())
    data[0] |= 0x20
    data[3] += 1
    assert parse_rtcp(bytes(data) + b"\0\0\0\4") == [Pli(1, 2)]
    for bad in (b"\0\0\0\0", b"\0\0\0\3", b"\0\0\0\x10"):
        with pytest.raises(RtcpError):
            parse_rtcp(bytes(data) + bad)


def test_an_application_layer_message_that_is_no_remb_is_unknown():
    body = struct.pack("!II", 1, 2) + b"XXXX"
    assert parse_rtcp(struct.pack("!BBH", 0x8F, 206, 3) + body) == [Unknown(206, 15, body)]


def test_what_cannot_be_framed_is_refused():
    with pytest.raises(RtcpError):
        Unknown(204, 0, b"abc").to_bytes()
    with pytest.raises(RtcpError):
        ReceiverReport(1, (ReportBlock(2),) * 32).to_bytes()


def test_empty_input_is_refused():
    with pytest.raises(RtcpError):
        parse_rtcp(b"")


class TestTransportFeedback:
    def test_runs_vectors_and_deltas_are_read_as_the_draft_draws_them(self):
        body = struct.pack("!IIHHI", 1, 2, 100, 14 + 7 + 20, 0xFFFFFF << 8 | 9)
        body += struct.pack("!HHH", 0b10_1000_0000_0000_01, 0b11_10_00_00_00_00_00_01, 0b0_00_0000000010100)
        body += struct.pack("!BBhB", 4, 8, -2, 255) + b"\0"
        (parsed,) = parse_rtcp(struct.pack("!BBH", 0x8F, 205, len(body) // 4) + body)
        expected = (4, *[None] * 12, 8, -2, *[None] * 5, 255, *[None] * 20)
        assert parsed == TransportFeedback(1, 2, 100, -1, 9, expected)

    def test_arrival_times_add_up_from_the_reference_time(self):
        feedback = TransportFeedback(1, 2, 65535, 2, 0, (3, None, 10, -4))
        assert list(feedback.arrivals()) == [(65535, 515), (0, None), (1, 525), (2, 521)]

    def test_a_thousand_packets_that_all_came_take_about_a_byte_each(self):
        assert len(TransportFeedback(1, 2, 0, 0, 0, (200,) * 1000).to_bytes()) < 1030

    def test_a_delta_out_of_range_is_refused(self):
        with pytest.raises(RtcpError):
            TransportFeedback(1, 2, 0, 0, 0, (40000,)).to_bytes()

    def test_a_reserved_status_is_refused(self):
        body = struct.pack("!IIHHIHH", 1, 2, 0, 1, 0, 0x6001, 0)
        with pytest.raises(RtcpError, match="reserved"):
            parse_rtcp(struct.pack("!BBH", 0x8F, 205, len(body) // 4) + body)

    def test_a_run_longer_than_the_packet_count_is_cut(self):
        body = struct.pack("!IIHHIHBB", 1, 2, 0, 2, 0, 0x2000 | 0x1FFF, 1, 2)
        (parsed,) = parse_rtcp(struct.pack("!BBH", 0x8F, 205, len(body) // 4) + body)
        assert parsed.deltas == (1, 2)

    def test_more_packets_than_anyone_sends_between_two_feedbacks_are_refused(self):
        chunks = struct.pack("!8H", *[0x1FFF] * 8)
        body = struct.pack("!IIHHI", 1, 2, 0, 0xFFF8, 0) + chunks
        with pytest.raises(RtcpError):
            parse_rtcp(frame(15, 205, body))
