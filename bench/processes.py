"""Server processes: on which core they run, and what they use."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TICK = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """Seconds of CPU so far, and bytes of memory now, of a process and all below it."""

    cpu: float
    memory: int


def usage_of(pid: int) -> dict[str, Usage]:
    """What a process and all its descendants use, by a name for each: that of the command, or of the part of roomcast.

    CPU is user and system time from /proc, that of threads which have ended included; memory is the proportional set
    size, in which what processes share counts once.
    """
    found: dict[str, Usage] = {}
    for one in [pid, *descendants(pid)]:
        with suppress(FileNotFoundError, ProcessLookupError):
            name = _name(one)
            before = found.get(name, Usage(0.0, 0))
            found[name] = Usage(before.cpu + _cpu(one), before.memory + _memory(one))
    return found


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process and all its descendants have used."""
    total = 0.0
    for one in [pid, *descendants(pid)]:
        with suppress(FileNotFoundError, ProcessLookupError):
            total += _cpu(one)
    return total


def descendants(pid: int) -> list[int]:
    """Process ids below `pid`."""
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):
            for child in map(int, children.read_text().split()):
                found += [child, *descendants(child)]
    return found


def busy_seconds() -> float:
    """Seconds of CPU that all processes of this machine, and the kernel, have used on all its cores."""
    fields = [int(one) for one in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    # user, nice, system, idle, iowait, irq, softirq, steal, …: the time of guests is in user already.
    idle = fields[3] + fields[4]
    return (sum(fields[:8]) - idle) * _TICK


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK


def _memory(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _name(pid: int) -> str:
    arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    for part in ("media-node", "recorder"):
        if part in arguments:
            return part
    return "signalling" if "serve" in arguments else Path(arguments[0]).name
