import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.depacketise import DepacketiseError
from recorder.depacketise.opus import join_opus, join_red, opus_duration
from tests.support.publishing import encode_tone


def test_packets_of_an_encoder_last_20_ms():
    assert {opus_duration(packet.data) for packet in encode_tone(0.2)} == {0.02}


@pytest.mark.parametrize(
    ("packet", "milliseconds"),
    [
        (b"\x00", 10),
        (b"\x18", 60),
        (b"\x19x", 120),
        (b"\x60", 10),
        (b"\x78", 20),
        (b"\x80", 2.5),
        (b"\xfc", 20),
        (b"\xfd", 40),
        (b"\xff\x03", 60),
        (b"\xff\x86", 120),
    ],
)
def test_the_duration_is_that_of_the_configuration_times_the_frames(packet, milliseconds):
    assert opus_duration(packet) == pytest.approx(milliseconds / 1000)


@pytest.mark.parametrize("packet", [b"\xff", b"\xff\x00", b"\xff\x07"], ids=["cut off", "no frames", "140 ms"])
def test_a_packet_without_a_valid_count_is_refused(packet):
    with pytest.raises(DepacketiseError):
        join_opus([packet])


def test_of_redundant_sound_only_the_primary_block_is_taken():
    assert join_red([b"\xef\x00\x00\x02\x6fold"[:5] + b"ab" + b"\xfcnew"]).data == b"\xfcnew"
    with pytest.raises(DepacketiseError):
        join_red([b"\xef\x00"])


@given(st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=2), st.sampled_from([join_opus, join_red]))
def test_any_payloads_are_joined_or_refused(payloads, join):
    try:
        frame = join(payloads)
    except DepacketiseError:
        return
    assert 0 < frame.duration <= 0.12
