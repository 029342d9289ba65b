"""Firefox beside two Chromiums in one room."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.participant import chromium_participant, firefox_participant
from tests.support.firefox import BidiConnection, firefox
from tests.support.server import Server


@pytest_asyncio.fixture(loop_scope="session")
async def fox() -> AsyncIterator[BidiConnection]:
    async with firefox() as running:
        yield running


async def test_firefox_and_two_chromiums_see_and_hear_each_other(
    server: Server, browser: Browser, fox: BidiConnection
) -> None:
    three = [
        await chromium_participant(server, browser, "red"),
        await chromium_participant(server, browser, "green"),
        await firefox_participant(server, fox, "blue"),
    ]
    room = await server.create_room()
    for participant in three:
        await participant.join(room.room_id, talking=True)
    for participant in three:
        others = [other for other in three if other is not participant]
        await participant.sees(*others)
        await participant.hears(*others)
    assert (await three[2].video())["decoded"] > 0
