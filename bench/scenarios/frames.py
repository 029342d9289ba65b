"""How long a person waits for the first picture, in a real browser."""

import importlib.util
from functools import partial
from typing import TYPE_CHECKING

from bench.adapters.server import Server
from bench.client.engine import Engine
from bench.client.film import FILM, film
from bench.figures import Round, percentile
from bench.scenarios.scenario import Scenario
from bench.scenarios.webinar import SPEAKER
from bench.windows import Windows

if TYPE_CHECKING:
    from bench.chromium import Pages

_JOIN = 3.0
"""Seconds that a join with its page takes, on a machine that is not idle."""


def first_frames(joins: int) -> Scenario:
    """A room with one camera, which Chromium joins again and again."""
    return Scenario(
        f"chromium-{joins}",
        f"Chromium, {joins} joins one after the other, one camera in the room",
        partial(_run, joins=joins),
        joins + 1,
        extra=joins * _JOIN,
    )


async def _run(server: Server, windows: Windows, *, joins: int) -> list[Round]:
    # Where there is no playwright, nothing but this scenario misses it.
    if importlib.util.find_spec("playwright") is None:
        return [Round({}, ["left out: playwright is not installed"])] * windows.number
    from bench.chromium import executable, joining_pages

    command = executable()
    if command is None:
        return [Round({}, ["left out: Chromium is not installed"])] * windows.number
    async with Engine(burst=FILM, film=film()) as engine:
        room = await server.create_room(joins + 2, 1)
        speaker = await server.join(engine, room, SPEAKER)
        engine.publish(speaker.publishing)
        async with joining_pages(command) as pages:
            # The first one fills the browser's caches.
            windows.tell("Chromium starts")
            await pages.join(server.key, await server.access(room))
            return [await _joins(server, pages, room, joins, windows) for _ in range(windows.number)]


async def _joins(server: Server, pages: "Pages", room: str, joins: int, windows: Windows) -> Round:
    from bench.chromium import JOIN_TIMEOUT, BrowserError

    took, faults = [], []
    for number in range(joins):
        windows.tell(f"join {number + 1} of {joins}")
        try:
            took.append(await pages.join(server.key, await server.access(room)))
        except TimeoutError:
            faults.append(f"join {number + 1} showed no picture within {JOIN_TIMEOUT:g} s")
        except BrowserError as error:
            faults.append(f"join {number + 1} failed: {error.message.splitlines()[0]}")
    figures = {"frame_p50": percentile(took, 0.5), "frame_worst": max(took)} if took else {}
    return Round(figures, facts={"Chromium": pages.version}, faults=faults)
