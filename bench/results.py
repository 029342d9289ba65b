"""The file of a run: JSON that the report is made of, and that runs of different days can be compared by."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.figures import Round
from bench.soak import Soak, soak_of

FORMAT = 1
"""Raised when an older report could not be read any more."""


class ResultsError(ValueError):
    """A file that holds no results; the text says why."""


@dataclass(slots=True)
class Outcome:
    """One scenario: the rounds of each server, by its key."""

    key: str
    title: str
    servers: dict[str, list[Round]] = field(default_factory=dict)


@dataclass(slots=True)
class Results:
    """A run."""

    environment: dict[str, str]
    rounds: int
    seconds: float
    outcomes: list[Outcome] = field(default_factory=list)
    soak: Soak | None = None
    """What `bench soak` found, where that belongs to the report."""

    @property
    def faults(self) -> list[str]:
        """Those of all rounds."""
        return [
            fault
            for outcome in self.outcomes
            for rounds in outcome.servers.values()
            for one in rounds
            for fault in one.faults
        ]

    def write(self, path: Path) -> None:
        """Replace the file, as a whole: one that is interrupted in it leaves what was there."""
        text = json.dumps({"format": FORMAT} | asdict(self), indent=1, ensure_ascii=False)
        fresh = path.with_name(f"{path.name}.new")
        fresh.write_text(text + "\n", encoding="utf-8")
        fresh.replace(path)


def read_results(path: Path) -> Results:
    """Raises ResultsError."""
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if data.get("format") != FORMAT:
            raise ResultsError(f"{path} has format {data.get('format')}, not {FORMAT}: run the benchmark again")
        outcomes = [
            Outcome(
                one["key"],
                one["title"],
                {name: [Round(**each) for each in rounds] for name, rounds in one["servers"].items()},
            )
            for one in data["outcomes"]
        ]
        soak = soak_of(data["soak"]) if data.get("soak") else None
        return Results(data["environment"], data["rounds"], data["seconds"], outcomes, soak)
    except OSError as error:
        raise ResultsError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, ResultsError):
            raise
        raise ResultsError(f"{path} holds no results of this benchmark") from error


def read_soak(path: Path) -> Soak:
    """What `bench soak` wrote. Raises ResultsError."""
    try:
        return soak_of(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ResultsError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ResultsError(f"{path} holds no results of a soak") from error
