"""The examples of both READMEs do what they say.

An example is the first block of JavaScript. `https://meet.example.com` stands for the server, and `token` is a token.
"""

import json
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from tests.browser.participant import chromium_participant
from tests.support import chromium
from tests.support.page import eventually
from tests.support.server import Server
from tests.support.site import one_page_site

TOP = Path(__file__).parent.parent.parent
EXAMPLE = re.compile(r"^```js\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Frames of a picture that is somebody else's: one's own camera, if the example shows it, is no proof.
SHOWN = """[...document.querySelectorAll('video')].some((video) =>
    probe.colour(video)?.[0] > 150 && probe.colour(video)[1] < 90)"""


def page_with(example: str, server: Server, token: str) -> str:
    """A page that holds nothing but the example."""
    script = f"const token = {json.dumps(token)};\n{example.replace('https://meet.example.com', server.url)}"
    return f"<!doctype html><body><script type=module>{script}</script></body>"


async def open_page(browser: Browser, url: str, errors: list[str]) -> Page:
    """The page at `url`; what it throws is added to `errors`."""
    page = await (await chromium.open_context(browser)).new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(url)
    return page


@pytest.mark.parametrize("document", ["README.md", "sdk/README.md"])
async def test_the_example_shows_somebody_else(server: Server, browser: Browser, document: str) -> None:
    example = EXAMPLE.search((TOP / document).read_text())
    assert example is not None, f"{document} has no example"
    room = await server.create_room()
    red = await chromium_participant(server, browser, "red")
    await red.join(room.room_id, talking=True)

    errors: list[str] = []
    html = page_with(example[1], server, await server.create_token(room.room_id, "green"))
    # An application's page is of an origin of its own.
    async with one_page_site(html) as url:
        page = await open_page(browser, url, errors)
        await eventually(page, SHOWN, "the red camera", otherwise="document.body.innerHTML")
        await eventually(
            page,
            "probe.inbound().then((all) => all.some(({totalAudioEnergy}) => totalAudioEnergy > 0.001))",
            "the sound that goes with it",
        )
        await eventually(red.page, "meeting.people()[0]?.frames > 2", "the camera of the example's page")
        assert errors == []
