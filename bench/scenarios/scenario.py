"""What every scenario is made of."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from bench.adapters.server import Member, Seat, Server, ServerError
from bench.client.engine import Engine
from bench.client.transport import TransportError
from bench.figures import Figures, Round
from bench.joining import all_of
from bench.measuring import FAILED_JOINS, join_figures
from bench.processes import usage_of
from bench.windows import Windows

WARM_UP = 2.0
"""Seconds of media before anything is measured."""
JOINING_AT_ONCE = 10
FULL_PACE, JOINING_PACE = 1.0, 0.1
_OVERHEAD = 90.0
_JOIN = 0.8
"""Seconds that one person's join may take on a machine that is busy, twenty times that on an idle one."""
_SLOWNESS = 3.0
_TRIES = 3
"""Of each join."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """`run` drives a server that was just started, in which there is nobody, and gives a round for each window.

    `servers` are the adapters that can do this. `key` names it in the JSON and on the command line, `title` for people.
    `people` join, and a window takes `extra` seconds besides those that are measured. `stays`: all rounds are windows
    of one start, because so many people take too long to join again.
    """

    key: str
    title: str
    run: Callable[[Server, Windows], Awaitable[list[Round]]]
    people: int
    servers: tuple[str, ...] = ("roomcast", "janus")
    extra: float = 0.0
    stays: bool = False

    def deadline(self, windows: Windows) -> float:
        """Seconds after which a run of it hangs, or is so slow that nothing is learned from it."""
        measuring = windows.number * (windows.seconds + self.extra)
        return _OVERHEAD + self.people * _JOIN + _SLOWNESS * measuring


Place = tuple[str, Seat]
"""A seat in a room."""


async def fill(
    server: Server,
    engine: Engine,
    places: Sequence[Place],
    windows: Windows,
    *,
    at_once: int = JOINING_AT_ONCE,
    pace: float = FULL_PACE,
) -> tuple[list[Member], Figures]:
    """Everyone joins, so many at the same time, and publishes what they have; what it took, and the memory.

    Those who publish come first: a server may have to be asked for them by name. `pace` is that of the video while they
    join: where hundreds do, joins at full pace would take the load client's core, and minutes. Raises what the first
    failure was.
    """
    gate = asyncio.Semaphore(at_once)
    joined = 0

    async def join(room: str, seat: Seat) -> Member:
        nonlocal joined
        async with gate:
            member = await join_patiently(server, engine, room, seat)
            if seat.publishes:
                engine.publish(member.publishing)
            joined += 1
            windows.tell(f"{joined} of {len(places)} joined")
            return member

    engine.pace = pace
    before = usage_of(server.pid)
    began = time.monotonic()
    members: list[Member] = []
    for publishing in (True, False):
        members += await all_of(join(room, seat) for room, seat in places if seat.publishes == publishing)
    for room in dict.fromkeys(room for room, _ in places):
        await server.complete(engine, room)
    took = time.monotonic() - began
    engine.pace = FULL_PACE
    windows.tell("warming up")
    await asyncio.sleep(WARM_UP)
    after = usage_of(server.pid)
    figures = join_figures(members, took)
    for name, parts in (("memory_per_participant", after), ("memory_of_media", after.keys() & {"media-node"})):
        grown = sum(after[part].memory - (before[part].memory if part in before else 0) for part in parts)
        if parts:
            figures[name] = grown / len(places) / 1000
    return members, figures


async def join_patiently(server: Server, engine: Engine, room: str, seat: Seat) -> Member:
    """One failure of hundreds is told, and is no reason to give up the others. Raises what the last failure was."""
    for _ in range(_TRIES - 1):
        with suppress(ServerError, TransportError):
            return await server.join(engine, room, seat)
        engine.intake.counters[FAILED_JOINS] += 1
    return await server.join(engine, room, seat)
