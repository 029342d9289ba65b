"""The meeting page as people use it: by its labels, its keys and what is to be seen."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.guest import House
from tests.support.page import eventually


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
