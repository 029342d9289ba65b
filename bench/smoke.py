"""A short look at whether the harness and roomcast still fit together: one server, all that a client does."""

import tempfile
from pathlib import Path

from bench.adapters.roomcast import RoomcastServer
from bench.figures import Round
from bench.load import Load, load
from bench.place import Place
from bench.scenarios.catalogue import scenario_of
from bench.windows import Windows

_SCENARIOS = ("recovery-4", "rooms-2")
_LOAD = Load(publishers=2, subscribers=4)


async def look(place: Place, seconds: float) -> list[tuple[str, Round]]:
    """What was looked at, and how it went. Raises ServerError and what the load client raises."""
    found = []
    with tempfile.TemporaryDirectory(prefix="rcbench-") as folder:
        server = RoomcastServer(place, Path(folder))
        try:
            await server.start()
            wanted = Load(_LOAD.publishers, _LOAD.subscribers, seconds)
            found.append(
                ("load test, 2 publishers, 4 subscribers", await load(server.running, wanted, lambda now: None))
            )
            for key in _SCENARIOS:
                scenario = scenario_of(key)
                found += [(scenario.title, one) for one in await scenario.run(server, Windows(seconds))]
        finally:
            await server.stop()
    return found
