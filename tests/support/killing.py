"""A process of the tests that says how far it is, killed at a moment of its own time."""

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def killed_at(module: str, folder: Path, kill_at: float) -> float:
    """Run a module of the tests on a folder until it says that it is at `kill_at`, in seconds; where it was last."""
    command = [sys.executable, "-m", module, str(folder)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = 0.0
        while told < kill_at:
            told = float(process.stdout.readline())
        process.kill()
        # A line that the kill cut off says nothing.
        return max([told, *(float(line) for line in process.stdout.read().splitlines(keepends=True) if "\n" in line)])
