"""What moderators do holds for clients that do not obey, judged by what is sent, what is heard and what moves."""

import json
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.participant import Participant, chromium_participant, colour_name
from tests.support.page import eventually
from tests.support.server import Server

# Of half a second of sound, in the unit of totalAudioEnergy: a tone has 0.06, what a codec makes of silence nothing.
TONE = 0.005
SILENCE = 1e-5
CAMERA = {"width": 320, "height": 180, "rate": 10}
PATIENCE = 60.0


@pytest_asyncio.fixture(loop_scope="session")
async def people(server: Server, browser: Browser) -> AsyncIterator[list[Participant]]:
    """Red, who moderates, green, who obeys nobody, blue and yellow; none in a room yet."""
    found = [await chromium_participant(server, browser, name) for name in ("red", "green", "blue", "yellow")]
    yield found
    assert [one.errors for one in found] == [[], [], [], []]


async def asks(participant: Participant, call: str) -> None:
    """Has a method of the participant's room called."""
    await participant.page.evaluate(f"meeting.room.{call}")


def about(*participants: Participant) -> str:
    return json.dumps([one.client_id for one in participants])


async def silence_at(listener: Participant) -> None:
    await eventually(listener.page, f"meeting.energy().then((energy) => energy < {SILENCE})", "silence", every=0)


async def sound_at(listener: Participant) -> None:
    await eventually(listener.page, f"meeting.energy().then((energy) => energy > {TONE})", "sound", every=0)


async def is_seen(seen: Participant, viewer: Participant, wanted: bool = True) -> None:
    """Waits until the picture of `seen` moves at the viewer, or moves no more while another one does."""
    give_up = time.monotonic() + PATIENCE
    while True:
        moving = {colour_name(colour) for colour in await viewer.page.evaluate("meeting.moving()")}
        if moving and (seen.name in moving) is wanted:
            return
        assert time.monotonic() < give_up, f"at {viewer.name} move {moving}"


async def goes_on_sending(participant: Participant) -> None:
    sent = await participant.page.evaluate("meeting.sends()")
    assert sent["audioBytes"] > 500
    assert sent["frames"] > 0
    assert sent["energy"] > TONE


async def refusal(participant: Participant, call: str) -> str:
    """The reason for which a method of the room fails."""
    asked = f"meeting.room.{call}.then(() => 'nothing', (error) => error.reason)"
    return str(await participant.page.evaluate(asked))


async def test_whoever_is_hard_muted_is_neither_heard_nor_seen_though_they_go_on_sending(
    server: Server, people: list[Participant]
) -> None:
    red, green, blue, yellow = people
    room = await server.create_room()
    await red.join(room.room_id, role="moderator", camera=CAMERA)
    await green.join(room.room_id, defiant=True, talking=True, camera=CAMERA)
    await blue.join(room.room_id, camera=CAMERA)
    await is_seen(green, blue)
    await sound_at(blue)

    await asks(red, f"hardMuteUserAudio({json.dumps(green.client_id)})")
    await silence_at(blue)
    await goes_on_sending(green)
    await silence_at(blue)
    await is_seen(green, blue)
    await asks(red, f"hardUnmuteUserAudio({json.dumps(green.client_id)})")
    await sound_at(blue)

    await asks(red, f"hardMuteUserVideo({json.dumps(green.client_id)})")
    await is_seen(green, blue, False)
    await goes_on_sending(green)
    await is_seen(green, blue, False)
    await asks(red, f"hardUnmuteUserVideo({json.dumps(green.client_id)})")
    await is_seen(green, blue)

    # The whole room: also who comes later, and not the moderator.
    await asks(red, "hardMute()")
    await silence_at(blue)
    await yellow.join(room.room_id, defiant=True, talking=True, camera=CAMERA)
    await is_seen(yellow, blue)
    await goes_on_sending(yellow)
    await silence_at(blue)
    await red.talk(True)
    await sound_at(blue)
    await red.talk(False)
    await green.talk(False)
    await silence_at(blue)
    await asks(red, "hardUnmute()")
    await sound_at(blue)


async def test_moderators_decide_who_is_seen_first_who_has_the_floor_and_who_stays(
    server: Server, people: list[Participant]
) -> None:
    red, green, blue, yellow = people
    room = await server.create_room()
    await red.join(room.room_id, role="moderator", camera=CAMERA)
    await green.join(room.room_id, defiant=True, talking=True, camera=CAMERA)
    # With one slot it is seen who is first.
    await blue.join(room.room_id, slots={"video": 1}, camera=CAMERA)
    first = "meeting.room.activeTalkers[0]?.name"
    await is_seen(green, blue)

    await asks(red, f"addSpotlightUsers({about(red)})")
    await is_seen(red, blue)
    await sound_at(blue)
    assert await blue.page.evaluate(first) == "red"
    await asks(red, f"removeSpotlightUsers({about(red)})")
    await is_seen(green, blue)

    # Pinned: after those who talk, before those who did.
    await asks(red, f"pinUsers({about(red)})")
    await sound_at(blue)
    assert await blue.page.evaluate(first) == "green"
    await green.talk(False)
    await is_seen(red, blue)
    await asks(red, f"unpinUsers({about(red)})")
    await green.talk(True)
    await is_seen(green, blue)

    await asks(red, "switchRoomMode('lecture')")
    await is_seen(green, blue, False)
    await silence_at(blue)
    await goes_on_sending(green)
    await silence_at(blue)
    await asks(green, "requestFloor()")
    await red.happened("floor-changed")
    assert await red.page.evaluate("meeting.room.raisedHands") == [green.client_id]
    await asks(red, f"grantFloor({json.dumps(green.client_id)})")
    await is_seen(green, blue)
    await sound_at(blue)
    await asks(red, f"releaseFloor({json.dumps(green.client_id)})")
    await silence_at(blue)
    await is_seen(green, blue, False)
    await asks(red, "switchRoomMode('group')")
    await is_seen(green, blue)
    await sound_at(blue)

    # The role goes from red to green and on to blue; with it the right to use it.
    await asks(red, f"switchUserRole({json.dumps(green.client_id)})")
    await red.happened("user-role-changed")
    assert await refusal(red, "lock()") == "role-forbidden"
    await asks(green, f"switchUserRole({json.dumps(blue.client_id)})")
    await asks(blue, "lock()")
    with pytest.raises(Exception, match="locked"):
        await yellow.join(room.room_id)
    await asks(blue, "unlock()")
    await yellow.join(room.room_id, camera=CAMERA)

    await asks(blue, f"dropUser({about(green)})")
    await green.happened("room-disconnected")
    assert (await green.events("room-disconnected"))[0]["reason"] == "disconnected-by-moderator"
    await red.happened("user-disconnected")
    assert (await red.events("user-disconnected"))[0]["reason"] == "disconnected-by-moderator"
    await is_seen(green, blue, False)
    await silence_at(blue)

    await asks(blue, "destroy()")
    for participant in (red, blue, yellow):
        await participant.happened("room-disconnected")
        assert (await participant.events("room-disconnected"))[0]["reason"] == "disconnected-by-moderator"
