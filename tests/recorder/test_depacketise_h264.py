import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.depacketise import DepacketiseError
from recorder.depacketise.h264 import join_h264
from tests.support.clips import encode_clip
from tests.support.mutation import mutated
from tests.support.packetisers import annex_b_units, packetise_h264

# Of libx264, baseline 1.1, 160x90.
SPS = bytes.fromhex("6742c00bda0a37e484000003000400000300ca3c50aa80")
PPS = bytes.fromhex("68ce3880")
IDR = b"\x65\x88" + bytes(range(1, 100))
SLICE = b"\x41\x9a" + bytes(range(1, 100))
START = b"\0\0\0\1"
KEYFRAME = START + SPS + START + PPS + START + IDR
VALID = [*packetise_h264(KEYFRAME, 50), *packetise_h264(START + SLICE, 50), SLICE]


def units(data):
    """The NAL units of a frame as Matroska has it."""
    found = []
    while data:
        size = int.from_bytes(data[:4], "big")
        found.append(data[4 : 4 + size])
        assert len(found[-1]) == size
        data = data[4 + size :]
    return found


@pytest.mark.parametrize(
    ("pixel_format", "profile", "tail"),
    [
        ("yuv420p", "baseline", b""),
        ("yuv422p", "high422", b"\xfe\xf8\xf8\x00"),
        ("yuv444p", "high444", b"\xff\xf8\xf8\x00"),
    ],
)
def test_a_clip_of_ffmpegs_packetiser_comes_out_as_it_was_encoded(pixel_format, profile, tail):
    for frame in encode_clip("libx264", 160, 90, pixel_format, profile):
        joined = join_h264(frame.payloads)
        assert units(joined.data) == annex_b_units(frame.data)
        assert joined.keyframe == frame.keyframe
        if frame.keyframe:
            sps = annex_b_units(frame.data)[0]
            assert (joined.width, joined.height) == (160, 90)
            assert joined.codec_private[:8] == b"\x01" + sps[1:4] + b"\xff\xe1" + len(sps).to_bytes(2, "big")
            assert joined.codec_private.endswith(tail)


def test_fragments_and_aggregates_become_units_with_sizes():
    frame = join_h264(packetise_h264(KEYFRAME, 50))
    assert units(frame.data) == [SPS, PPS, IDR]
    assert frame.codec_private == b"\x01\x42\xc0\x0b\xff\xe1\0\x17" + SPS + b"\x01\0\x04" + PPS
    assert (frame.keyframe, frame.width, frame.height) == (True, 160, 90)


def test_delimiters_and_filler_are_left_out():
    assert units(join_h264([b"\x09\x10", SLICE, b"\x0c\xff\x80"]).data) == [SLICE]


def test_an_idr_picture_without_its_parameter_sets_is_no_keyframe():
    assert not join_h264([IDR]).keyframe
    assert not join_h264([SPS, IDR]).keyframe
    assert not join_h264([SPS, PPS, SLICE]).keyframe


FRAGMENTS = packetise_h264(START + IDR, 40)


@pytest.mark.parametrize(
    "payloads",
    [
        FRAGMENTS[1:],
        FRAGMENTS[:-1],
        [FRAGMENTS[0], SLICE],
        [FRAGMENTS[0], FRAGMENTS[0]],
        [b"\x7c\x85"],
        [b"\x1d\x01\x02"],
        [b"\x78\x00"],
        [b"\x09\x10"],
        [SPS[:3], PPS, IDR],
        [SPS + bytes(1000), PPS, IDR],
    ],
    ids=[
        "no start",
        "no end",
        "unit amid fragments",
        "two starts",
        "cut",
        "FU-B",
        "STAP cut",
        "empty",
        "SPS cut",
        "big SPS",
    ],
)
def test_what_is_no_access_unit_is_refused(payloads):
    with pytest.raises(DepacketiseError):
        join_h264(payloads)


@given(st.lists(st.binary(min_size=1, max_size=60) | mutated(VALID).filter(bool), min_size=1, max_size=5))
def test_any_payloads_are_joined_or_refused(payloads):
    try:
        frame = join_h264(payloads)
    except DepacketiseError:
        return
    assert all(units(frame.data))
