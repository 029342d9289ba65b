"""People in front of the meeting page, in the words of the tests."""

import re

from playwright.async_api import Browser, Locator, Page, expect

from tests.support import chromium
from tests.support.server import Server

# Whether the picture of this tile moves, asked in the page.
MOVES = """async (video) => {
  const before = video.getVideoPlaybackQuality().totalVideoFrames;
  await new Promise((resolve) => setTimeout(resolve, 500));
  return video.getVideoPlaybackQuality().totalVideoFrames > before;
}"""


class Guest:
    """Somebody in front of the page."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.name = name
        self.troubles: list[str] = []
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", lambda message: self.troubles.append(message.text) if message.type == "error" else None)

    async def join(self) -> None:
        # Who joins before the devices are open joins without them.
        preview = self.page.get_by_role("region", name="Your picture")
        for device in ("microphone", "camera"):
            await expect(preview.get_by_role("button", name=f"Turn {device} off")).to_be_visible()
        await self.page.get_by_label("Your name").fill(self.name)
        await self.page.get_by_role("button", name="Join now").click()
        await expect(self.page.get_by_role("toolbar", name="Meeting controls")).to_be_visible()

    def tile(self, name: str) -> Locator:
        """The tile of a person or a screen; what it says beside the name may change."""
        return self.page.get_by_role("group", name=re.compile(f"^{name}(,|$)"))

    async def sees(self, *names: str) -> None:
        """Waits for a moving picture of each, and for nobody else."""
        for name in names:
            video = self.tile(name).locator("video")
            await expect(video).to_be_visible()
            await expect(self.tile(name)).to_have_class(re.compile("has-picture"))
            handle = await video.element_handle()
            assert handle is not None
            for _ in range(20):
                if await handle.evaluate(MOVES):
                    break
            else:
                raise AssertionError(f"{self.name} sees no moving picture of {name}")
        await expect(self.page.locator(".tile:not(.is-screen)")).to_have_count(len(names) + 1)


class House:
    """A server and the guests of one room."""

    def __init__(self, server: Server, browser: Browser) -> None:
        self.server = server
        self.browser = browser
        self.guests: list[Guest] = []

    async def guest(self, name: str, url: str) -> Guest:
        guest = Guest(await chromium.open_page(self.browser, url), name)
        self.guests.append(guest)
        return guest

    async def meeting_of(self, *names: str) -> list[Guest]:
        """The first starts the room, the others follow the invitation."""
        first = await self.guest(names[0], self.server.url)
        await first.page.get_by_role("button", name="Start a room").click()
        await first.page.wait_for_url("**/room/*")
        link = first.page.url
        assert "token" not in link
        await first.join()
        for name in names[1:]:
            await (await self.guest(name, link)).join()
        return self.guests
