"""That a meeting is recorded is seen by everybody, and moderators start and stop it. The recorder only remembers."""

import asyncio
import os
import re
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from signalling.domain.recording import RecordingFailed
from signalling.domain.room import Role, Room
from signalling.live.session import LiveSession
from signalling.static import find_static_dirs
from tests.browser.guest import Guest
from tests.support import chromium
from tests.support.recording import RememberingRecorder
from tests.support.server import COMMAND
from tests.support.signalling import SECRET, Signalling, running_signalling


class Meeting:
    """A room of a server whose inside the test can reach."""

    def __init__(self, server: Signalling, room: Room, browser: Browser) -> None:
        self.server = server
        self.room = room
        self.browser = browser

    async def guest(self, name: str, role: Role = "participant") -> Guest:
        token = self.server.token(self.room, name, role)
        url = f"{self.server.url}/room/{self.room.room_id}#token={token}"
        guest = Guest(await chromium.open_page(self.browser, url), name)
        await guest.join()
        return guest

    @property
    def session(self) -> LiveSession:
        session = self.server.sessions.find(self.room.room_id)
        assert session is not None
        return session

    def link_recorder(self) -> None:
        self.session.recording = RememberingRecorder()
        self.server.sessions.recorders_changed(True)


@asynccontextmanager
async def media_node(server: Signalling) -> AsyncIterator[None]:
    """A media node in a process of its own, without which nobody joins."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ROOMCAST_")} | {
        "ROOMCAST_LINK_URL": f"{server.url.replace('http', 'ws')}/link",
        "ROOMCAST_LINK_SECRET": SECRET,
        "ROOMCAST_MEDIA_PORT": "0",
        "ROOMCAST_MEDIA_HOST": "127.0.0.1",
    }
    process = await asyncio.create_subprocess_exec(
        COMMAND, "media-node", env=environment, stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        async with aiohttp.ClientSession() as session, asyncio.timeout(60):
            while (await session.get(f"{server.url}/health")).status != 200:
                await asyncio.sleep(0.1)
        yield
    finally:
        process.terminate()
        await process.wait()


@pytest_asyncio.fixture(loop_scope="session")
async def meeting(tmp_path: Path, browser: Browser) -> AsyncIterator[Meeting]:
    async with running_signalling(tmp_path, static_dirs=find_static_dirs()) as server, media_node(server):
        yield Meeting(server, await server.room(), browser)


def dot(guest: Guest) -> Locator:
    return guest.page.locator("#state-recording")


def told(guest: Guest, text: str) -> Locator:
    """Both shown and spoken by screen readers."""
    return guest.page.locator("#announcements").get_by_text(text)


async def test_everybody_sees_that_the_meeting_is_recorded_and_who_started_it(meeting: Meeting) -> None:
    ann, ben = await meeting.guest("Ann", "moderator"), await meeting.guest("Ben")
    controls = ann.page.get_by_role("group", name="For the whole room")
    await ann.page.keyboard.press("p")
    await controls.get_by_role("button", name="Start recording").click()
    await expect(told(ann, "Nothing can be recorded now. No recorder is running on the server.")).to_be_attached()
    meeting.link_recorder()
    await controls.get_by_role("button", name="Start recording").click()
    for guest in (ann, ben):
        await expect(dot(guest)).to_be_visible()
        await expect(dot(guest)).to_have_text("Recording")
    await expect(told(ben, "Ann started the recording.")).to_be_attached()
    await expect(dot(ben)).to_have_attribute("title", re.compile("Ann started it"))
    await expect(ben.page.get_by_role("button", name="Stop recording")).to_have_count(0)
    cleo = await meeting.guest("Cleo")
    await expect(dot(cleo)).to_be_visible()
    await expect(told(cleo, "This meeting is being recorded.")).to_be_attached()

    await controls.get_by_role("button", name="Start live recording").click()
    await controls.get_by_role("button", name="Stop recording").click()
    await expect(told(ben, "Ann stopped the recording. The other recording goes on.")).to_be_attached()
    await expect(dot(ben)).to_be_visible()
    await controls.get_by_role("button", name="Stop live recording").click()
    for guest in (ann, ben, cleo):
        await expect(dot(guest)).to_be_hidden()


async def test_a_recording_that_breaks_off_is_told_with_what_to_do(meeting: Meeting) -> None:
    ann, ben = await meeting.guest("Ann", "moderator"), await meeting.guest("Ben")
    meeting.link_recorder()
    await ann.page.keyboard.press("p")
    await ann.page.get_by_role("button", name="Start recording").click()
    await expect(dot(ben)).to_be_visible()
    meeting.session.apply(RecordingFailed("individual", 1, "storage-full", "The disk is full."))
    await expect(told(ann, "Recording has stopped. There is no room left")).to_contain_text("Start it again")
    await expect(told(ben, "Recording has stopped. There is no room left")).to_contain_text("The meeting goes on")
    await expect(dot(ben)).to_be_hidden()
    await expect(ann.page.get_by_role("button", name="Start recording")).to_be_visible()
