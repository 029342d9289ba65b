"""What an hour of people who come and go does to the server's memory, as a file that the report shows."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.figures import growth

TOO_MUCH = 20.0
"""MB per hour."""


@dataclass(slots=True)
class Soak:
    """`curve` has the seconds since the start and the memory of all the server's processes in MB."""

    environment: dict[str, str]
    people: int
    curve: list[tuple[float, float]] = field(default_factory=list)

    @property
    def growth(self) -> float | None:
        """MB per hour; None where too short a time passed to tell."""
        return growth(self.curve)

    @property
    def minutes(self) -> float:
        return self.curve[-1][0] / 60 if self.curve else 0.0

    def write(self, path: Path) -> None:
        """Replace the file."""
        path.write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")


def soak_of(data: dict[str, Any]) -> Soak:
    """Of what JSON holds. Raises ValueError, KeyError and TypeError."""
    curve = [(float(seconds), float(memory)) for seconds, memory in data["curve"]]
    return Soak(dict(data["environment"]), int(data["people"]), curve)
