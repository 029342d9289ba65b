import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.depacketise import DepacketiseError
from recorder.depacketise.vp8 import join_vp8
from tests.support.clips import encode_clip
from tests.support.mutation import mutated
from tests.support.packetisers import packetise_vp8

KEYFRAME = b"\x10\x02\x00\x9d\x01\x2a\x40\x01\xb4\x00" + bytes(40)
DELTA = b"\x11\x02\x00" + bytes(30)
VALID = [*packetise_vp8(KEYFRAME, 5, 20), *packetise_vp8(DELTA, 6, 20)]


def test_a_clip_of_ffmpegs_packetiser_comes_out_as_it_was_encoded():
    for frame in encode_clip("libvpx", 160, 90):
        joined = join_vp8(frame.payloads)
        assert joined.data == frame.data
        assert joined.keyframe == frame.keyframe
        assert (joined.width, joined.height) == ((160, 90) if frame.keyframe else (0, 0))


@pytest.mark.parametrize("size", [13, 20, 1000])
def test_a_frame_of_any_number_of_packets_is_joined(size):
    assert join_vp8(packetise_vp8(KEYFRAME, 0x7FFF, size)) == (KEYFRAME, True, 320, 180, b"", 0.0)
    assert join_vp8(packetise_vp8(DELTA, 0, size)).data == DELTA


@pytest.mark.parametrize(
    "payloads",
    [
        packetise_vp8(KEYFRAME, 1, 20)[1:],
        packetise_vp8(DELTA, 1, 20) + packetise_vp8(DELTA, 2, 20),
        packetise_vp8(KEYFRAME[:8], 1),
        packetise_vp8(KEYFRAME[:3] + bytes(20), 1),
    ],
    ids=["no start", "two frames", "keyframe cut off", "keyframe without start code"],
)
def test_what_is_no_frame_is_refused(payloads):
    with pytest.raises(DepacketiseError):
        join_vp8(payloads)


@given(st.lists(st.binary(min_size=1, max_size=60) | mutated(VALID).filter(bool), min_size=1, max_size=5))
def test_any_payloads_are_joined_or_refused(payloads):
    try:
        frame = join_vp8(payloads)
    except DepacketiseError:
        return
    assert len(frame.data) < sum(map(len, payloads))
