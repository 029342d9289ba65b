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


def children(pid: int) -> list[int]:
    """Process ids of those that `pid` has started itself."""
    found: list[int] = []
    for told in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(*GONE):
            found += map(int, told.read_text().split())
    return found


def descendants(pid: int) -> list[int]:
    """Process ids below `pid`. One that a process is just starting has still that process's command line."""
    return [one for child in children(pid) for one in (child, *descendants(child))]


def command_line(pid: int) -> bytes:
    """Empty for one that is gone."""
    with suppress(*GONE):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
