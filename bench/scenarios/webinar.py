"""One person is seen and heard by many."""

import asyncio
from functools import partial

from bench.adapters.server import Seat, Server
from bench.client.engine import Engine
from bench.client.traffic import Burst
from bench.figures import Figures, Round
from bench.measuring import measure
from bench.scenarios.scenario import FULL_PACE, JOINING_AT_ONCE, JOINING_PACE, WARM_UP, Scenario, fill
from bench.windows import Windows

SPEAKER = Seat(publishes_video=True, publishes_audio=True)
LISTENER = Seat(audio_slots=1, video_slots=1)

_LOST = 0.02
"""The share of video that is lost on purpose in `recovery`."""


def webinar(subscribers: int, burst: Burst, key: str) -> Scenario:
    """1 → `subscribers`."""
    return Scenario(
        key,
        f"webinar, 1 → {subscribers}, {told(burst)}",
        partial(_run, subscribers=subscribers, burst=burst),
        subscribers + 1,
    )


def audience(subscribers: int, burst: Burst) -> Scenario:
    """1 → very many, who stay for all rounds."""
    return Scenario(
        f"audience-{subscribers}",
        f"audience, 1 → {subscribers}, {told(burst)}",
        partial(_run, subscribers=subscribers, burst=burst, pace=JOINING_PACE),
        subscribers + 1,
        stays=True,
    )


def recovery(subscribers: int, burst: Burst) -> Scenario:
    """The same, while receivers lose 2 % of the video and ask for it again."""
    return Scenario(
        f"recovery-{subscribers}",
        f"recovery, 1 → {subscribers}, {told(burst)}, 2 % of the video lost on the way to each",
        partial(_run, subscribers=subscribers, burst=burst, drop=_LOST),
        subscribers + 1,
    )


def join_storm(subscribers: int, burst: Burst) -> Scenario:
    """All come at the same moment."""
    return Scenario(
        f"join-storm-{subscribers}",
        f"join storm, {subscribers} people at once, {told(burst)}",
        partial(_run, subscribers=subscribers, burst=burst, at_once=subscribers),
        subscribers + 1,
    )


def feedback(subscribers: int, burst: Burst) -> Scenario:
    """What the answers of receivers cost: the same stream with and without them."""
    return Scenario(
        f"feedback-{subscribers}",
        f"feedback, 1 → {subscribers}, {told(burst)}: with the answers of receivers, and the same without",
        partial(_run_with_and_without_feedback, subscribers=subscribers, burst=burst),
        subscribers + 1,
        # Others are asked to forward so much elsewhere; the goal is roomcast's own.
        servers=("roomcast",),
        extra=WARM_UP,
        stays=True,
    )


def told(burst: Burst) -> str:
    return f"bursts of {burst.packets} each {burst.interval * 1000:.3g} ms"


async def _run(
    server: Server,
    windows: Windows,
    *,
    subscribers: int,
    burst: Burst,
    drop: float = 0.0,
    at_once: int = JOINING_AT_ONCE,
    pace: float = FULL_PACE,
) -> list[Round]:
    async with Engine(burst=burst, drop=drop) as engine:
        joined = await _fill(server, engine, windows, subscribers, at_once, pace)
        return [(await measure(engine, server, windows)).with_figures(joined) for _ in range(windows.number)]


async def _run_with_and_without_feedback(
    server: Server, windows: Windows, *, subscribers: int, burst: Burst
) -> list[Round]:
    async with Engine(burst=burst) as engine:
        joined = await _fill(server, engine, windows, subscribers, JOINING_AT_ONCE, JOINING_PACE)
        half = Windows(windows.seconds / 2, tell=windows.tell)
        return [(await _cost_of_feedback(server, engine, half)).with_figures(joined) for _ in range(windows.number)]


async def _cost_of_feedback(server: Server, engine: Engine, half: Windows) -> Round:
    """Half a window with answers, half a window without: the difference, for the same number of packets forwarded."""
    measured = await measure(engine, server, half)
    engine.answering = False
    await asyncio.sleep(WARM_UP / 2)
    silent = await measure(engine, server, half)
    engine.answering = True
    await asyncio.sleep(WARM_UP / 2)
    rate, silent_rate = (one.figures["packets_per_second"] for one in (measured, silent))
    forwarding = silent.figures["server_cpu"] * rate / silent_rate if silent_rate else 0.0
    return measured.with_figures({"feedback_cpu": measured.figures["server_cpu"] - forwarding})


async def _fill(
    server: Server, engine: Engine, windows: Windows, subscribers: int, at_once: int, pace: float
) -> Figures:
    room = await server.create_room(subscribers + 1, 1)
    places = [(room, SPEAKER)] + [(room, LISTENER)] * subscribers
    _, joined = await fill(server, engine, places, windows, at_once=at_once, pace=pace)
    return joined
