"""A run: scenarios against servers, in rounds that alternate between the servers."""

import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import uvloop

from bench.adapters.janus import JanusServer
from bench.adapters.roomcast import RoomcastServer
from bench.adapters.server import Server
from bench.figures import Round
from bench.place import Place
from bench.results import Outcome
from bench.scenarios.scenario import Scenario

ADAPTERS: Mapping[str, Callable[[Place, Path], Server]] = {"roomcast": RoomcastServer, "janus": JanusServer}

GOODBYE = 15
"""Seconds that an interrupted run may take to end what it started."""

Tell = Callable[[Scenario, str, int, Round | None], None]
"""Told of the scenario, the server's key and the round's number: before each round without outcome, after it with."""


def run(
    scenarios: Sequence[Scenario], servers: Sequence[str], place: Place, *, rounds: int, seconds: float, tell: Tell
) -> Iterator[Outcome]:
    """Run one scenario after the other. Raises ServerError and what the load client raises."""
    for scenario in scenarios:
        able = [name for name in servers if name in scenario.servers]
        outcome = Outcome(scenario.key, scenario.title, {name: [] for name in able})
        for number in range(rounds):
            for name in able:
                tell(scenario, name, number, None)
                measured = uvloop.run(run_round(ADAPTERS[name], place, scenario, seconds))
                outcome.servers[name].append(measured)
                tell(scenario, name, number, measured)
        if able:
            yield outcome


async def run_round(
    adapter: Callable[[Place, Path], Server], place: Place, scenario: Scenario, seconds: float
) -> Round:
    """Start the server, in a folder that is new, and run one round."""
    with tempfile.TemporaryDirectory(prefix="rcbench-") as folder:
        server = adapter(place, Path(folder))
        try:
            await server.start()
            return await scenario.run(server, seconds)
        finally:
            await server.stop()


@contextmanager
def ending_cleanly() -> Iterator[None]:
    """SIGTERM and SIGINT end a run by an exception, so that everything it made is removed; also where a shell that
    starts things in the background has SIGINT ignored."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        # Whatever still waits for something by then, as for the goodbye of a peer that is gone, is interrupted too.
        signal.alarm(GOODBYE)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)}
    try:
        yield
    finally:
        signal.alarm(0)
        for number, handler in before.items():
            signal.signal(number, handler)
