"""How much is measured of those who have joined."""

from collections.abc import Callable
from dataclasses import dataclass


def _nobody(_phase: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Windows:
    """How often something is measured with the same people, and for how many seconds each time.

    `tell` is told what goes on, in a few words.
    """

    seconds: float
    number: int = 1
    tell: Callable[[str], None] = _nobody
