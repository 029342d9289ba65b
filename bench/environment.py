"""What a run was made on, for its report."""

import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.adapters.janus import janus_version

_LIBRARIES = ("roomcast", "aiortc", "pylibsrtp", "uvloop", "aiohttp", "cryptography")


def environment() -> dict[str, str]:
    """Names and values, as people read them."""
    found = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _commit(),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB",
        "kernel": platform.release(),
        "Python": platform.python_version(),
        "load before the run": " ".join(f"{one:.1f}" for one in os.getloadavg()),
    }
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    binary = shutil.which("janus")
    return found | ({"Janus": janus_version(binary)} if binary else {})


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _commit() -> str:
    """That of the checkout that this is run from."""
    git = shutil.which("git")
    if git is None:
        return "unknown"
    folder = Path(__file__).parent
    command = [git, "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=10"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "unknown"
