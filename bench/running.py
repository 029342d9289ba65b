"""A run: scenarios against servers, in rounds that alternate between the servers."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import uvloop

from bench.adapters.janus import JanusServer
from bench.adapters.roomcast import RoomcastServer
from bench.adapters.server import Server
from bench.figures import Round
from bench.place import Place
from bench.results import Outcome, Results
from bench.round_process import run_apart
from bench.scenarios.scenario import Scenario
from bench.windows import Windows

ADAPTERS: Mapping[str, Callable[[Place, Path], Server]] = {"roomcast": RoomcastServer, "janus": JanusServer}


class Watcher:
    """Is told how a run goes on; this one does nothing with it."""

    def begins(self, scenario: Scenario, server: str, number: int) -> None:
        """The round of that number, from 0, of a server (its key)."""

    def goes_on(self, phase: str) -> None:
        """What it does now, in a few words."""

    def ended(self, scenario: Scenario, server: str, number: int, outcome: Round) -> None:
        """What became of the round; `Results` have it already."""

    def completed(self, outcome: Outcome) -> None:
        """All rounds of a scenario."""


def run(
    scenarios: Sequence[Scenario], servers: Sequence[str], place: Place, results: Results, watcher: Watcher
) -> None:
    """Run one scenario after the other, as `results` say, and add to them what each round gave.

    A round that fails or hangs is one that failed; no other is touched by it.
    """
    for scenario in scenarios:
        able = [name for name in servers if name in scenario.servers]
        if not able:
            continue
        outcome = Outcome(scenario.key, scenario.title, {name: [] for name in able})
        results.outcomes.append(outcome)
        starts, windows = (1, results.rounds) if scenario.stays else (results.rounds, 1)
        for start in range(starts):
            for name in able:
                watcher.begins(scenario, name, start)
                wanted = Windows(results.seconds, windows, watcher.goes_on)
                work = partial(_run_round, ADAPTERS[name], place, scenario)
                rounds = run_apart(work, wanted, scenario.deadline(wanted))
                if place.namespaces is not None:
                    place.namespaces.clear()
                for one in rounds:
                    outcome.servers[name].append(one)
                    watcher.ended(scenario, name, len(outcome.servers[name]) - 1, one)
        watcher.completed(outcome)


def _run_round(
    adapter: Callable[[Place, Path], Server], place: Place, scenario: Scenario, windows: Windows
) -> list[Round]:
    return uvloop.run(run_round(adapter, place, scenario, windows))


async def run_round(
    adapter: Callable[[Place, Path], Server], place: Place, scenario: Scenario, windows: Windows
) -> list[Round]:
    """Start the server, in a folder that is new, and run its rounds. Raises ServerError and what the client raises."""
    with tempfile.TemporaryDirectory(prefix="rcbench-") as folder:
        server = adapter(place, Path(folder))
        try:
            await server.start()
            return await scenario.run(server, windows)
        finally:
            await server.stop()
