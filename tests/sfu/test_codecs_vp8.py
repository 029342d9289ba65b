import av
import pytest
from aiortc.codecs.vpx import VpxPayloadDescriptor
from hypothesis import given
from hypothesis import strategies as st

from sfu.codecs import CodecError, describe, vp8
from tests.support.clips import KEYFRAME_INTERVAL, encode_clip
from tests.support.mutation import mutated

KEY_HEADER = bytes.fromhex("50020 09d012a 40 01 b4 00".replace(" ", ""))  # 320x180
DELTA_HEADER = bytes.fromhex("5102 00")


def descriptor(
    *,
    start: int = 1,
    partition: int = 0,
    picture_id: int | None = None,
    tl0: int | None = None,
    tid: tuple[int, int] | None = None,
    keyidx: int | None = None,
) -> bytes:
    """As aiortc writes it, which is an implementation of its own; it always takes 15 bits for the picture id."""
    written = VpxPayloadDescriptor(
        partition_start=start,
        partition_id=partition,
        picture_id=picture_id,
        tl0picidx=tl0,
        tid=tid,
        keyidx=keyidx,
    )
    return bytes(written)


VALID = [
    descriptor() + KEY_HEADER,
    descriptor(picture_id=5, tl0=3, tid=(2, 1), keyidx=9) + DELTA_HEADER,
    descriptor(picture_id=500, tl0=255, tid=(0, 0)) + KEY_HEADER,
    descriptor(start=0, keyidx=3) + b"rest",
]


@pytest.mark.parametrize(("width", "height"), [(160, 90), (322, 182), (640, 360)])
def test_keyframes_and_sizes_of_a_real_clip_are_found(width, height):
    frames = encode_clip("libvpx", width, height)
    assert [frame.keyframe for frame in frames] == [index % KEYFRAME_INTERVAL == 0 for index in range(len(frames))]
    for frame in frames:
        infos = [describe("VP8", payload) for payload in frame.payloads]
        assert len(infos) > 1 or not frame.keyframe
        assert [info.starts_frame for info in infos] == [True] + [False] * (len(infos) - 1)
        assert [info.keyframe for info in infos] == [frame.keyframe] + [False] * (len(infos) - 1)
        assert (infos[0].width, infos[0].height) == ((width, height) if frame.keyframe else (0, 0))
        assert b"".join(p[i.descriptor_size :] for p, i in zip(frame.payloads, infos, strict=True)) == frame.data


@given(
    picture_id=st.none() | st.integers(0, 200) | st.integers(0, 0x7FFF),
    short=st.booleans(),
    tl0=st.none() | st.integers(0, 255),
    tid=st.none() | st.tuples(st.integers(0, 3), st.integers(0, 1)),
    keyidx=st.none() | st.integers(0, 31),
)
def test_every_shape_of_descriptor_is_read(picture_id, short, tl0, tid, keyidx):
    payload = descriptor(picture_id=picture_id, tl0=tl0, tid=tid, keyidx=keyidx)
    bits = 0 if picture_id is None else 15
    if short and bits and picture_id < 128:
        bits = 7
        payload = payload[:2] + bytes((picture_id,)) + payload[4:]
    size = len(payload)
    info = describe("VP8", payload + KEY_HEADER)
    assert (info.picture_id, info.tl0, info.temporal_id) == (picture_id, tl0, tid[0] if tid else 0)
    assert (info.keyframe, info.width, info.height) == (True, 320, 180)
    assert info.descriptor_size == size
    assert info.picture_id_bits == bits
    if picture_id is not None:
        assert payload[info.picture_id_offset] & 0x7F == picture_id >> (8 if bits == 15 else 0)
    if tl0 is not None:
        assert payload[info.tl0_offset] == tl0


@given(
    start=st.integers(0, 1),
    partition=st.integers(0, 7),
    old_id=st.none() | st.integers(0, 0x7FFF),
    old_tl0=st.none() | st.integers(0, 255),
    tid=st.none() | st.tuples(st.integers(0, 3), st.integers(0, 1)),
    keyidx=st.none() | st.integers(0, 31),
    picture_id=st.integers(0, 0x7FFF),
    tl0=st.integers(0, 255),
)
def test_a_normalised_descriptor_has_one_shape_and_keeps_the_rest(
    start, partition, old_id, old_tl0, tid, keyidx, picture_id, tl0
):
    rest = KEY_HEADER + b"rest"
    payload = (
        descriptor(
            start=start,
            partition=partition,
            picture_id=old_id,
            tl0=old_tl0,
            tid=tid,
            keyidx=keyidx,
        )
        + rest
    )
    normal = vp8.normalise(payload, describe("VP8", payload), picture_id, tl0)
    assert normal[vp8.NORMAL_DESCRIPTOR_SIZE :] == rest
    assert int.from_bytes(normal[vp8.NORMAL_PICTURE_ID_OFFSET :][:2], "big") == 0x8000 | picture_id
    assert normal[vp8.NORMAL_TL0_OFFSET] == tl0
    read, remaining = VpxPayloadDescriptor.parse(normal)
    assert remaining == rest
    assert (read.partition_start, read.partition_id) == (start, partition)
    assert (read.picture_id, read.tl0picidx) == (picture_id, tl0)
    assert (read.tid, read.keyidx) == (tid or (0, 0), keyidx or 0)


def test_what_stands_in_fields_without_their_flag_is_not_passed_on():
    for flags, expected in ((0x10, 0x05), (0x20, 0xE0)):  # K alone, T alone
        payload = bytes((0x90, flags, 0xE5)) + DELTA_HEADER
        assert vp8.normalise(payload, describe("VP8", payload), 1, 2)[5] == expected


def test_scaling_is_not_size():
    header = bytearray(KEY_HEADER)
    header[7] |= 0x40
    header[9] |= 0x80
    info = describe("VP8", b"\x10" + bytes(header))
    assert (info.width, info.height) == (320, 180)


def test_a_normalised_clip_still_decodes():
    decoder = av.CodecContext.create("vp8", "r")
    decoded = 0
    for index, frame in enumerate(encode_clip("libvpx", 160, 90)):
        data = b""
        for payload in frame.payloads:
            normal = vp8.normalise(payload, describe("VP8", payload), 0x7FFF + index, index)
            data += VpxPayloadDescriptor.parse(normal)[1]
        decoded += len(decoder.decode(av.Packet(data)))
    assert decoded >= KEYFRAME_INTERVAL


@pytest.mark.parametrize("payload", [b"", b"\x80", b"\x80\x80", b"\x90\x80\x80", b"\x90\xf0\x01\x02", b"\x10"])
def test_a_payload_that_is_cut_off_is_refused(payload):
    with pytest.raises(CodecError):
        describe("VP8", payload)


@given(st.binary(max_size=24) | mutated(VALID))
def test_any_input_is_described_or_raises_codec_error(payload):
    try:
        info = describe("VP8", payload)
    except CodecError:
        return
    assert info.descriptor_size <= len(payload)
    normal = vp8.normalise(payload, info, 1, 2)
    assert len(normal) == len(payload) - info.descriptor_size + vp8.NORMAL_DESCRIPTOR_SIZE
    again = describe("VP8", normal)
    assert (again.keyframe, again.width, again.height) == (info.keyframe, info.width, info.height)
