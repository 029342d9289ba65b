"""How the numbers of sessions are written for people: CONF-100001."""

_PREFIX = "CONF-"
# Numbers of six digits from the first one on.
_FIRST = 100_000


def conf_num_of(session_number: int) -> str:
    return f"{_PREFIX}{_FIRST + session_number}"


def number_of(conf_num: str) -> int:
    """The number behind a `conf_num`; one that is never given out when the text is none."""
    digits = conf_num.removeprefix(_PREFIX)
    if digits == conf_num or not (digits.isascii() and digits.isdecimal()) or len(digits) > 9:
        return 0
    return int(digits) - _FIRST
