import pytest

from sfu.codecs import CodecError
from sfu.codecs.dependency_descriptor import (
    DependencyDescriptor,
    parse_dependency_descriptor,
)


def test_the_mandatory_fields_are_read():
    assert parse_dependency_descriptor(b"\x85\x12\x34") == DependencyDescriptor(True, False, 5, 0x1234, False)
    assert parse_dependency_descriptor(b"\x7f\x00\x00") == DependencyDescriptor(False, True, 63, 0, False)


def test_a_template_structure_is_announced_in_the_first_extended_bit():
    assert parse_dependency_descriptor(b"\x80\x00\x01\x80").has_structure
    assert not parse_dependency_descriptor(b"\x80\x00\x01\x40").has_structure


@pytest.mark.parametrize("value", [b"", b"\x80", b"\x80\x00"])
def test_a_descriptor_that_is_cut_off_is_refused(value):
    with pytest.raises(CodecError):
        parse_dependency_descriptor(value)
