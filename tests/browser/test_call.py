"""Three real Chromium pages in one room, judged by their statistics and by what they show."""

import json
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.participant import Participant, chromium_participant
from tests.support.page import eventually
from tests.support.server import Server

# The longest pause that a change of talker or a screen share may cost, in milliseconds.
FREEZE = 1000


@pytest_asyncio.fixture(loop_scope="session")
async def three(server: Server, browser: Browser) -> AsyncIterator[list[Participant]]:
    """Three participants, not yet in a room. At the end none of their pages may have thrown."""
    participants = [await chromium_participant(server, browser, name) for name in ("red", "green", "blue")]
    yield participants
    assert [participant.errors for participant in participants] == [[], [], []]


async def all_see_each_other(participants: list[Participant]) -> None:
    for participant in participants:
        await participant.sees(*(other for other in participants if other is not participant))


async def test_each_of_three_sees_and_hears_both_others_and_never_themselves(
    server: Server, three: list[Participant]
) -> None:
    room = await server.create_room()
    for participant in three:
        await participant.join(room.room_id, talking=True)
    await all_see_each_other(three)
    for participant in three:
        await participant.hears(*(other for other in three if other is not participant))
        assert (await participant.video())["frozen"] < FREEZE / 1000


async def test_a_screen_share_appears_and_goes_without_disturbing_the_cameras(
    server: Server, three: list[Participant]
) -> None:
    room = await server.create_room()
    for participant in three:
        await participant.join(room.room_id)
    await all_see_each_other(three)
    red, green, blue = three
    for viewer in (green, blue):
        await viewer.page.evaluate("meeting.restartGaps()")

    await red.page.evaluate("meeting.share(probe.camera('rgb(200, 40, 200)', {width: 1280, height: 720, rate: 5}))")
    for viewer in (green, blue):
        await eventually(viewer.page, "meeting.screens()[0]?.frames > 2", "the screen share appears")
        assert await viewer.screens() == {"red": "magenta"}

    await red.page.evaluate("meeting.room.stopScreenShare()")
    for viewer in (green, blue):
        await eventually(viewer.page, "meeting.screens().length === 0", "the screen share goes")
        assert await viewer.page.evaluate("meeting.longestGap()") < FREEZE
    await all_see_each_other(three)


async def test_with_one_video_slot_the_picture_follows_the_speaker(server: Server, three: list[Participant]) -> None:
    room = await server.create_room()
    for participant in three:
        await participant.join(room.room_id, slots={"video": 1})
    red, green, blue = three
    await eventually(blue.page, "meeting.people()[0]?.frames > 2", "somebody is to be seen")
    await blue.page.evaluate("meeting.restartGaps()")

    for speaker, other in [(red, green), (green, red)] * 3:
        await other.talk(False)
        await speaker.talk(True)
        await blue.sees(speaker)
    assert await blue.page.evaluate("meeting.longestGap()") < FREEZE
    assert (await blue.video())["frozen"] < FREEZE / 1000
    # The sound of whoever is seen comes with the picture.
    await blue.hears(green)
    # Nobody renegotiated for any of this.
    assert await blue.page.evaluate("probe.connections.length") == 1


async def test_a_page_that_is_loaded_again_rejoins(server: Server, three: list[Participant]) -> None:
    room = await server.create_room()
    for participant in three:
        await participant.join(room.room_id)
    await all_see_each_other(three)
    red, green, blue = three

    before = red.client_id
    await red.reload()
    await green.happened("user-disconnected")
    await red.join(room.room_id)
    assert red.client_id != before
    await all_see_each_other(three)
    # Who left by closing the page is not kept waiting for: the others were told at once, and once only.
    assert len(await blue.events("user-disconnected")) == 1


async def test_the_layer_follows_the_height_that_is_of_use(server: Server, three: list[Participant]) -> None:
    room = await server.create_room()
    red, green, _ = three
    await red.join(room.room_id, camera={"width": 960, "height": 540})
    await green.join(room.room_id)
    await green.sees(red)
    await eventually(green.page, "meeting.people()[0].size[1] === 540", "the largest layer", timeout=60)
    await green.page.evaluate("meeting.restartGaps()")
    for height in (135, 540):
        wanted = json.dumps(None if height == 540 else height)
        await green.page.evaluate(f"void meeting.room.setMaxHeight(meeting.room.videoSlots[0], {wanted})")
        await eventually(green.page, f"meeting.people()[0].size[1] === {height}", f"the layer of {height} lines")
    assert await green.page.evaluate("meeting.longestGap()") < FREEZE


async def test_a_message_reaches_those_it_is_for(server: Server, three: list[Participant]) -> None:
    room = await server.create_room()
    for participant in three:
        await participant.join(room.room_id)
    red, green, blue = three
    await red.page.evaluate("meeting.room.sendMessage('to all')")
    await red.page.evaluate(f"meeting.room.sendMessage('to one', {{to: [{json.dumps(green.client_id)}]}})")
    await eventually(
        green.page, "meeting.events.filter(([type]) => type === 'message-received').length === 2", "both messages"
    )
    assert [message["text"] for message in await green.events("message-received")] == ["to all", "to one"]
    await blue.happened("message-received")
    assert [message["text"] for message in await blue.events("message-received")] == ["to all"]
