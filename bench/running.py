"""A run: scenarios against servers, in rounds that alternate between the servers."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import uvloop

from bench.adapters.janus import JanusServer
from bench.adapters.roomcast import RoomcastServer
from bench.adapters.server import Server
from bench.figures import Round
from bench.place import Place
from bench.scenarios.scenario import Scenario

ADAPTERS: Mapping[str, Callable[[Place, Path], Server]] = {"roomcast": RoomcastServer, "janus": JanusServer}

Tell = Callable[[Scenario, str, int, Round | None], None]
"""Told of the scenario, the server's key and the round's number: before each round without its outcome, after it with."""
Outcome = dict[str, list[Round]]
"""The rounds of each server of one scenario."""


def run(
    scenarios: Sequence[Scenario], servers: Sequence[str], place: Place, *, rounds: int, seconds: float, tell: Tell
) -> dict[str, Outcome]:
    """Run everything; the outcomes by the scenarios' keys. Raises ServerError and what the load client raises."""
    outcomes: dict[str, Outcome] = {}
    for scenario in scenarios:
        able = [name for name in servers if name in scenario.servers]
        outcome: Outcome = {name: [] for name in able}
        for number in range(rounds):
            for name in able:
                tell(scenario, name, number, None)
                measured = uvloop.run(_round(ADAPTERS[name], place, scenario, seconds))
                outcome[name].append(measured)
                tell(scenario, name, number, measured)
        outcomes[scenario.key] = outcome
    return outcomes


async def _round(adapter: Callable[[Place, Path], Server], place: Place, scenario: Scenario, seconds: float) -> Round:
    """Start the server, in a folder that is new, and run one round."""
    with tempfile.TemporaryDirectory(prefix="rcbench-") as folder:
        server = adapter(place, Path(folder))
        try:
            await server.start()
            return await scenario.run(server, seconds)
        finally:
            await server.stop()
