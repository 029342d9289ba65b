"""A lecture: very many are connected, one is seen, and a few talk in turn."""

import asyncio
from functools import partial
from itertools import cycle

from bench.adapters.server import Seat, Server
from bench.client.endpoint import Endpoint
from bench.client.engine import Engine
from bench.client.traffic import Burst
from bench.figures import Round
from bench.joining import at_work
from bench.measuring import measure
from bench.scenarios.scenario import JOINING_PACE, Scenario, fill
from bench.scenarios.webinar import told
from bench.windows import Windows

_ASKING = 3
"""Those who talk with the lecturer, by microphone."""
_TURN = 2.0
"""Seconds that each of them talks; the others, who have the floor too, are muted meanwhile."""
_BURST = Burst(2, 1 / 15)
"""A lecturer's camera, 15 pictures and 30 packets a second."""


def lecture(people: int) -> Scenario:
    """`people` are connected, those who talk included."""
    return Scenario(
        f"lecture-{people}",
        f"lecture, {people} people connected, one camera, {_ASKING + 1} microphones of which one is on, {told(_BURST)}",
        partial(_run, people=people),
        people,
        # A videoroom has neither a lecture mode nor slots that follow who talks.
        servers=("roomcast",),
        stays=True,
    )


async def _run(server: Server, windows: Windows, *, people: int) -> list[Round]:
    microphones = 1 + _ASKING
    lecturer = Seat(publishes_video=True, publishes_audio=True, audio_slots=microphones)
    asking = Seat(publishes_audio=True, audio_slots=microphones, video_slots=1)
    # A slot for each, as the SDK would have it: with fewer, a talker's first words wait until the one before is done.
    listening = Seat(audio_slots=microphones, video_slots=1)
    async with Engine(burst=_BURST, switching=True) as engine:
        room = await server.create_room(people, microphones)
        talking = [(room, seat) for seat in (lecturer, *[asking] * _ASKING)]
        members, _ = await fill(server, engine, talking, windows)
        async with at_work(_take_turns([one.publishing for one in members])):
            # What joins and memory cost is told of those who listen.
            audience = [(room, listening)] * (people - microphones)
            _, joined = await fill(server, engine, audience, windows, pace=JOINING_PACE)
            return [(await measure(engine, server, windows)).with_figures(joined) for _ in range(windows.number)]


async def _take_turns(talkers: list[Endpoint]) -> None:
    """The lecturer and one of the others, again and again."""
    lecturer, *others = talkers
    turns = (one for other in cycle(others) for one in (lecturer, other))
    for talker in turns:
        for one in talkers:
            if one.audio is not None:
                one.audio.muted = one is not talker
        await asyncio.sleep(_TURN)
