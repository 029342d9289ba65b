"""What three real Chromiums publish is what the files of the recording hold."""

import asyncio
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.async_api import Browser

from recorder.layouts import SIZES, arrange
from recorder.live.messages import FRAGMENTS
from tests.browser.participant import Participant, chromium_participant, colour_name, record
from tests.support.films import Watched, probe, watch
from tests.support.live import heard
from tests.support.server import Server

TONES = {"red": 440, "green": 660, "blue": 880}
SECONDS = 3
LIVE_SECONDS = 3


@pytest.fixture
def server(recording_server: Server) -> Server:
    return recording_server


async def meet(server: Server, browser: Browser) -> tuple[str, list[Participant]]:
    """A room with three who all see each other, and whose tones are to be told apart; the first is its moderator."""
    room = await server.create_room()
    people = [await chromium_participant(server, browser, name) for name in TONES]
    for one in people:
        role = "moderator" if one is people[0] else "participant"
        await one.join(room.room_id, role=role, talking=True, tone=TONES[one.name])
    for one in people:
        await one.sees(*(other for other in people if other is not one))
    return room.room_id, people


async def filmed(data_dir: Path, seconds: float) -> None:
    """Wait until the live film that is being made has so much sound: on slow machines it takes its time to begin."""
    async with asyncio.timeout(60):
        while not any(heard(path) > seconds for path in data_dir.glob(f"recordings/*/*/{FRAGMENTS}")):
            await asyncio.sleep(0.5)


def check_film(film: Watched, *names: str) -> None:
    """At some time each has the tile that the layout gives, in the right colour, and each is heard.

    On a busy machine one comes later than the other, and sound has gaps, after which a tone is out of step with itself.
    """
    rects = [tile.rect for tile in arrange([*names], [], [], SIZES["HD"])]
    moments = [index / 4 for index in range(int(4 * film.times[-1]))]
    shown = [{colour_name(list(film.colour(at, rect))) for rect in rects} for at in moments]
    assert {*names} in shown
    levels = {name: max(film.level(TONES[name], at, at + 0.25) for at in moments) for name in names}
    assert min(levels.values()) > 0.02, levels


async def test_a_recorded_session_becomes_files_of_everyone_and_one_film(
    server: Server, browser: Browser, tmp_path: Path
) -> None:
    room_id, (red, green, blue) = await meet(server, browser)
    asked = await record(server, red, SECONDS, files=3)
    for one in (red, green, blue):
        assert [kind for kind, _ in await one.page.evaluate("meeting.events")].count("room-record-on") == 1
        await one.happened("room-record-off")
        await one.leave()
    archive = await server.archive(room_id, recordings=3, films=1)

    for url in archive["recording"]:
        file = await server.download(url["url"], tmp_path / "one.mkv")
        told = probe(file)
        assert SECONDS <= float(told["format"]["duration"]) < asked
        assert told["audio"]["codec_name"] == "opus" and told["video"]["codec_name"] in ("vp8", "vp9", "h264", "av1")

    file = await server.download(archive["transcoded"][0]["url"], tmp_path / "film.mp4")
    told = probe(file)
    assert (told["video"]["codec_name"], told["video"]["width"], told["video"]["height"]) == ("h264", 1280, 720)
    assert told["video"]["avg_frame_rate"] == "25/1" and told["audio"]["codec_name"] == "aac"
    assert SECONDS <= float(told["format"]["duration"]) < asked
    film = watch(file)
    assert max(later - earlier for earlier, later in pairwise(film.times)) < 0.2
    check_film(film, *TONES)


async def test_a_live_recording_is_a_film_of_both_soon_after_it_was_stopped(
    server: Server, browser: Browser, tmp_path: Path, measured: Callable[[str], None]
) -> None:
    room = await server.create_room()
    red, green = [await chromium_participant(server, browser, name) for name in ("red", "green")]
    for one, role in ((red, "moderator"), (green, "participant")):
        await one.join(room.room_id, role=role, talking=True, tone=TONES[one.name])
    await red.sees(green)
    await green.sees(red)
    asked = time.monotonic()
    await red.page.evaluate("meeting.room.startLiveRecording()")
    for one in (red, green):
        await one.happened("room-live-recording-on")
    assert await green.page.evaluate("meeting.room.liveRecording")
    assert [event["startedBy"] for event in await green.events("room-live-recording-on")] == [red.client_id]
    await filmed(server.data_dir, LIVE_SECONDS)
    await red.page.evaluate("meeting.room.stopLiveRecording()")
    stopped = time.monotonic()
    for one in (red, green):
        await one.happened("room-live-recording-off")
    assert not await green.events("room-live-recording-failed")
    archive = await server.archive(room.room_id, recordings=0, films=1)
    measured(f"live recording: in the archive {time.monotonic() - stopped:.1f} s after it was stopped")

    file = await server.download(archive["transcoded"][0]["url"], tmp_path / "live.mp4")
    told = probe(file)
    assert (told["video"]["codec_name"], told["video"]["width"], told["video"]["height"]) == ("h264", 1280, 720)
    assert told["video"]["r_frame_rate"] == "25/1" and told["audio"]["codec_name"] == "aac"
    # The order to end takes a moment to the recorder.
    assert LIVE_SECONDS - 0.5 < float(told["format"]["duration"]) < stopped - asked + 2
    check_film(watch(file), "red", "green")


async def test_a_killed_recorder_costs_a_moment_and_the_session_goes_on_in_a_new_segment(
    server: Server, browser: Browser, tmp_path: Path
) -> None:
    room_id, (red, green, blue) = await meet(server, browser)
    before = server.recordings()
    await red.page.evaluate("meeting.room.startRecord()")
    await server.recorded(SECONDS, 3, beside=before)
    before |= server.recordings()
    server.kill_recorder()
    await server.recorded(SECONDS, 3, beside=before)
    await red.page.evaluate("meeting.room.stopRecord()")
    for one in (red, green, blue):
        await one.leave()
    archive = await server.archive(room_id, recordings=6, films=2)
    films = [
        await server.download(url["url"], tmp_path / f"{place}.mp4") for place, url in enumerate(archive["transcoded"])
    ]
    lengths = [float(probe(film)["format"]["duration"]) for film in films]
    # What was on the disk is not lost.
    assert min(lengths) > SECONDS - 0.5
    for film in films:
        check_film(watch(film), *TONES)
