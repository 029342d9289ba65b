"""What every scenario is made of."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bench.adapters.server import Member, Seat, Server
from bench.client.engine import Engine
from bench.figures import Figures, Round
from bench.joining import all_of
from bench.measuring import join_figures
from bench.processes import usage_of

WARM_UP = 2.0
"""Seconds of media before anything is measured."""
JOINING_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class Scenario:
    """`run` drives a server that was just started, in which there is nobody, for one round of so many seconds.

    `servers` are the adapters that can do this. `key` names it in the JSON and on the command line, `title` for people.
    """

    key: str
    title: str
    run: Callable[[Server, float], Awaitable[Round]]
    servers: tuple[str, ...] = ("roomcast", "janus")


Place = tuple[str, Seat]
"""A seat in a room."""


async def fill(
    server: Server, engine: Engine, places: Sequence[Place], *, at_once: int = JOINING_AT_ONCE
) -> tuple[list[Member], Figures]:
    """Everyone joins, so many at the same time, and publishes what they have; what it took, and the memory.

    Those who publish come first: a server may have to be asked for them by name. Raises what the first failure was.
    """
    gate = asyncio.Semaphore(at_once)

    async def join(room: str, seat: Seat) -> Member:
        async with gate:
            member = await server.join(engine, room, seat)
            if seat.publishes:
                engine.publish(member.publishing)
            return member

    before = sum(one.memory for one in usage_of(server.pid).values())
    began = time.monotonic()
    members: list[Member] = []
    for publishing in (True, False):
        members += await all_of(join(room, seat) for room, seat in places if seat.publishes == publishing)
    for room in dict.fromkeys(room for room, _ in places):
        await server.complete(engine, room)
    took = time.monotonic() - began
    await asyncio.sleep(WARM_UP)
    grown = sum(one.memory for one in usage_of(server.pid).values()) - before
    return members, join_figures(members, took) | {"memory_per_participant": grown / len(places) / 1000}
