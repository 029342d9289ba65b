"""One person is seen and heard by many."""

import asyncio
import time
from functools import partial

from bench.adapters.server import Member, Seat, Server
from bench.client.engine import Engine
from bench.client.traffic import Burst
from bench.figures import Round
from bench.measuring import join_figures, measure
from bench.processes import usage_of
from bench.scenarios.scenario import JOINING_AT_ONCE, WARM_UP, Scenario

SPEAKER = Seat(publishes_video=True, publishes_audio=True)
LISTENER = Seat(audio_slots=1, video_slots=1)


def webinar(subscribers: int, burst: Burst) -> Scenario:
    """1 → `subscribers`."""
    each = f"{burst.interval * 1000:g} ms"
    return Scenario(
        f"webinar-{subscribers}-{burst.packets}",
        f"webinar, 1 → {subscribers}, bursts of {burst.packets} each {each}",
        partial(_run, subscribers=subscribers, burst=burst),
        burst=burst,
    )


async def _run(server: Server, seconds: float, *, subscribers: int, burst: Burst) -> Round:
    async with Engine(burst=burst) as engine:
        room = await server.create_room(subscribers + 1, 1)
        speaker = await server.join(engine, room, SPEAKER)
        engine.publish(speaker.publishing)
        before = usage_of(server.pid)
        began = time.monotonic()
        listeners = await join_all(server, engine, room, [LISTENER] * subscribers)
        joining = time.monotonic() - began
        await asyncio.sleep(WARM_UP)
        measured = await measure(engine, server.pid, seconds)
        after = usage_of(server.pid)
        grown = sum(one.memory for one in after.values()) - sum(one.memory for one in before.values())
        figures = measured.figures | join_figures(listeners, joining)
        return Round(figures | {"memory_per_participant": grown / subscribers / 1000}, measured.notes)


async def join_all(server: Server, engine: Engine, room: str, seats: list[Seat]) -> list[Member]:
    """Everyone joins, a few at a time. Raises what the first failure was."""
    gate = asyncio.Semaphore(JOINING_AT_ONCE)

    async def join(seat: Seat) -> Member:
        async with gate:
            return await server.join(engine, room, seat)

    return await asyncio.gather(*map(join, seats))
