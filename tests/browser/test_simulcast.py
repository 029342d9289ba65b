"""A viewer says how large a picture it can use, and gets the layer that fits, without a pause."""

from playwright.async_api import Browser

from tests.browser.participant import chromium_participant, without_a_pause
from tests.support.page import eventually
from tests.support.server import Server

CAMERA = {"width": 960, "height": 540, "rate": 10}


async def test_the_layer_follows_the_height_that_the_viewer_can_use(server: Server, browser: Browser) -> None:
    room = await server.create_room()
    red = await chromium_participant(server, browser, "red")
    green = await chromium_participant(server, browser, "green")
    await red.join(room.room_id, camera=CAMERA)
    await green.join(room.room_id, slots={"video": 1}, camera={"width": 160, "height": 90, "rate": 5})
    await green.sees(red)

    async def shows(height: int) -> None:
        await eventually(
            green.page,
            f"meeting.people()[0]?.size[1] === {height}",
            f"the picture is {height} pixels high",
            otherwise="meeting.people()",
        )

    # The top layer comes when the publisher has found out that there is bandwidth for it.
    await green.page.evaluate("meeting.room.setMaxHeight(meeting.room.videoSlots[0], null)")
    await shows(540)

    async def change_heights() -> None:
        for wanted, height in ((100, 135), (270, 270), (1080, 540), (136, 270), (1, 135)):
            await green.page.evaluate(f"meeting.room.setMaxHeight(meeting.room.videoSlots[0], {wanted})")
            await shows(height)

    await without_a_pause([green], change_heights)
    assert red.errors == green.errors == []
