"""How many packets a second one core forwards without losing any."""

import asyncio
from functools import partial

from bench.adapters.server import Server
from bench.client.engine import Engine
from bench.client.traffic import Burst
from bench.figures import Round
from bench.measuring import BUSY_CLIENT, measure
from bench.scenarios.scenario import JOINING_PACE, Scenario, fill
from bench.scenarios.webinar import LISTENER, SPEAKER, told
from bench.windows import Windows

_LOOK = Windows(2.0)
"""How long a rate is held and looked at."""
_STEPS = 16
SETTLE = 0.7
RECOVER = 1.5
_PRECISION = 0.08
"""The search ends when what is too much and what is not are so close."""
FINEST = 0.02
"""Nor does it try a pace below that."""
_ARRIVED = 0.97
"""Of what was offered; a server that does not read what it is sent loses it before it counts it."""
_MOST = 16.0


def capacity(subscribers: int, burst: Burst) -> Scenario:
    """The rate of one publisher is raised until packets are lost. The seconds of a round do not matter."""
    return Scenario(
        f"capacity-{subscribers}-{burst.packets}",
        f"capacity, 1 → {subscribers}, {told(burst)} and more often",
        partial(_run, subscribers=subscribers, burst=burst),
        subscribers + 1,
        extra=_STEPS * (SETTLE + _LOOK.seconds + RECOVER),
    )


async def _run(server: Server, windows: Windows, *, subscribers: int, burst: Burst) -> list[Round]:
    async with Engine(burst=burst) as engine:
        room = await server.create_room(subscribers + 1, 1)
        places = [(room, SPEAKER)] + [(room, LISTENER)] * subscribers
        await fill(server, engine, places, windows, pace=JOINING_PACE)
        windows.tell("searching")
        return [await Search(server, engine, subscribers * burst.rate).run() for _ in range(windows.number)]


class Search:
    """Doubles the pace until it is too much, then halves the interval between enough and too much."""

    def __init__(self, server: Server, engine: Engine, rate: float) -> None:
        self._server = server
        self._engine = engine
        self._rate = rate
        self._limit: list[str] = []
        self._best = Round({"capacity": 0.0}, ["nothing could be forwarded without loss"])

    async def run(self) -> Round:
        enough, too_much = 0.0, 0.5
        while too_much <= _MOST and await self._holds(too_much):
            enough, too_much = too_much, too_much * 2
        while too_much - enough > _PRECISION * too_much and too_much > FINEST:
            middle = (enough + too_much) / 2
            if await self._holds(middle):
                enough = middle
            else:
                too_much = middle
        return Round(self._best.figures, self._best.notes + self._limit, self._best.facts, self._best.faults)

    async def _holds(self, pace: float) -> bool:
        engine = self._engine
        engine.pace = pace
        await asyncio.sleep(SETTLE)
        measured = await measure(engine, self._server, _LOOK)
        figures = measured.figures
        if figures["loss"] == 0 and figures["packets_per_second"] >= _ARRIVED * pace * self._rate:
            self._best = measured.with_figures({"capacity": figures["packets_per_second"]})
            return True
        if figures["client_cpu"] > BUSY_CLIENT:
            self._limit = ["more was not tried to the end: the load client was busy, not the server"]
        engine.pace = 0.1
        await asyncio.sleep(RECOVER)
        return False
