"""Processes, by what /proc tells of them (Linux). Any of them may end while it is looked at."""

from contextlib import suppress
from pathlib import Path

GONE = (FileNotFoundError, ProcessLookupError)


def is_running(pid: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except GONE:
        return False


def descendants(pid: int) -> list[int]:
    """Process ids below `pid`."""
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(*GONE):
            for child in map(int, children.read_text().split()):
                found += [child, *descendants(child)]
    return found


def command_line(pid: int) -> bytes:
    """Empty for one that is gone."""
    with suppress(*GONE):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
