import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.codecs import CodecError, describe
from sfu.codecs.red import RedBlock, primary, rewrite_payload_types
from tests.support.mutation import mutated

blocks = st.lists(st.tuples(st.integers(0, 127), st.integers(0, 0x3FFF), st.binary(max_size=20)), max_size=4)


def red(redundant, primary_type: int, payload: bytes) -> bytes:
    heads = b"".join(
        bytes((0x80 | kind,)) + (offset << 10 | len(data)).to_bytes(3, "big") for kind, offset, data in redundant
    )
    return heads + bytes((primary_type,)) + b"".join(data for _, _, data in redundant) + payload


@given(blocks, st.integers(0, 127), st.binary(max_size=20))
def test_the_primary_block_is_found_behind_any_redundancy(redundant, kind, payload):
    assert primary(red(redundant, kind, payload)) == RedBlock(kind, payload)


@given(blocks, st.integers(0, 127), st.binary(max_size=20), st.integers(0, 127))
def test_payload_types_are_replaced_and_nothing_else(redundant, kind, payload, shift):
    mapping = {old: (old + shift) % 128 for old in range(128)}
    expected = red([(mapping[old], offset, data) for old, offset, data in redundant], mapping[kind], payload)
    assert rewrite_payload_types(red(redundant, kind, payload), mapping) == expected


def test_a_payload_type_that_was_not_negotiated_is_refused():
    with pytest.raises(CodecError, match="111"):
        rewrite_payload_types(red([(111, 960, b"old")], 96, b"new"), {96: 97})


def test_audio_can_be_decoded_from_every_packet():
    assert describe("red", b"\x6f").keyframe
    assert describe("opus", b"\x00").keyframe


@given(st.binary(max_size=40) | mutated([red([(111, 960, b"old"), (111, 480, b"older")], 111, b"new")]))
def test_any_input_is_read_or_raises_codec_error(payload):
    for read in (primary, lambda data: rewrite_payload_types(data, {111: 109})):
        try:
            read(payload)
        except CodecError:
            continue
