import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.codecs import CodecError, describe
from tests.support.clips import encode_clip
from tests.support.mutation import mutated

VALID = [frame.payloads[0] for frame in encode_clip("libsvtav1", 160, 90)[:4]]


@pytest.mark.parametrize(("width", "height"), [(160, 90), (322, 182), (640, 360)])
def test_keyframes_and_sizes_of_a_real_clip_are_found(width, height):
    frames = encode_clip("libsvtav1", width, height)
    assert sum(frame.keyframe for frame in frames) > 1
    for frame in frames:
        infos = [describe("AV1", payload) for payload in frame.payloads]
        assert infos[0].starts_frame
        assert infos[0].keyframe == frame.keyframe
        assert not any(info.keyframe for info in infos[1:])
        assert (infos[0].width, infos[0].height) == ((width, height) if frame.keyframe else (0, 0))


def test_elements_with_and_without_count_are_read_alike():
    payload = VALID[0]
    assert payload[0] >> 4 & 3, "the muxer counts elements"
    counted = describe("AV1", payload)
    # The same sequence header as the only element: W 1 without length, W 0 with length.
    size, start = payload[1], 2
    header = payload[start : start + size]
    assert describe("AV1", b"\x18" + header) == counted
    assert describe("AV1", b"\x08" + bytes((size,)) + header) == counted


@pytest.mark.parametrize(
    "fields",
    [
        "000 0 1 01000",  # reduced still picture header
        "000 0 0 0 0 00000 000000000000 00111",  # one operating point of level 3.3, without tier
        "000 0 0 0 0 00000 000000000000 01000 1",  # level 4.0, high tier
        "000 0 0 0 1 00001 000000000001 00101 1 0011 000000000010 01001 0 0",  # two with display delays
        "000 0 0 1 {zeros:064d} 1 010 1 00001 {zeros:032d} 00000 00000 0 00000 000000000000 00101 1 11 01 0",
    ],
)
def test_the_size_stands_behind_the_operating_points(fields):
    text = (fields.format(zeros=0) + f"1010 1001 {1279:011b} {719:010b}").replace(" ", "")
    header = int(text.ljust(240, "0"), 2).to_bytes(30, "big")
    info = describe("AV1", b"\x18\x08" + header)
    assert (info.keyframe, info.width, info.height) == (True, 1280, 720)


def test_a_packet_that_goes_on_with_an_obu_starts_nothing():
    info = describe("AV1", b"\x90\x00\x00")
    assert (info.keyframe, info.starts_frame) == (False, False)


def test_a_new_sequence_without_header_has_no_size():
    info = describe("AV1", b"\x18\x30\x00")
    assert (info.keyframe, info.width, info.height) == (True, 0, 0)


@pytest.mark.parametrize("payload", [b"", b"\x10", b"\x98\x00", b"\x08\xff", b"\x08\x05\x00", b"\x08" + b"\xff" * 9])
def test_a_malformed_payload_is_refused(payload):
    with pytest.raises(CodecError):
        describe("AV1", payload)


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda tail: b"\x08" + tail) | mutated(VALID))
def test_any_input_is_described_or_raises_codec_error(payload):
    try:
        info = describe("AV1", payload)
    except CodecError:
        return
    assert info.starts_frame or not info.keyframe
