"""EBML (RFC 8794): the elements that Matroska files consist of."""

from struct import pack

_UNKNOWN_SIZE = b"\x01\xff\xff\xff\xff\xff\xff\xff"
_VOID = 0xEC


def element(element_id: int, *contents: bytes) -> bytes:
    """An element with its id (the leading length bits included, as specifications write ids) and size."""
    body = b"".join(contents)
    return _id(element_id) + size_field(len(body)) + body


def open_element(element_id: int) -> bytes:
    """The head of an element that goes on until the end of the file, until its size (eight bytes) is patched."""
    return _id(element_id) + _UNKNOWN_SIZE


def unsigned(element_id: int, value: int) -> bytes:
    return element(element_id, value.to_bytes((value.bit_length() + 7) // 8 or 1, "big"))


def double(element_id: int, value: float) -> bytes:
    return element(element_id, pack(">d", value))


def text(element_id: int, value: str) -> bytes:
    """A UTF-8 string. What cannot be encoded is replaced by "?"."""
    return element(element_id, value.encode("utf-8", "replace"))


def size_field(size: int, length: int = 0) -> bytes:
    """A size (RFC 8794 section 4) in `length` bytes, or in as few as it needs."""
    if not length:
        length = 1
        while size > (1 << 7 * length) - 2:
            length += 1
    return (size | 1 << 7 * length).to_bytes(length, "big")


def void(total: int) -> bytes:
    """An element of `total` bytes, at least 2, that means nothing (RFC 8794 section 11.3.2)."""
    if total < 16:
        return bytes((_VOID,)) + size_field(total - 2, 1) + bytes(total - 2)
    return bytes((_VOID,)) + size_field(total - 9, 8) + bytes(total - 9)


def padded(content: bytes, total: int) -> bytes:
    """`content` followed by a void element, `total` bytes in all. Raises ValueError when it does not fit."""
    room = total - len(content)
    if room < 0 or room == 1:
        raise ValueError(f"{len(content)} bytes of elements do not fit in {total}")
    return content + (void(room) if room else b"")


def _id(element_id: int) -> bytes:
    return element_id.to_bytes((element_id.bit_length() + 7) // 8, "big")
