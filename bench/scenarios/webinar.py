"""One person is seen and heard by many."""

import asyncio
from functools import partial

from bench.adapters.server import Seat, Server
from bench.client.engine import Engine
from bench.client.traffic import Burst
from bench.figures import Figures, Round
from bench.measuring import measure
from bench.scenarios.scenario import WARM_UP, Scenario, fill

SPEAKER = Seat(publishes_video=True, publishes_audio=True)
LISTENER = Seat(audio_slots=1, video_slots=1)

_LOST = 0.02
"""The share of video that is lost on purpose in `recovery`."""


def webinar(subscribers: int, burst: Burst, key: str) -> Scenario:
    """1 → `subscribers`."""
    return Scenario(
        key,
        f"webinar, 1 → {subscribers}, {told(burst)}",
        partial(_run, subscribers=subscribers, burst=burst, drop=0.0),
    )


def recovery(subscribers: int, burst: Burst) -> Scenario:
    """The same, while receivers lose 2 % of the video and ask for it again."""
    return Scenario(
        f"recovery-{subscribers}",
        f"recovery, 1 → {subscribers}, {told(burst)}, 2 % of the video lost on the way to each",
        partial(_run, subscribers=subscribers, burst=burst, drop=_LOST),
    )


def join_storm(subscribers: int, burst: Burst) -> Scenario:
    """All come at the same moment."""
    return Scenario(
        f"join-storm-{subscribers}",
        f"join storm, {subscribers} people at once, {told(burst)}",
        partial(_run, subscribers=subscribers, burst=burst, drop=0.0, at_once=subscribers),
    )


def feedback(subscribers: int, burst: Burst) -> Scenario:
    """What the answers of receivers cost: the same stream with and without them."""
    return Scenario(
        f"feedback-{subscribers}",
        f"feedback, 1 → {subscribers}, {told(burst)}: with the answers of receivers, and the same without",
        partial(_run_with_and_without_feedback, subscribers=subscribers, burst=burst),
    )


def told(burst: Burst) -> str:
    return f"bursts of {burst.packets} each {burst.interval * 1000:g} ms"


async def _run(
    server: Server, seconds: float, *, subscribers: int, burst: Burst, drop: float, at_once: int = 10
) -> Round:
    async with Engine(burst=burst, drop=drop) as engine:
        joined = await _fill(server, engine, subscribers, at_once)
        return (await measure(engine, server.pid, seconds)).with_figures(joined)


async def _run_with_and_without_feedback(server: Server, seconds: float, *, subscribers: int, burst: Burst) -> Round:
    async with Engine(burst=burst) as engine:
        joined = await _fill(server, engine, subscribers, 10)
        measured = await measure(engine, server.pid, seconds)
        engine.answering = False
        await asyncio.sleep(WARM_UP / 2)
        silent = await measure(engine, server.pid, seconds)
        costs = measured.figures["server_cpu"] - silent.figures["server_cpu"]
        return measured.with_figures(joined | {"feedback_cpu": costs})


async def _fill(server: Server, engine: Engine, subscribers: int, at_once: int) -> Figures:
    room = await server.create_room(subscribers + 1, 1)
    speaker = await server.join(engine, room, SPEAKER)
    engine.publish(speaker.publishing)
    _, joined = await fill(server, engine, [(room, LISTENER)] * subscribers, at_once=at_once)
    return joined
