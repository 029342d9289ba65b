"""The meeting page as people use it: by its labels, its keys and what is to be seen."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.support import chromium
from tests.support.page import eventually
from tests.support.server import Server

# A busy machine takes its time for what a person would have at once.
expect.set_options(timeout=20_000)

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


@pytest.fixture
async def house(server: Server, browser: Browser) -> AsyncIterator[House]:
    """At the end no page may have reported an error, those of the content security policy included."""
    house = House(server, browser)
    yield house
    assert {guest.name: guest.troubles for guest in house.guests if guest.troubles} == {}


async def test_a_room_is_started_with_one_click_and_joined_by_its_link(house: House) -> None:
    ann, ben, cleo = await house.meeting_of("Ann", "Ben", "Cleo")
    await ann.sees("Ben", "Cleo")
    await ben.sees("Ann", "Cleo")
    await cleo.sees("Ann", "Ben")
    await eventually(
        cleo.page,
        "probe.inbound().then((all) => all.filter(({totalAudioEnergy}) => totalAudioEnergy > 0).length >= 2)",
        "the sound of both others",
    )
    await expect(cleo.page.get_by_role("button", name="People, 3 in the room")).to_be_visible()

    await ben.page.keyboard.press("Shift+L")
    await expect(ben.page.get_by_role("heading", name="left")).to_be_visible()
    await expect(ann.tile("Ben")).to_have_count(0)
    await ann.sees("Cleo")


async def test_the_mute_buttons_show_the_truth_on_both_sides(house: House) -> None:
    ann, ben = await house.meeting_of("Ann", "Ben")
    await ben.sees("Ann")

    await ann.page.keyboard.press("m")
    await expect(ann.page.get_by_role("button", name="Turn microphone on")).to_be_visible()
    await expect(ben.tile("Ann")).to_have_attribute("aria-label", re.compile("microphone off"))

    await ann.page.get_by_role("button", name="Turn camera off").click()
    await expect(ben.tile("Ann")).to_have_attribute("aria-label", re.compile("camera off"))
    await expect(ben.tile("Ann")).not_to_have_class(re.compile("has-picture"))

    await ann.page.get_by_role("button", name="Turn camera on").click()
    await ann.page.keyboard.press("m")
    await ben.sees("Ann")
    await expect(ben.tile("Ann")).not_to_have_attribute("aria-label", re.compile("microphone off"))


async def test_a_shared_screen_stands_first_until_it_is_stopped(house: House) -> None:
    ann, ben = await house.meeting_of("Ann", "Ben")
    await ben.sees("Ann")
    await ann.page.get_by_role("button", name="Share your screen").click()
    screen = ben.tile("Ann’s screen")
    await expect(screen).to_have_class(re.compile("is-main"))
    await eventually(
        ben.page, "document.querySelector('.is-screen video')?.videoWidth > 0", "the picture of the screen share"
    )
    await ann.page.get_by_role("button", name="Stop", exact=True).click()
    await expect(screen).to_have_count(0)
    await ben.sees("Ann")


async def test_chat_reaches_everybody_or_one(house: House) -> None:
    ann, ben, cleo = await house.meeting_of("Ann", "Ben", "Cleo")
    for guest in (ann, ben, cleo):
        await expect(guest.page.get_by_role("button", name="People, 3 in the room")).to_be_visible()
        await guest.page.keyboard.press("c")
    await ann.page.get_by_label("Message", exact=True).fill("Hello <b>both</b>")
    await ann.page.keyboard.press("Enter")
    for guest in (ben, cleo):
        await expect(guest.page.get_by_role("log")).to_contain_text("Hello <b>both</b>")
    await ann.page.get_by_label("To", exact=True).select_option("Ben only")
    await ann.page.get_by_label("Message", exact=True).fill("Between us")
    await ann.page.keyboard.press("Enter")
    await expect(ben.page.get_by_role("log")).to_contain_text("Between us")
    await expect(cleo.page.get_by_role("log")).not_to_contain_text("Between us")


@pytest.mark.parametrize("width", [360, 1600])
async def test_nothing_is_cut_off_at_any_width(house: House, width: int) -> None:
    ann, _ = await house.meeting_of("Ann", "Ben")
    await ann.page.set_viewport_size({"width": width, "height": 740})
    await ann.sees("Ben")
    overflow = await ann.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    for name in ("Turn microphone off", "Turn camera off", "Leave the meeting"):
        box = await ann.page.get_by_role("button", name=name).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
