"""Live recordings whose picture is a page, from the button to the file."""

import asyncio
from contextlib import suppress
from pathlib import Path

import av
from playwright.async_api import Browser

from recorder.layouts import Rect
from tests.browser.participant import Participant, chromium_participant
from tests.support import priorities
from tests.support.films import Watched, listen, probe, watch
from tests.support.processes import is_running
from tests.support.server import Server, running_server
from tests.support.web_site import DEADLINE, site

TONE = 660
EVERYTHING = Rect(0, 0, 1280, 720)
ORANGE = (255, 128, 0)
PAGE = """<body><script>
    document.body.style.background = roomcastLayout.layout.colour;
    setInterval(() => fetch("/shown"), 200);
</script>"""
START = """(url) => meeting.room.startLiveRecording({urlDetails: {url, layOut: {colour: "rgb(255, 128, 0)"}}})"""


async def moderator(server: Server, browser: Browser) -> tuple[str, Participant]:
    """Alone in a room, talking."""
    room = await server.create_room()
    red = await chromium_participant(server, browser, "red")
    await red.join(room.room_id, role="moderator", talking=True, tone=TONE)
    return room.room_id, red


async def heard_in_film_of(server: Server) -> None:
    """Wait until the tone is in the film that is being made: a busy machine takes its time to begin."""
    async with asyncio.timeout(DEADLINE):
        while True:
            for path in (server.data_dir / "recordings").rglob("live-fragments.mp4"):
                with suppress(av.FFmpegError):  # the last fragment is just being written
                    if path.stat().st_size and Watched([], [], listen(path)[-24_000:]).level(TONE, 0.0, 0.5) > 0.02:
                        return
            await asyncio.sleep(0.5)


async def test_the_picture_is_the_page_and_the_sound_is_the_meeting(browser: Browser, tmp_path: Path) -> None:
    priorities.renounce()
    async with (
        site(index=PAGE) as at,
        running_server(tmp_path, recorders="1", recording_web_hosts=at.host) as server,
    ):
        await server.wait_for_recorder()
        room_id, red = await moderator(server, browser)
        await red.page.evaluate(START, at.url)
        await red.happened("room-live-recording-on")
        await at.was_asked("/shown")
        await heard_in_film_of(server)
        await at.was_asked("/shown", len(at.asked) + 5)
        browsers = server.web_views()
        assert browsers
        await red.page.evaluate("meeting.room.stopLiveRecording()")
        await red.happened("room-live-recording-off")
        await red.leave()
        archive = await server.archive(room_id, recordings=0, films=1)
        file = await server.download(archive["transcoded"][0]["url"], tmp_path / "film.mp4")

        told = probe(file)
        assert (told["video"]["codec_name"], told["video"]["width"], told["video"]["height"]) == ("h264", 1280, 720)
        film = watch(file)
        end = film.times[-1]
        shown = film.colour(end - 0.1, EVERYTHING)
        assert all(abs(one - other) < 16 for one, other in zip(shown, ORANGE, strict=True))
        assert any(film.level(TONE, second, second + 0.5) > 0.02 for second in range(int(end)))
        assert not any(map(is_running, browsers))


async def test_without_a_browser_live_recording_fails_and_the_meeting_goes_on(browser: Browser, tmp_path: Path) -> None:
    async with (
        site(index=PAGE) as at,
        running_server(tmp_path, recorders="1", recording_web_hosts=at.host, recorder_browser="none") as server,
    ):
        await server.wait_for_recorder()
        room_id, red = await moderator(server, browser)
        await red.page.evaluate(START, at.url)
        await red.happened("room-live-recording-failed")
        (failed,) = await red.events("room-live-recording-failed")
        assert failed["reason"] == "layout-failed"
        blue = await chromium_participant(server, browser, "blue")
        await blue.join(room_id)
        await blue.sees(red)
        assert at.asked == []
