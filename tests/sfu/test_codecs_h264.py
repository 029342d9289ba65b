import pytest
from aiortc.codecs.h264 import H264Encoder
from hypothesis import given
from hypothesis import strategies as st

from sfu.codecs import CodecError, describe
from sfu.codecs.bits import BitReader
from tests.support.clips import encode_clip
from tests.support.mutation import mutated

# Of libx264, baseline 1.0, 176x144.
SPS = bytes.fromhex("6742c00ad90b09b011000003000100000300320f1832 48".replace(" ", ""))
IDR = b"\x65\x88\x84\x00\x10"


def stap_a(*units: bytes) -> bytes:
    return b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)


VALID = [stap_a(SPS, b"\x68\xce\x38\x80", IDR), b"\x7c\x85\x88\x84", SPS, b"\x41\x9a\x02"]


@pytest.mark.parametrize(
    ("width", "height", "pixel_format", "profile"),
    [
        (160, 90, "yuv420p", "baseline"),
        (322, 182, "yuv420p", "main"),
        (640, 360, "yuv420p", "high"),
        (162, 90, "yuv422p", "high422"),
        (161, 91, "yuv444p", "high444"),
    ],
)
def test_keyframes_and_sizes_of_a_real_clip_are_found(width, height, pixel_format, profile):
    frames = encode_clip("libx264", width, height, pixel_format, profile)
    assert sum(frame.keyframe for frame in frames) > 1
    for frame in frames:
        check_frame(frame.payloads, frame.keyframe, width, height)


def test_aggregates_and_fragments_of_another_packetiser_are_read():
    for frame in encode_clip("libx264", 322, 182, "yuv420p", "main"):
        payloads = H264Encoder._packetize(H264Encoder._split_bitstream(frame.data))
        assert any(payload[0] & 0x1F == 28 for payload in payloads)
        check_frame(payloads, frame.keyframe, 322, 182)


def check_frame(payloads, keyframe: bool, width: int, height: int) -> None:
    infos = [describe("H264", payload) for payload in payloads]
    assert infos[0].starts_frame
    assert infos[0].keyframe == keyframe
    assert not any(info.keyframe for info in infos[1:])
    assert (infos[0].width, infos[0].height) == ((width, height) if keyframe else (0, 0))


def test_an_idr_picture_without_parameter_set_is_no_start_for_a_decoder():
    assert not describe("H264", IDR).keyframe
    assert describe("H264", IDR).starts_frame


def test_only_the_first_fragment_starts_a_frame():
    assert describe("H264", b"\x7c\x85\x88\x84").starts_frame
    assert not describe("H264", b"\x7c\x05\x88\x84").starts_frame


def test_a_second_slice_of_a_picture_does_not_start_a_frame():
    assert not describe("H264", b"\x41\x40").starts_frame


def test_emulation_prevention_is_undone_before_the_size():
    # Baseline, level 0, set 63, then ue(0) thrice, one reference, no gaps, 20x12 macroblocks, frames only, no cropping.
    bits = "0000001000000" + "1" + "1" + "1" + "010" + "0" + "000010100" + "0001100" + "1" + "1" + "0" + "0" + "1"
    body = int(bits.ljust(48, "0"), 2).to_bytes(6, "big")
    assert body[0] <= 3, "else no byte is put in"
    info = describe("H264", b"\x67\x42\x00\x00\x03" + body)
    assert (info.width, info.height) == (320, 192)


def test_a_parameter_set_that_is_cut_off_has_no_size():
    info = describe("H264", SPS[:5])
    assert (info.keyframe, info.width, info.height) == (True, 0, 0)


@pytest.mark.parametrize(
    "payload",
    [b"", b"\x00", b"\x1f", b"\x79\x00", b"\x7c\x85", b"\x78", b"\x78\x00", b"\x78\x00\x00", b"\x78\x00\x05\x67"],
)
def test_a_malformed_payload_is_refused(payload):
    with pytest.raises(CodecError):
        describe("H264", payload)


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda tail: b"\x67" + tail) | mutated(VALID))
def test_any_input_is_described_or_raises_codec_error(payload):
    try:
        info = describe("H264", payload)
    except CodecError:
        return
    assert 0 <= info.width <= 0xFFFF
    assert 0 <= info.height <= 0xFFFF


def test_a_parameter_set_that_never_ends_is_not_read_to_its_end(monkeypatch):
    reads = []
    read = BitReader.exp_golomb
    monkeypatch.setattr(BitReader, "exp_golomb", lambda self: reads.append(1) or read(self))
    # Picture order type 1 with 4095 reference frames, each of them a single bit.
    endless = bytes.fromhex("6742001ed6") + bytes.fromhex("8000800f") + b"\xff" * 1200
    for payload in (endless, stap_a(*[endless[:60]] * 20)):
        reads.clear()
        assert describe("H264", payload).keyframe
        assert len(reads) < 1500
