"""A media node or a server that dies takes nobody's meeting with it."""

import asyncio
from pathlib import Path

from playwright.async_api import Browser

from tests.browser.participant import chromium_participant
from tests.support.page import eventually
from tests.support.server import Server, free_port, free_ports, running_server


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
        await participant.happened("reconnected")

    await blue.join(room.room_id)
    await red.sees(green, blue)
    await green.sees(red, blue)
    await blue.sees(red, green)
    assert await red.events("room-disconnected") == []
    assert await green.events("user-disconnected") == []


async def test_the_room_of_a_killed_media_process_goes_on_in_another(tmp_path: Path, browser: Browser) -> None:
    async with running_server(tmp_path, ports=(free_port(), free_ports(2)), media_processes="2") as server:
        while '"media_nodes": 2' not in await server.text("/health"):
            await asyncio.sleep(0.1)
        red, green = [await chromium_participant(server, browser, name) for name in ("red", "green")]
        room = await server.create_room()
        await red.join(room.room_id)
        await green.join(room.room_id)
        await red.sees(green)
        first = (await red.page.evaluate("probe.path()"))["remotePort"]
        server.kill_media_node(first - server.media_port)
        for participant in (red, green):
            await participant.happened("reconnected")
        await red.sees(green)
        await green.sees(red)
        second = (await red.page.evaluate("probe.path()"))["remotePort"]
        assert {first, second} == {server.media_port, server.media_port + 1}
        assert await red.events("room-disconnected") == []


async def test_everybody_comes_back_by_themselves_when_the_whole_server_was_killed_or_stopped(
    tmp_path: Path, browser: Browser
) -> None:
    async with running_server(tmp_path) as server:
        red, green = [await chromium_participant(server, browser, name) for name in ("red", "green")]
        room = await server.create_room()
        await red.join(room.room_id, role="moderator")
        await green.join(room.room_id)
        await red.sees(green)
        await green.sees(red)
        before = red.client_id
        await red.page.evaluate("meeting.room.lock()")
        await red.page.evaluate("meeting.room.hardMute()")
        ports = await server.kill()
    async with running_server(tmp_path, ports):
        for participant in (red, green):
            await participant.happened("reconnected")
        await red.sees(green)
        await green.sees(red)
        assert await red.page.evaluate("meeting.room.clientId") != before
        assert await red.page.evaluate("[...meeting.room.participants.values()].map(({name}) => name)") == ["green"]
        assert await green.page.evaluate("meeting.room.locked && meeting.room.hardMuted")
        await red.page.evaluate("meeting.room.hardUnmute()")
        await eventually(green.page, "!meeting.room.hardMuted", "green may speak again")
        await green.page.evaluate("meeting.room.unmute('microphone')")
        await green.talk(True)
        await red.hears(green)
        assert await red.events("room-interrupted") == []
        await green.page.evaluate("void (meeting.events.length = 0)")
    # This time it was stopped as for an upgrade.
    async with running_server(tmp_path, ports):
        await green.happened("reconnected", timeout=60)
        await red.sees(green)
        await red.hears(green)
        assert [event["reason"] for event in await green.events("room-interrupted")] == ["server-restart"]
        assert await green.page.evaluate("meeting.room.locked && !meeting.room.hardMuted")
        assert await red.events("room-disconnected") == await green.events("room-disconnected") == []
