import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.rtp.errors import RtpError
from sfu.rtp.rtx import unwrap_rtx


@given(st.integers(0, 0xFFFF), st.binary())
def test_the_original_sequence_number_precedes_the_payload(sequence_number, payload):
    assert unwrap_rtx(sequence_number.to_bytes(2, "big") + payload) == (sequence_number, payload)


@pytest.mark.parametrize("payload", [b"", b"\x01"])
def test_a_payload_without_original_packet_is_refused(payload):
    with pytest.raises(RtpError):
        unwrap_rtx(payload)
