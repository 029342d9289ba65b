"""People come and go, and others begin to talk: how fast a switch is, and whether memory stays flat."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from bench.adapters.server import Member, Seat, Server
from bench.client.endpoint import Endpoint, Stream
from bench.client.engine import Engine
from bench.client.traffic import AudioTraffic, Burst, Probe
from bench.figures import Figures, Round, growth, percentile
from bench.joining import at_work
from bench.measuring import join_figures, measure
from bench.processes import usage_of
from bench.scenarios.scenario import Scenario, fill, join_patiently
from bench.scenarios.webinar import told
from bench.windows import Windows

_TALKERS = 6
_SEEN = 2
"""Slots of each viewer: fewer than there are talkers, so that a new talker takes somebody's place."""
_TALKER = Seat(publishes_video=True, publishes_audio=True, audio_slots=_SEEN, video_slots=_SEEN)
_VIEWER = Seat(audio_slots=_SEEN, video_slots=_SEEN)
_SWITCH_PERIOD = 3.0
_SWITCH_TIMEOUT = 8.0
_LEAVING_EACH = 0.5
_MEMORY_EACH = 10.0
_SHORTEST_TALK = 30.0
"""Seconds of a round, so that it has some switches to tell of."""

Progress = Callable[[float, int], None]
"""Told of the seconds that have passed and the server's memory in bytes."""


def churn(people: int, burst: Burst, progress: Progress | None = None) -> Scenario:
    """Two people a second leave and two others come, and each 3 s another one talks."""
    return Scenario(
        f"churn-{people}",
        f"churn, {people} people, of whom {_TALKERS} talk in turn and 2 a second are replaced, {told(burst)}",
        partial(_run, people=people, burst=burst, progress=progress),
        people,
        # Other servers have no slots that follow the talker.
        servers=("roomcast",),
        extra=_SHORTEST_TALK,
    )


async def _run(
    server: Server, windows: Windows, *, people: int, burst: Burst, progress: Progress | None
) -> list[Round]:
    async with Engine(burst=burst, switching=True) as engine:
        room = await server.create_room(2 * people, _SEEN)
        watcher = await server.join(engine, room, _VIEWER)
        seats = [(room, _TALKER)] * _TALKERS + [(room, _VIEWER)] * (people - _TALKERS - 1)
        members, _ = await fill(server, engine, seats, windows)
        crowd = _Crowd(server, engine, room, members[_TALKERS:])
        talk = _Talk(engine, watcher.receiving, [one.publishing for one in members[:_TALKERS]])
        memory = _Memory(server, progress)
        window = replace(windows, seconds=max(windows.seconds, _SHORTEST_TALK))
        async with at_work(crowd.run(), talk.run(), memory.run()):
            measured = await measure(engine, server, window)
        return [measured.with_figures(talk.figures() | join_figures(crowd.came, window.seconds) | memory.figures())]


class _Crowd:
    """Somebody leaves and somebody comes, again and again. `came` are those who came."""

    def __init__(self, server: Server, engine: Engine, room: str, members: list[Member]) -> None:
        self.came: list[Member] = []
        self._server, self._engine, self._room = server, engine, room
        self._members = members
        self._random = random.Random(1)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(_LEAVING_EACH)
            await self._members.pop(self._random.randrange(len(self._members))).leave()
            member = await join_patiently(self._server, self._engine, self._room, _VIEWER)
            self._members.append(member)
            self.came.append(member)


class _Talk:
    """One talks after the other; how long it takes until a watcher sees who has begun."""

    def __init__(self, engine: Engine, watcher: Endpoint, talkers: list[Endpoint]) -> None:
        self.seconds: list[float] = []
        self.missed = 0
        self._talkers = talkers
        self._awaited = 0
        self._seen: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        engine.intake.watch(watcher)
        engine.intake.on_probe = self._on_probe

    async def run(self) -> None:
        for talker in self._talkers:
            _level(talker, AudioTraffic.silent)
        turn = 0
        while True:
            talker = self._talkers[turn % len(self._talkers)]
            turn += 1
            self._awaited, self._seen = talker.owner, asyncio.get_running_loop().create_future()
            began = time.time_ns()
            _level(talker, AudioTraffic.talking)
            try:
                async with asyncio.timeout(_SWITCH_TIMEOUT):
                    self.seconds.append((await self._seen - began) / 1e9)
            except TimeoutError:
                self.missed += 1
            await asyncio.sleep(_SWITCH_PERIOD)
            _level(talker, AudioTraffic.silent)

    def figures(self) -> Figures:
        waited = [1000 * one for one in self.seconds[_SEEN:]]
        if not waited:
            return {}
        return {"switch_p50": percentile(waited, 0.5), "switch_p95": percentile(waited, 0.95)}

    def _on_probe(self, stream: Stream, probe: Probe, arrival: int) -> None:
        if stream.video and probe.publisher == self._awaited and not self._seen.done():
            self._seen.set_result(arrival)


class _Memory:
    """The server's memory over time."""

    def __init__(self, server: Server, progress: Progress | None) -> None:
        self._server = server
        self._progress = progress
        self._curve: list[tuple[float, int]] = []

    async def run(self) -> None:
        began = time.monotonic()
        while True:
            used = sum(one.memory for one in usage_of(self._server.pid).values())
            self._curve.append((time.monotonic() - began, used))
            if self._progress:
                self._progress(*self._curve[-1])
            await asyncio.sleep(_MEMORY_EACH)

    def figures(self) -> Figures:
        slope = growth(self._curve)
        return {} if slope is None else {"memory_growth": slope / 1e6}


def _level(talker: Endpoint, level: int) -> None:
    if talker.audio is not None:
        talker.audio.level = level
