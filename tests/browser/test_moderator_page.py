"""The moderator's controls of the meeting page, and what those see whom they touch."""

import re

from playwright.async_api import Locator, expect

from tests.browser.guest import Guest, House
from tests.support.page import eventually

TWO_ARE_HEARD = """probe.inbound().then((all) =>
  all.filter(({kind, audioLevel}) => kind === "audio" && audioLevel > 0).length === 2)"""


async def choose(moderator: Guest, name: str, action: str) -> None:
    """Chooses from the menu of a person in the list, which is open."""
    await moderator.page.get_by_role("button", name=f"Actions for {name}").click()
    await moderator.page.get_by_role("menuitem", name=action).click()


def toolbar_button(guest: Guest, name: str) -> Locator:
    return guest.page.get_by_role("toolbar", name="Meeting controls").get_by_role("button", name=name)


async def test_a_moderator_runs_the_room_by_the_list_of_people(house: House) -> None:
    ann, ben, cleo = await house.meeting_of("Ann", "Ben", "Cleo")
    for guest in (ben, cleo):
        await guest.sees(*({"Ann", "Ben", "Cleo"} - {guest.name}))
    await ann.page.keyboard.press("p")
    await expect(ben.page.get_by_role("group", name="For the whole room")).to_have_count(0)

    # The menu by the keyboard; what changes in the list meanwhile leaves the focus where it was.
    actions = ann.page.get_by_role("button", name="Actions for Ben")
    await actions.focus()
    await ann.page.keyboard.press("Enter")
    await ann.page.keyboard.press("ArrowDown")
    await expect(ann.page.get_by_role("menuitem", name="Mute microphone")).to_be_focused()
    await ann.page.keyboard.press("Enter")
    await expect(actions).to_be_focused()
    await expect(toolbar_button(ben, "No microphone: a moderator has turned it off")).to_be_visible()
    await expect(ben.tile("You")).to_have_attribute("aria-label", re.compile("muted by a moderator"))
    await expect(cleo.tile("Ben")).to_have_attribute("aria-label", re.compile("muted by a moderator"))
    await ann.page.keyboard.press("Enter")
    await ann.page.get_by_role("menuitem", name="Allow microphone").click()
    await ben.page.get_by_role("button", name="Click here to turn it on").click()
    await expect(toolbar_button(ben, "Turn microphone off")).to_be_visible()

    await ann.page.get_by_role("button", name="Mute all").click()
    await expect(ben.page.get_by_text("All muted", exact=True)).to_be_visible()
    await expect(toolbar_button(cleo, "No microphone")).to_be_visible()
    await expect(toolbar_button(ann, "Turn microphone off")).to_be_visible()
    await ann.page.get_by_role("button", name="Mute all", pressed=True).click()
    await expect(ben.page.get_by_text("All muted", exact=True)).to_be_hidden()

    # The spotlight comes first, whoever talks; everybody's microphone hears the same fake tone here.
    await choose(ann, "Cleo", "Put in the spotlight")
    await expect(ben.tile("Cleo")).to_have_class(re.compile("is-main"))
    await expect(ben.tile("Cleo")).to_have_attribute("aria-label", re.compile("in the spotlight"))
    await choose(ann, "Cleo", "Take out of the spotlight")
    await expect(ben.tile("Cleo")).not_to_have_class(re.compile("is-main"))
    await choose(ann, "Ben", "Pin for everybody")
    await expect(ben.tile("You")).to_have_attribute("aria-label", re.compile("pinned for everybody"))

    # The lock, and the end of one's participation.
    await ann.page.get_by_role("button", name="Lock the room").click()
    await expect(cleo.page.get_by_text("Locked", exact=True)).to_be_visible()
    await choose(ann, "Cleo", "Remove from the meeting")
    await ann.page.get_by_role("alertdialog", name="Remove Cleo?").get_by_role("button", name="Remove").click()
    await expect(cleo.page.get_by_text("A moderator has sent you out.", exact=True)).to_be_visible()
    await expect(ben.tile("Cleo")).to_have_count(0)
    await ben.sees("Ann")
    await expect(actions).to_be_visible()


async def test_a_lecture_and_its_end_by_the_page(house: House) -> None:
    ann, ben, cleo = await house.meeting_of("Ann", "Ben", "Cleo")
    await cleo.sees("Ann", "Ben")
    await ann.page.keyboard.press("p")
    await ann.page.get_by_role("button", name="Lecture mode").click()
    await expect(cleo.tile("Ben")).to_have_count(0)
    await expect(cleo.tile("Ann")).to_be_visible()
    await expect(toolbar_button(ben, "No camera: this is a lecture")).to_be_visible()
    await ben.page.keyboard.press("h")
    await expect(ben.page.get_by_text("Your hand is raised", exact=True)).to_be_visible()
    await ann.page.get_by_role("button", name="Give Ben the floor").click()
    await expect(ben.page.get_by_text("You have the floor", exact=True)).to_be_visible()
    await toolbar_button(ben, "Turn camera on").click()
    await toolbar_button(ben, "Turn microphone on").click()
    await cleo.sees("Ann", "Ben")
    await eventually(cleo.page, TWO_ARE_HEARD, "the sound of both")
    await choose(ann, "Ben", "Take the floor back")
    await expect(cleo.tile("Ben")).to_have_count(0)
    await choose(ann, "Cleo", "Invite to speak")
    await cleo.page.get_by_role("region", name="The floor").get_by_role("button", name="Decline").click()
    await expect(cleo.page.get_by_role("region", name="The floor")).to_be_hidden()
    await ann.page.get_by_role("button", name="Lecture mode").click()
    await toolbar_button(ben, "Turn camera on").click()
    await expect(cleo.tile("Ben")).to_have_class(re.compile("has-picture"))

    # The role goes to Ben, who ends it for all.
    await choose(ann, "Ben", "Make moderator")
    await ann.page.get_by_role("button", name="Make moderator", exact=True).click()
    await expect(ann.page.get_by_role("button", name="Mute all")).to_be_hidden()
    await ben.page.keyboard.press("p")
    await ben.page.get_by_role("button", name="End for all…").click()
    await ben.page.get_by_role("alertdialog").get_by_role("button", name="End for all").click()
    for guest in (ann, ben, cleo):
        await expect(guest.page.get_by_text("A moderator has ended the session.", exact=True)).to_be_visible()
