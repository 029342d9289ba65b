import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.depacketise import DepacketiseError
from recorder.depacketise.av1 import join_av1
from recorder.depacketise.av1_sequence import read_sequence_header
from sfu.codecs import CodecError
from tests.support.clips import encode_clip
from tests.support.mutation import mutated
from tests.support.packetisers import av1_obus, packetise_av1

# The sequence header of a clip of SVT-AV1: main profile, 160x90, 4:2:0.
SEQUENCE = next(av1_obus(encode_clip("libsvtav1", 160, 90)[0].data))
KEY_FRAME = b"\x30\x10" + bytes(50)
INTER_FRAME = b"\x30\x30" + bytes(50)
W2 = b"\x28" + bytes((len(SEQUENCE),)) + SEQUENCE + KEY_FRAME
W0 = b"\x08" + bytes((len(SEQUENCE),)) + SEQUENCE + bytes((len(KEY_FRAME),)) + KEY_FRAME
VALID = [W2, W0, b"\x10" + INTER_FRAME, b"\x50" + INTER_FRAME[:9], b"\x90" + INTER_FRAME[9:]]


def sized(obu):
    return bytes((obu[0] | 2, len(obu) - 1)) + obu[1:]


@pytest.mark.parametrize("ours", [False, True], ids=["FFmpeg's packets", "packets of one element"])
def test_a_clip_comes_out_as_it_was_encoded(ours):
    for frame in encode_clip("libsvtav1", 160, 90):
        joined = join_av1(packetise_av1(frame.data, 70) if ours else frame.payloads)
        assert list(av1_obus(joined.data)) == list(av1_obus(frame.data))
        assert joined.keyframe == frame.keyframe
        assert (joined.width, joined.height) == ((160, 90) if frame.keyframe else (0, 0))
        assert joined.codec_private == (av1c() if frame.keyframe else b"")


def av1c():
    # Profile 0, then the level that the header names, no tier, 8 bits, 4:2:0.
    header = read_sequence_header(SEQUENCE[1:])
    return bytes((0x81, header.level, 0x0C | header.sampling & 3, 0)) + sized(SEQUENCE)


@pytest.mark.parametrize("payload", [W2, W0], ids=["W is 2", "W is 0"])
def test_elements_with_and_without_a_count_are_read(payload):
    frame = join_av1([payload])
    assert frame.data == sized(SEQUENCE) + sized(KEY_FRAME)
    assert frame.keyframe


def test_an_obu_may_continue_over_packets_that_hold_others_too():
    first = b"\x60" + bytes((len(INTER_FRAME),)) + INTER_FRAME + KEY_FRAME[:20]
    last = b"\xa0" + bytes((len(KEY_FRAME) - 20,)) + KEY_FRAME[20:] + INTER_FRAME
    assert join_av1([first, last]).data == sized(INTER_FRAME) + sized(KEY_FRAME) + sized(INTER_FRAME)


def test_delimiters_and_padding_are_left_out_and_sizes_that_were_sent_are_read():
    joined = join_av1([b"\x00\x01\x10\x03\x78\x01\x02" + bytes((len(INTER_FRAME) + 1,)) + sized(INTER_FRAME)])
    assert joined.data == sized(INTER_FRAME)


def test_a_sequence_header_before_another_frame_makes_no_keyframe():
    assert not join_av1([b"\x28" + bytes((len(SEQUENCE),)) + SEQUENCE + INTER_FRAME]).keyframe
    assert not join_av1([b"\x10" + KEY_FRAME]).keyframe


@pytest.mark.parametrize(
    "payloads",
    [
        [b"\x90" + INTER_FRAME],
        [b"\x50" + INTER_FRAME],
        [b"\x50" + INTER_FRAME, b"\x10" + INTER_FRAME],
        [b"\x10"],
        [b"\x00"],
        [b"\x20\x70" + INTER_FRAME],
        [b"\x10\xb0\x00"],
        [b"\x10\x32\x7f\x00"],
        [b"\x10\x10"],
        [b"\x28\x02" + SEQUENCE[:2] + KEY_FRAME],
    ],
    ids=[
        "no start",
        "no end",
        "broken off",
        "W lies",
        "empty",
        "too long",
        "forbidden bit",
        "bad size",
        "only TD",
        "cut",
    ],
)
def test_what_is_no_temporal_unit_is_refused(payloads):
    with pytest.raises(DepacketiseError):
        join_av1(payloads)


@given(st.lists(st.binary(min_size=1, max_size=60) | mutated(VALID).filter(bool), min_size=1, max_size=5))
def test_any_payloads_are_joined_or_refused(payloads):
    try:
        frame = join_av1(payloads)
    except DepacketiseError:
        return
    assert list(av1_obus(frame.data))


@given(st.binary(max_size=40) | mutated([SEQUENCE[1:]]))
def test_any_sequence_header_is_read_or_refused(body):
    try:
        header = read_sequence_header(body)
    except CodecError:
        return
    assert 0 < header.width <= 65536
    assert 0 < header.height <= 65536
