"""What is recorded outlives the server that recorded it, and a full disk costs the recording, never the meeting."""

import resource
from itertools import pairwise
from pathlib import Path

from playwright.async_api import Browser

from tests.browser.participant import Participant, chromium_participant, record
from tests.support.films import probe, watch
from tests.support.page import eventually
from tests.support.pulses import decoding_errors
from tests.support.server import Server, running_server

ROOM = 150_000
"""Bytes that a file may have while the disk is "full": the log has less, a few seconds of a camera more."""
SECONDS = 2.0
GRAINY = {"rate": 20, "grain": 60}


async def meet(server: Server, browser: Browser) -> tuple[str, Participant, Participant]:
    """A room with red, its moderator, and green."""
    await server.wait_for_recorder()
    room_id = (await server.create_room()).room_id
    red, green = [await chromium_participant(server, browser, name) for name in ("red", "green")]
    await red.join(room_id, role="moderator", talking=True, camera=GRAINY)
    await green.join(room_id, talking=True, tone=660, camera=GRAINY)
    await red.sees(green)
    await green.sees(red)
    return room_id, red, green


async def check_archive(server: Server, room_id: str, folder: Path, least: float) -> None:
    """Two segments of two people are in the archive, and every file plays; films have `least` seconds at the least."""
    archive = await server.archive(room_id, recordings=4, films=2)
    for number, one in enumerate([*archive["recording"], *archive["transcoded"]]):
        file = await server.download(one["url"], folder / f"{number}.file")
        assert decoding_errors(file) == ""
        if number >= 4:
            assert float(probe(file)["format"]["duration"]) > least
            assert max(later - earlier for earlier, later in pairwise(watch(file).times)) < 0.1


async def test_films_of_a_killed_server_are_made_after_the_restart(tmp_path: Path, browser: Browser) -> None:
    async with running_server(tmp_path, recorders="1") as server:
        room_id, red, green = await meet(server, browser)
        await record(server, red, SECONDS, files=2)
        before = server.recordings()
        await red.page.evaluate("meeting.room.startRecord()")
        await server.recorded(SECONDS, 2, beside=before)
        # The film of the first segment is being made, or waits; the second is being recorded.
        ports = await server.kill()
        # Or they would come back by themselves.
        await red.close()
        await green.close()
    async with running_server(tmp_path, ports, recorders="1") as server:
        await check_archive(server, room_id, tmp_path, SECONDS - 0.5)


async def test_a_full_disk_ends_the_recording_but_neither_the_meeting_nor_what_was_recorded(
    tmp_path: Path, browser: Browser
) -> None:
    async with running_server(tmp_path, recorders="1") as server:
        room_id, red, green = await meet(server, browser)
        await record(server, red, SECONDS, files=2)
        (recorder,) = server.recorders()
        # No right to mount a small disk is needed for this, and to the recorder it is the same.
        unlimited = resource.prlimit(recorder, resource.RLIMIT_FSIZE, (ROOM, resource.RLIM_INFINITY))
        await red.page.evaluate("meeting.room.startRecord()")
        for one in (red, green):
            await one.happened("room-record-failed")
            (failed,) = await one.events("room-record-failed")
            assert failed["reason"] == "storage-full"
        for one, other in ((red, green), (green, red)):
            seen = (await one.video())["decoded"]
            await eventually(
                one.page, f"meeting.video().then(({{decoded}}) => decoded > {seen + 20})", "the meeting goes on"
            )
            assert await one.people() == {other.name: other.name}
        resource.prlimit(recorder, resource.RLIMIT_FSIZE, unlimited)
        assert server.recorders() == [recorder]
        for one in (red, green):
            await one.leave()
        await check_archive(server, room_id, tmp_path, 0.5)
