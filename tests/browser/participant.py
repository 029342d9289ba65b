"""A participant in a page of Chromium or Firefox, in the words of the tests."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from playwright.async_api import Browser
from playwright.async_api import Page as ChromiumPage

from tests.support import chromium, firefox
from tests.support.page import Page, eventually
from tests.support.server import Server

MEETING = Path(__file__).with_name("meeting.js")
# Any file of the server gives a page of the right origin with nothing in it that could disturb.
EMPTY_PAGE = "/sdk/roomcast.js"

FREEZE = 1000
"""The longest pause that a change of talker, of layer or of a screen share may cost, in milliseconds."""
TRIES = 3

# Far enough apart to survive chroma subsampling and a codec.
COLOURS: Mapping[str, tuple[int, int, int]] = {
    "red": (210, 40, 40),
    "green": (40, 170, 40),
    "blue": (40, 40, 210),
    "yellow": (210, 190, 40),
    "magenta": (200, 40, 200),
}


def colour_name(shown: list[int] | None) -> str | None:
    """The colour of COLOURS that is nearest to what a page shows; None when it shows nothing or something else."""
    if shown is None:
        return None
    distance, name = min(
        (sum((a - b) ** 2 for a, b in zip(shown, rgb, strict=True)) ** 0.5, name) for name, rgb in COLOURS.items()
    )
    return name if distance < 70 else None


@dataclass
class Participant:
    """Joins as `name`, who is also the colour of the camera."""

    server: Server
    page: Page
    name: str
    client_id: str = ""
    errors: list[str] = field(default_factory=list)

    async def join(self, room_id: str, *, role: str = "participant", **options: Any) -> None:
        """Joins with a token made now. `options` are those of `meeting.join` and of the SDK's `Roomcast.join`."""
        token = await self.server.create_token(room_id, self.name, role)
        red, green, blue = COLOURS[self.name]
        options = {"colour": f"rgb({red}, {green}, {blue})", **options}
        self.client_id = await self.page.evaluate(f"meeting.join({json.dumps(token)}, {json.dumps(options)})")

    async def people(self) -> dict[str, str | None]:
        """Who is to be seen, and in which colour."""
        return {seen["name"]: colour_name(seen["colour"]) for seen in await self.page.evaluate("meeting.people()")}

    async def screens(self) -> dict[str, str | None]:
        return {seen["name"]: colour_name(seen["colour"]) for seen in await self.page.evaluate("meeting.screens()")}

    async def sees(self, *others: "Participant", timeout: float = 60) -> None:
        """Waits until exactly `others` are to be seen, each in the right colour and moving."""
        wanted = json.dumps(sorted(other.name for other in others))
        near = json.dumps({other.name: COLOURS[other.name] for other in others})
        await eventually(
            self.page,
            f"""((people, near) => JSON.stringify(people.map(({{name}}) => name).sort()) === JSON.stringify({wanted})
                && people.every(({{name, colour, frames}}) => frames > 2 && colour
                    && Math.hypot(...colour.map((value, index) => value - near[name][index])) < 70)
               )(meeting.people(), {near})""",
            f"{self.name} sees {wanted}",
            timeout=timeout,
            otherwise="meeting.people()",
        )

    async def hears(self, *others: "Participant", timeout: float = 60) -> None:
        """Waits until the audio of each of `others` came with energy."""
        names = json.dumps([other.name for other in others])
        await eventually(
            self.page,
            f"meeting.heard().then((heard) => {names}.every((name) => heard[name] > 0.001))",
            f"{self.name} hears {names}",
            timeout=timeout,
            otherwise="meeting.heard()",
        )

    async def talk(self, loud: bool) -> None:
        await self.page.evaluate(f"void meeting.microphone.talk({json.dumps(loud)})")

    async def video(self) -> dict[str, float]:
        return dict(await self.page.evaluate("meeting.video()"))

    async def events(self, of_type: str) -> list[Any]:
        return [detail for kind, detail in await self.page.evaluate("meeting.events") if kind == of_type]

    async def happened(self, of_type: str, *, timeout: float = 60) -> None:
        """Waits for an event of the room."""
        await eventually(
            self.page,
            f"meeting.events.some(([type]) => type === {json.dumps(of_type)})",
            f"{self.name} is told {of_type}",
            timeout=timeout,
            otherwise="meeting.events.map(([type]) => type)",
        )

    async def leave(self) -> None:
        await self.page.evaluate("meeting.room.leave()")

    async def close(self) -> None:
        """Closes the page and everything that it holds; Chromium only."""
        page: Any = self.page
        await page.context.close()

    async def reload(self) -> None:
        """Loads the page again, as a person does when something seems wrong; Chromium only."""
        page: Any = self.page
        await page.reload()
        await page.evaluate(MEETING.read_text())


async def chromium_participant(server: Server, browser: Browser, name: str, *, candidates: str = "") -> Participant:
    """A page of Chromium, not yet in a room; see `chromium.open_page` for `candidates`."""
    page: ChromiumPage = await chromium.open_page(browser, server.url + EMPTY_PAGE, candidates=candidates)
    participant = Participant(server, page, name)
    page.on("pageerror", lambda error: participant.errors.append(str(error)))
    await page.evaluate(MEETING.read_text())
    return participant


async def firefox_participant(server: Server, browser: firefox.BidiConnection, name: str) -> Participant:
    """A page of Firefox, not yet in a room."""
    page = await firefox.open_page(browser, server.url + EMPTY_PAGE)
    await page.run(MEETING.read_text())
    return Participant(server, page, name)


async def without_a_pause(viewers: Sequence[Participant], change: Callable[[], Awaitable[None]]) -> None:
    """Makes a change that may leave none of the viewers without a new frame for a second.

    On a machine that is busy with other things pauses come by themselves: what these viewers see for as long without
    any change is granted, and there are three tries. If it is the change that does it, it does it each time.
    """
    seen = []
    for _ in range(TRIES):
        began = time.monotonic()
        changed = await longest_pause(viewers, change)
        if changed < FREEZE:
            return
        calm = await longest_pause(viewers, partial(asyncio.sleep, time.monotonic() - began))
        if changed < FREEZE + calm:
            return
        seen.append((changed, calm))
    raise AssertionError(f"the longest pause in milliseconds, with the change and without it, in each try: {seen}")


async def longest_pause(viewers: Sequence[Participant], doing: Callable[[], Awaitable[None]]) -> float:
    """The longest time without a new frame, or in which a browser says that the picture froze, in milliseconds."""
    for viewer in viewers:
        await viewer.page.evaluate("meeting.restartGaps()")
    before = [(await viewer.video())["frozen"] for viewer in viewers]
    await doing()
    gaps = [await viewer.page.evaluate("meeting.longestGap()") for viewer in viewers]
    frozen = [(await viewer.video())["frozen"] for viewer in viewers]
    return float(max(*gaps, *(1000 * (now - then) for now, then in zip(frozen, before, strict=True))))


async def record(server: Server, moderator: Participant, seconds: float, *, files: int) -> float:
    """Records until so many files hold so much each; for how many seconds that was asked for, at the most."""
    before = server.recordings()
    began = time.monotonic()
    await moderator.page.evaluate("meeting.room.startRecord()")
    await server.recorded(seconds, files, beside=before)
    await moderator.page.evaluate("meeting.room.stopRecord()")
    # The order to end takes a moment to the recorder.
    return time.monotonic() - began + 2
