"""How the numbers of sessions are written for people: CONF-100001."""

import re

_PREFIX = "CONF-"
# Numbers of six digits from the first one on.
_FIRST = 100_000


def conf_num_of(session_number: int) -> str:
    return f"{_PREFIX}{_FIRST + session_number}"


def is_conf_num(text: str) -> bool:
    """Whether the text has the form of a `conf_num`, and that of one only."""
    return re.fullmatch(_PREFIX + "[1-9][0-9]{5,8}", text) is not None


def number_of(conf_num: str) -> int:
    """The number behind a `conf_num`; one that is never given out when the text is none."""
    digits = conf_num.removeprefix(_PREFIX)
    if digits == conf_num or not (digits.isascii() and digits.isdecimal()) or len(digits) > 9:
        return 0
    return int(digits) - _FIRST
