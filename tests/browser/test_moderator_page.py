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


async def test_a_moderator_runs_the_room_by_the_page(house: House) -> None:
    ann, ben, cleo = await house.meeting_of("Ann", "Ben", "Cleo")
    for guest in (ben, cleo):
        # Smaller pictures leave more of the machine's time to the test.
        await guest.page.set_viewport_size({"width": 760, "height": 500})
    await cleo.sees("Ann", "Ben")
    await ann.page.keyboard.press("p")
    await expect(ann.page.get_by_role("group", name="For the whole room")).to_be_visible()
    await ben.page.keyboard.press("p")
    await expect(ben.page.get_by_role("button", name="Write to Ann")).to_be_visible()
    await expect(ben.page.get_by_role("group", name="For the whole room")).to_be_hidden()
    await mutes_one(ann, ben, cleo)
    await mutes_all(ann, ben, cleo)
    await gives_the_stage(ann, ben, cleo)
    await lectures(ann, ben, cleo)
    await locks_and_removes(ann, ben, cleo)
    await hands_the_role_on_and_it_ends(ann, ben)


async def mutes_one(ann: Guest, ben: Guest, cleo: Guest) -> None:
    """By the keyboard; what changes in the list meanwhile leaves the focus where it is."""
    actions = ann.page.get_by_role("button", name="Actions for Ben")
    await actions.focus()
    await ann.page.keyboard.press("Enter")
    await ann.page.keyboard.press("ArrowDown")
    await expect(ann.page.get_by_role("menuitem", name="Mute microphone")).to_be_focused()
    await ann.page.keyboard.press("Enter")
    await expect(toolbar_button(ben, "No microphone: a moderator has turned it off")).to_be_visible()
    for guest, name in ((ben, "You"), (cleo, "Ben")):
        await expect(guest.tile(name)).to_have_attribute("aria-label", re.compile("muted by a moderator"))
    await expect(ann.page.get_by_role("listitem").filter(has_text="Ben")).to_contain_text("muted by a moderator")
    await expect(actions).to_be_focused()
    await choose(ann, "Ben", "Allow microphone")
    await ben.page.get_by_role("button", name="Click here to turn it on").click()
    await expect(toolbar_button(ben, "Turn microphone off")).to_be_visible()


async def mutes_all(ann: Guest, ben: Guest, cleo: Guest) -> None:
    await ann.page.get_by_role("button", name="Mute all", pressed=False).click()
    for guest in (ann, ben, cleo):
        await expect(guest.page.get_by_text("All muted", exact=True)).to_be_visible()
    await expect(toolbar_button(cleo, "No microphone: a moderator has turned it off")).to_be_visible()
    await expect(toolbar_button(ann, "Turn microphone off")).to_be_visible()
    await ann.page.get_by_role("button", name="Mute all", pressed=True).click()
    await expect(ben.page.get_by_text("All muted", exact=True)).to_be_hidden()


async def gives_the_stage(ann: Guest, ben: Guest, cleo: Guest) -> None:
    """Ann alone speaks by now, and Cleo in the spotlight stands before her."""
    await choose(ann, "Cleo", "Put in the spotlight")
    await expect(ben.tile("Cleo")).to_have_class(re.compile("is-main"))
    await expect(ben.tile("Cleo")).to_have_attribute("aria-label", re.compile("in the spotlight"))
    await expect(cleo.page.get_by_text("You are in the spotlight: everybody sees you first.").first).to_be_visible()
    await choose(ann, "Cleo", "Take out of the spotlight")
    await expect(ben.tile("Cleo")).not_to_have_class(re.compile("is-main"))
    await choose(ann, "Ben", "Pin for everybody")
    for guest, name in ((ben, "You"), (cleo, "Ben")):
        await expect(guest.tile(name)).to_have_attribute("aria-label", re.compile("pinned for everybody"))


async def lectures(ann: Guest, ben: Guest, cleo: Guest) -> None:
    mode = ann.page.get_by_role("button", name="Lecture mode")
    await mode.click()
    await expect(cleo.tile("Ben")).to_have_count(0)
    await cleo.sees("Ann")
    await expect(toolbar_button(ben, "No camera: this is a lecture, and you do not have the floor")).to_be_visible()
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
    floor = cleo.page.get_by_role("region", name="The floor")
    await floor.get_by_role("button", name="Decline").click()
    await expect(floor).to_be_hidden()
    await mode.click()
    await toolbar_button(ben, "Turn camera on").click()
    await cleo.sees("Ann", "Ben")


async def locks_and_removes(ann: Guest, ben: Guest, cleo: Guest) -> None:
    await ann.page.get_by_role("button", name="Lock the room").click()
    await expect(cleo.page.get_by_text("Locked", exact=True)).to_be_visible()
    await choose(ann, "Cleo", "Remove from the meeting")
    question = ann.page.get_by_role("alertdialog", name="Remove Cleo?")
    await expect(question.get_by_role("button", name="Cancel")).to_be_focused()
    await question.get_by_role("button", name="Remove").click()
    await expect(cleo.page.get_by_text("A moderator has sent you out.", exact=True)).to_be_visible()
    await expect(ben.tile("Cleo")).to_have_count(0)
    await ben.sees("Ann")


async def hands_the_role_on_and_it_ends(ann: Guest, ben: Guest) -> None:
    await choose(ann, "Ben", "Make moderator")
    await ann.page.get_by_role("button", name="Make moderator", exact=True).click()
    await expect(ann.page.get_by_role("group", name="For the whole room")).to_be_hidden()
    await ben.page.get_by_role("button", name="End for all…").click()
    await ben.page.get_by_role("alertdialog").get_by_role("button", name="End for all").click()
    for guest in (ann, ben):
        await expect(guest.page.get_by_text("A moderator has ended the session.", exact=True)).to_be_visible()
