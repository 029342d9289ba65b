"""The log of a process that runs, which is written by a thread of its own: later than what it tells of."""

import asyncio
import re
from pathlib import Path

PATIENCE = 120.0


async def logged(log: Path, pattern: str) -> re.Match[str]:
    """Wait until `pattern` is found in a whole line of the log; its first match."""
    expression = re.compile(pattern)
    text = ""
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                text = log.read_text(errors="replace")
                for line in text.splitlines(keepends=True):
                    if line.endswith("\n") and (match := expression.search(line)):
                        return match
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"{pattern!r} was not logged within {PATIENCE:g} s:\n{text}") from None
