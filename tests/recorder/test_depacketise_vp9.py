import av
import pytest
from av.bitstream import BitStreamFilterContext
from hypothesis import given
from hypothesis import strategies as st

from recorder.depacketise import DepacketiseError
from recorder.depacketise.vp9 import join_vp9
from tests.support.clips import encode_clip
from tests.support.mutation import mutated
from tests.support.packetisers import packetise_vp9
from tests.support.publishing import encode_video

SIZES = [(160, 90), (320, 180)]
LAYERS = [b"\x82\x49\x83\x42" + bytes(300), b"\x86" + bytes(70_000)]
VALID = packetise_vp9(LAYERS, 7, True, SIZES, 30_000) + packetise_vp9(LAYERS, 8, False, SIZES, 30_000)


def test_a_clip_of_ffmpegs_packetiser_comes_out_as_it_was_encoded():
    for frame in encode_clip("libvpx-vp9", 160, 90):
        joined = join_vp9(frame.payloads)
        assert joined.data == frame.data
        assert joined.keyframe == frame.keyframe
        assert (joined.width, joined.height) == ((160, 90) if frame.keyframe else (0, 0))


def test_a_keyframe_of_several_layers_has_the_size_of_the_highest():
    frame = join_vp9(packetise_vp9(LAYERS, 1, True, SIZES))
    assert (frame.keyframe, frame.width, frame.height) == (True, 320, 180)
    assert not join_vp9(packetise_vp9(LAYERS, 1, False, SIZES)).keyframe


def test_spatial_layers_make_a_superframe_that_ffmpeg_splits_again():
    low, high = encode_video("VP9", 1, 160, 90)[0], encode_video("VP9", 1)[0]
    joined = join_vp9(packetise_vp9([low.data, high.data], 1, True, SIZES))
    with av.open("/dev/null", "w", format="null") as container:
        stream = container.add_mux_stream("vp9", width=320, height=180)
        split = BitStreamFilterContext("vp9_superframe_split", in_stream=stream)
        assert [bytes(packet) for packet in split.filter(av.Packet(joined.data))] == [low.data, high.data]


@pytest.mark.parametrize(
    "payloads",
    [
        VALID[2:3],
        packetise_vp9(LAYERS[:1], 1, False, SIZES) + packetise_vp9(LAYERS[:1], 2, False, SIZES),
        packetise_vp9(LAYERS, 1, True, SIZES, 30_000)[:1] + packetise_vp9(LAYERS, 1, True, SIZES, 30_000)[2:],
        [b"\x88"],
    ],
    ids=["no start", "two pictures", "a layer without start", "descriptor cut off"],
)
def test_what_is_no_picture_is_refused(payloads):
    with pytest.raises(DepacketiseError):
        join_vp9(payloads)


@given(st.lists(st.binary(min_size=1, max_size=60) | mutated(VALID).filter(bool), min_size=1, max_size=10))
def test_any_payloads_are_joined_or_refused(payloads):
    try:
        frame = join_vp9(payloads)
    except DepacketiseError:
        return
    assert len(frame.data) <= sum(map(len, payloads)) + 2 + 4 * 8
