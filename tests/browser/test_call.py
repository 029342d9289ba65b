"""Three real Chromium pages in one room, judged by their statistics and by what they show."""

import json
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.participant import Participant, chromium_participant, without_a_pause
from tests.support.page import eventually
from tests.support.server import Server


@pytest_asyncio.fixture(loop_scope="session")
async def three(server: Server, browser: Browser) -> AsyncIterator[list[Participant]]:
    """Three participants, not yet in a room. At the end none of their pages may have thrown."""
    participants = [await chromium_participant(server, browser, name) for name in ("red", "green", "blue")]
    yield participants
    assert [participant.errors for participant in participants] == [[], [], []]


async def all_see_each_other(participants: list[Participant]) -> None:
    for participant in participants:
        await participant.sees(*(other for other in participants if other is not participant))


async def test_three_meet_share_a_screen_write_to_each_other_and_one_loads_the_page_again(
    server: Server, three: list[Participant]
) -> None:
    room = await server.create_room()
    for participant in three:
        await participant.join(room.room_id, talking=True)
    await all_see_each_other(three)
    for participant in three:
        await participant.hears(*(other for other in three if other is not participant))
    await a_screen_share_appears_and_goes_without_disturbing_the_cameras(three)
    await a_message_reaches_those_it_is_for(three)
    await a_page_that_is_loaded_again_rejoins(room.room_id, three)


async def a_screen_share_appears_and_goes_without_disturbing_the_cameras(three: list[Participant]) -> None:
    red, green, blue = three

    async def share() -> None:
        await red.page.evaluate("meeting.share(probe.camera('rgb(200, 40, 200)', {width: 1280, height: 720, rate: 5}))")
        for viewer in (green, blue):
            await eventually(viewer.page, "meeting.screens()[0]?.frames > 2", "the screen share appears")
            assert await viewer.screens() == {"red": "magenta"}
        await red.page.evaluate("meeting.room.stopScreenShare()")
        for viewer in (green, blue):
            await eventually(viewer.page, "meeting.screens().length === 0", "the screen share goes")

    await without_a_pause([green, blue], share)
    await all_see_each_other(three)


async def a_message_reaches_those_it_is_for(three: list[Participant]) -> None:
    red, green, blue = three
    await red.page.evaluate("meeting.room.sendMessage('to all')")
    await red.page.evaluate(f"meeting.room.sendMessage('to one', {{to: [{json.dumps(green.client_id)}]}})")
    await eventually(
        green.page, "meeting.events.filter(([type]) => type === 'message-received').length === 2", "both messages"
    )
    assert [message["text"] for message in await green.events("message-received")] == ["to all", "to one"]
    await blue.happened("message-received")
    assert [message["text"] for message in await blue.events("message-received")] == ["to all"]


async def a_page_that_is_loaded_again_rejoins(room_id: str, three: list[Participant]) -> None:
    red, green, blue = three
    before = red.client_id
    await red.reload()
    await green.happened("user-disconnected")
    await red.join(room_id)
    assert red.client_id != before
    await all_see_each_other(three)
    # Who left by closing the page is not kept waiting for: the others were told at once, and once only.
    assert len(await blue.events("user-disconnected")) == 1


async def test_with_one_video_slot_the_picture_follows_the_speaker(server: Server, three: list[Participant]) -> None:
    room = await server.create_room()
    for participant in three:
        await participant.join(room.room_id, slots={"video": 1})
    red, green, blue = three
    await eventually(blue.page, "meeting.people()[0]?.frames > 2", "somebody is to be seen")

    async def speak_in_turn() -> None:
        for speaker, other in [(red, green), (green, red)] * 3:
            await other.talk(False)
            await speaker.talk(True)
            await blue.sees(speaker)

    await without_a_pause([blue], speak_in_turn)
    # The sound of whoever is seen comes with the picture.
    await blue.hears(green)
    # Nobody renegotiated for any of this.
    assert await blue.page.evaluate("probe.connections.length") == 1
