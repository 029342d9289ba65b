import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.codecs import CodecError
from sfu.codecs.dependency_descriptor import (
    DependencyDescriptor,
    parse_dependency_descriptor,
    with_frame_number,
)


def test_the_mandatory_fields_are_read():
    assert parse_dependency_descriptor(b"\x85\x12\x34") == DependencyDescriptor(True, False, 5, 0x1234, False)
    assert parse_dependency_descriptor(b"\x7f\x00\x00") == DependencyDescriptor(False, True, 63, 0, False)


def test_a_template_structure_is_announced_in_the_first_extended_bit():
    assert parse_dependency_descriptor(b"\x80\x00\x01\x80").has_structure
    assert not parse_dependency_descriptor(b"\x80\x00\x01\x40").has_structure


@given(st.binary(min_size=3, max_size=60), st.integers(0, 0x1FFFF))
def test_rewriting_changes_the_frame_number_only(value, number):
    rewritten = with_frame_number(value, number)
    before, after = parse_dependency_descriptor(value), parse_dependency_descriptor(rewritten)
    assert after == before._replace(frame_number=number & 0xFFFF)
    assert rewritten[3:] == value[3:]


@pytest.mark.parametrize("value", [b"", b"\x80", b"\x80\x00"])
def test_a_descriptor_that_is_cut_off_is_refused(value):
    with pytest.raises(CodecError):
        parse_dependency_descriptor(value)
