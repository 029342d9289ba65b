"""A room where one has to be let in: who knocks waits, and takes part once a moderator has admitted them."""

from playwright.async_api import Browser, expect

from tests.browser.participant import chromium_participant
from tests.support import chromium
from tests.support.page import eventually
from tests.support.server import Server


async def test_who_knocks_waits_until_a_moderator_admits_them_and_then_they_see_each_other(
    server: Server, browser: Browser
) -> None:
    room_id = await server.create_enablex_room(knock=True)
    red = await chromium_participant(server, browser, "red")
    green = await chromium_participant(server, browser, "green")
    await red.join(room_id, role="moderator", talking=True)

    await green.join(room_id, talking=True)
    assert await green.page.evaluate("[meeting.room.state, meeting.room.awaited]") == ["awaiting", "approval"]
    await red.happened("user-awaited")
    assert await red.page.evaluate("meeting.room.awaitedParticipants.map(({name}) => name)") == ["green"]
    assert await red.people() == {}

    await red.page.evaluate("meeting.room.approveAwaitedUser(meeting.room.awaitedParticipants[0].clientId)")
    await green.happened("room-allowed")
    await red.sees(green)
    await green.sees(red)
    await green.hears(red)
    assert await green.page.evaluate("meeting.room.state") == "connected"
    assert await green.events("reconnecting") == []
    assert [red.errors, green.errors] == [[], []]


async def test_who_is_denied_is_told_why(server: Server, browser: Browser) -> None:
    room_id = await server.create_enablex_room(knock=True)
    red = await chromium_participant(server, browser, "red")
    green = await chromium_participant(server, browser, "green")
    await red.join(room_id, role="moderator")
    await green.join(room_id)
    await red.happened("user-awaited")

    await red.page.evaluate("meeting.room.denyAwaitedUser(meeting.room.awaitedParticipants[0].clientId)")
    await green.happened("room-disconnected")
    assert (await green.events("room-disconnected"))[0]["reason"] == "denied-by-moderator"
    await eventually(red.page, "meeting.room.awaitedParticipants.length === 0", "nobody waits any more")


async def test_the_page_shows_that_one_waits_and_asks_the_moderator_by_name(server: Server, browser: Browser) -> None:
    room_id = await server.create_enablex_room(knock=True)
    mia = await chromium.open_page(browser, f"{server.url}/room/{room_id}")
    await mia.get_by_label("Your name").fill("Mia")
    await mia.get_by_role("button", name="Join now").click()
    await expect(mia.get_by_role("toolbar", name="Meeting controls")).to_be_visible()

    eve = await chromium.open_page(browser, f"{server.url}/room/{room_id}")
    await eve.get_by_label("Your name").fill("Eve")
    await eve.get_by_role("button", name="Join now").click()
    await expect(eve.get_by_role("heading", name="Waiting to be let in")).to_be_visible()

    await mia.get_by_role("button", name="Admit Eve").click()
    await expect(eve.get_by_role("toolbar", name="Meeting controls")).to_be_visible()
    await expect(eve.get_by_role("group", name="Mia")).to_be_visible()
    await expect(mia.get_by_role("button", name="Admit Eve")).to_have_count(0)
