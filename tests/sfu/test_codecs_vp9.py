import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.codecs import CodecError, describe
from tests.support.clips import encode_clip
from tests.support.mutation import mutated


def svc(*, predicted: bool, spatial: int, begins: bool = True, structure: bytes = b"", temporal: int = 0) -> bytes:
    """Non-flexible mode with layers, as Chromium sends L3T3_KEY: I, L, B and V, 15-bit picture id 1000, TL0 7."""
    first = 0x80 | predicted << 6 | 0x20 | begins << 3 | bool(structure) << 1
    return bytes((first, 0x83, 0xE8, temporal << 5 | spatial << 1 | (spatial > 0), 7)) + structure + b"frame"


# Three spatial layers with sizes, and a picture group of two: with no and with one reference.
STRUCTURE = bytes((2 << 5 | 0x18,)) + struct.pack("!6H", 320, 180, 640, 360, 1280, 720) + b"\x02\x00\x24\x01"
FLEXIBLE = bytes((0x80 | 0x40 | 0x20 | 0x10 | 0x08, 5, 0x20, 0x03, 0x04)) + b"frame"
VALID = [svc(predicted=False, spatial=0, structure=STRUCTURE), svc(predicted=True, spatial=2, temporal=1), FLEXIBLE]


@pytest.mark.parametrize(
    ("width", "height", "pixel_format", "profile"),
    [(160, 90, "yuv420p", "0"), (322, 182, "yuv420p", "0"), (160, 90, "yuv444p", "1")],
)
def test_keyframes_and_sizes_of_a_real_clip_are_found(width, height, pixel_format, profile):
    frames = encode_clip("libvpx-vp9", width, height, pixel_format, profile)
    assert sum(frame.keyframe for frame in frames) > 1
    for frame in frames:
        infos = [describe("VP9", payload) for payload in frame.payloads]
        assert [info.starts_frame for info in infos] == [True] + [False] * (len(infos) - 1)
        assert infos[0].keyframe == frame.keyframe
        assert not any(info.keyframe for info in infos[1:])
        assert (infos[0].width, infos[0].height) == ((width, height) if frame.keyframe else (0, 0))
        assert b"".join(p[i.descriptor_size :] for p, i in zip(frame.payloads, infos, strict=True)) == frame.data


def test_a_keyframe_of_several_layers_has_the_size_of_the_highest():
    info = describe("VP9", svc(predicted=False, spatial=0, structure=STRUCTURE))
    assert (info.keyframe, info.width, info.height) == (True, 1280, 720)
    assert (info.picture_id, info.picture_id_bits, info.picture_id_offset) == (1000, 15, 1)
    assert (info.tl0, info.tl0_offset) == (7, 4)
    assert info.descriptor_size == 5 + len(STRUCTURE)


def test_upper_layers_of_a_keyframe_do_not_start_it():
    info = describe("VP9", svc(predicted=False, spatial=1))
    assert (info.starts_frame, info.keyframe, info.spatial_id) == (True, False, 1)


def test_the_middle_of_a_keyframe_does_not_start_it():
    assert not describe("VP9", svc(predicted=False, spatial=0, begins=False)).keyframe


def test_flexible_mode_has_references_and_no_tl0():
    info = describe("VP9", FLEXIBLE)
    assert (info.picture_id, info.picture_id_bits, info.temporal_id) == (5, 7, 1)
    assert info.tl0 is None
    assert info.descriptor_size == 5


@pytest.mark.parametrize(
    "bits",
    [
        "10 00 0 0 10 {sync} 010 0 {size}",  # profile 0
        "10 10 0 0 10 {sync} 010 0 11 0 {size}",  # profile 1 with subsampling
        "10 10 0 0 10 {sync} 111 0 {size}",  # profile 1 in sRGB
        "10 01 0 0 10 {sync} 1 010 0 {size}",  # profile 2, twelve bits
        "10 11 0 0 0 10 {sync} 0 010 0 11 0 {size}",  # profile 3
    ],
)
def test_the_size_stands_behind_the_colours_of_each_profile(bits):
    text = bits.format(sync=f"{0x498342:024b}", size=f"{1279:016b}{719:016b}").replace(" ", "")
    header = int(text.ljust(120, "0"), 2).to_bytes(15, "big")
    info = describe("VP9", b"\x08" + header)
    assert (info.keyframe, info.width, info.height) == (True, 1280, 720)


def test_a_keyframe_whose_header_does_not_tell_has_no_size():
    info = describe("VP9", b"\x08" + b"encrypted")
    assert (info.keyframe, info.width, info.height) == (True, 0, 0)


@pytest.mark.parametrize(
    "payload", [b"", b"\x80", b"\x80\x80", b"\xa0\x01", b"\xd0\x01\x01\x01\x01", b"\x02\x38\x00", b"\x02\x08\x02\x00"]
)
def test_a_descriptor_that_is_cut_off_is_refused(payload):
    with pytest.raises(CodecError):
        describe("VP9", payload)


@given(st.binary(max_size=40) | mutated(VALID))
def test_any_input_is_described_or_raises_codec_error(payload):
    try:
        info = describe("VP9", payload)
    except CodecError:
        return
    assert 0 < info.descriptor_size <= len(payload)
