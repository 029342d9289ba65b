"""What stands before the payload in packets of one kind, as C has it: `struct head` in `packets.h`."""

from typing import Any


def fill_head(native: Any, data: bytes, level_at: int, transport_at: int) -> bool:
    """Set a `struct head`; False, and nothing was changed, where that has no room for the data.

    `level_at` and `transport_at` are where loudness and transport-wide number belong, 0 for nowhere.
    """
    if len(data) > len(native.data):
        return False
    native.data[0 : len(data)] = data
    native.size, native.level_at, native.transport_at = len(data), level_at, transport_at
    return True
