"""H.264 profiles: which values of `profile-level-id` mean the same bitstream (RFC 6184 section 8.1, table 5)."""

import re

_PROFILE_LEVEL_ID = re.compile(r"[0-9a-fA-F]{6}")
# RFC 6184: without the parameter, Baseline at level 1.
_DEFAULT = "42000a"

# profile_idc, the constraint flags that matter, their value; and profile_idc and flags by which we call it.
_PROFILES = (
    (0x42, 0b0100_1111, 0b0100_0000, "42e0"),  # Constrained Baseline
    (0x4D, 0b1000_1111, 0b1000_0000, "42e0"),
    (0x58, 0b1100_1111, 0b1100_0000, "42e0"),
    (0x42, 0b0100_1111, 0b0000_0000, "4200"),  # Baseline
    (0x58, 0b1100_1111, 0b1000_0000, "4200"),
    (0x4D, 0b1000_1111, 0b0000_0000, "4d00"),  # Main
    (0x64, 0b1111_1111, 0b0000_0000, "6400"),  # High
    (0x64, 0b1111_1111, 0b0000_1100, "640c"),  # Constrained High
    (0xF4, 0b1111_1111, 0b0000_0000, "f400"),  # High 4:4:4 Predictive
)


def h264_profile(profile_level_id: str | None) -> str | None:
    """A name that equal profiles share whatever their level, such as `42e0`; None for one that nobody here knows."""
    if profile_level_id is None:
        profile_level_id = _DEFAULT
    if not _PROFILE_LEVEL_ID.fullmatch(profile_level_id):
        return None
    profile_idc, flags = bytes.fromhex(profile_level_id)[:2]
    return next((name for idc, mask, value, name in _PROFILES if idc == profile_idc and flags & mask == value), None)
