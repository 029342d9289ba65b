import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.rtp.errors import RtpError
from sfu.rtp.extensions import (
    AudioLevel,
    read_audio_level,
    read_mid,
    read_rid,
    read_sequence16,
    write_extensions,
)


def test_no_extensions_make_no_block():
    assert write_extensions([]) == b""


def test_small_values_get_one_byte_headers_and_padding():
    assert write_extensions([(1, b"\x7f"), (14, b"abc")]) == b"\xbe\xde\x00\x02\x10\x7f\xe2abc\x00\x00"


@pytest.mark.parametrize("item", [(15, b"a"), (1, b""), (1, bytes(17))], ids=["id 15", "empty", "17 bytes"])
def test_what_does_not_fit_into_one_byte_headers_gets_two_byte_headers(item):
    block = write_extensions([item])
    assert block[:2] == b"\x10\x00"
    assert block[4:6] == bytes((item[0], len(item[1])))
    assert len(block) % 4 == 0


@pytest.mark.parametrize("item", [(0, b"a"), (256, b"a"), (1, bytes(256))])
def test_what_no_header_holds_is_refused(item):
    with pytest.raises(RtpError):
        write_extensions([item])


def test_the_audio_level_has_a_voice_flag_and_seven_bits():
    assert read_audio_level(b"\x85") == AudioLevel(voice=True, level=5)
    assert read_audio_level(b"\x7f") == AudioLevel(voice=False, level=127)


def test_identifiers_are_validated():
    assert read_mid(b"0") == "0"
    assert read_mid(b"{audio}") == "{audio}"
    assert read_rid(b"q_1-x") == "q_1-x"
    for bad in (b"", b"a b", b"\xff", b"a\n", b"a\0", b"x" * 33):
        with pytest.raises(RtpError):
            read_mid(bad)
        with pytest.raises(RtpError):
            read_rid(bad)


def test_the_transport_wide_number_is_big_endian():
    assert read_sequence16(b"\x01\x02") == 0x0102


@given(st.sampled_from((read_audio_level, read_mid, read_rid, read_sequence16)), st.binary(max_size=40))
def test_readers_raise_only_rtp_error(reader, value):
    try:
        reader(value)
    except RtpError:
        assert not (reader is read_sequence16 and len(value) == 2)
