"""A media node that dies takes nobody's meeting with it."""

from playwright.async_api import Browser

from tests.browser.participant import chromium_participant
from tests.support.server import Server


async def test_a_killed_media_node_is_noticed_and_everybody_comes_back(server: Server, browser: Browser) -> None:
    red, green, blue = [await chromium_participant(server, browser, name) for name in ("red", "green", "blue")]
    room = await server.create_room()
    await red.join(room.room_id)
    await green.join(room.room_id)
    await red.sees(green)
    await green.sees(red)

    killed = server.kill_media_node()
    for participant in (red, green):
        await participant.happened("reconnecting")
    await server.wait_until_healthy()
    assert killed not in server.media_nodes()
    for participant in (red, green):
        await participant.happened("reconnected", timeout=30)

    await blue.join(room.room_id)
    await red.sees(green, blue)
    await green.sees(red, blue)
    await blue.sees(red, green)
    assert await red.events("room-disconnected") == []
    assert await green.events("user-disconnected") == []
