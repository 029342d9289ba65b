"""The operator's page: what is left of meetings, played, read, downloaded and deleted."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import av
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from signalling.archive import LocalStorage
from signalling.journal.entries import Happened
from signalling.static import find_static_dirs
from signalling.store import ArchiveFile
from tests.browser.guest import House
from tests.support import chromium
from tests.support.journal import end, join, leave
from tests.support.page import eventually
from tests.support.recordings import Track, write_file
from tests.support.server import running_server
from tests.support.signalling import CREDENTIALS, Signalling, running_signalling

NOW = 1_800_000_000.0
CONF_NUM = "CONF-100001"
RED, GREEN = (200, 30, 30), (30, 160, 60)
LONG = Track(20.0, colours=(RED, GREEN), codec="libx264")
SHORT = Track(2.0)
MEDIA = {
    "whole.mp4": ("transcoded", "video/mp4", LONG),
    "two.webm": ("transcoded", "video/webm", SHORT),
    "c1-1.mkv": ("recording", "video/x-matroska", SHORT),
}
# The colour in the middle of the picture that is shown.
COLOUR = """(video) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 32, height: 18 });
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0, 32, 18);
  return [...context.getImageData(16, 9, 1, 1).data].slice(0, 3);
}"""
SEEK = """(video) => new Promise((resolve) => {
  video.onseeked = () => resolve(video.currentTime);
  video.currentTime = 15;
})"""


def media_file(folder: Path, name: str, track: Track) -> bytes:
    """What a recorder would leave, in the container that the name says."""
    source = write_file(folder / f"{name}.source", track)
    if name.endswith(".mkv"):
        return source.read_bytes()
    with av.open(str(source)) as given, av.open(str(folder / name), "w") as made:
        streams = {stream.index: made.add_stream_from_template(stream) for stream in given.streams}
        for packet in given.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                made.mux(packet)
    return (folder / name).read_bytes()


async def meeting_with_files(server: Signalling, folder: Path) -> None:
    """A meeting of Ann and Bob in which one wrote, three files of it, and its end, which makes the documents."""
    room = await server.store.rooms.create(CREDENTIALS.app_id, "Weekly <b>review</b>", "owner", now=NOW)
    conf_num = await server.store.sessions.open(room.room_id, NOW)
    assert conf_num == CONF_NUM
    storage = LocalStorage(folder / "archive")
    for number, (name, (kind, content_type, track)) in enumerate(MEDIA.items()):
        stored = await storage.put(f"{conf_num}/{name}", media_file(folder, name, track), NOW)
        file_id = f"{number:032x}"
        await server.store.archive_files.keep(
            ArchiveFile(
                file_id,
                conf_num,
                kind,
                name,
                stored.location,
                content_type,
                stored.size,
                stored.sha256,
                NOW,  # type: ignore[arg-type]  # a kind
            )
        )
    for client_id, name in (("c1", "Ann"), ("c2", "Bob")):
        await join(server.store, conf_num, client_id, NOW, name=name)
    said = {"text": "See https://example.org/agenda", "to": None}
    await server.store.chronicle.keep(
        [
            Happened(
                conf_num=conf_num, at=NOW + 5, event_id="e1", name="message-received", client_id="c1", details=said
            ),
            Happened(conf_num=conf_num, at=NOW + 9, event_id="e2", name="room-locked", client_id="c1", details={}),
        ]
    )
    for client_id in ("c1", "c2"):
        await leave(server.store, conf_num, client_id, NOW + 2700)
    await end(server.store, conf_num, NOW + 2700)


@pytest_asyncio.fixture(loop_scope="session")
async def archived(tmp_path: Path) -> AsyncIterator[Signalling]:
    """A server that finds at its start that a session has ended of which there are no documents yet."""
    async with running_signalling(tmp_path) as before:
        await meeting_with_files(before, tmp_path)
    async with running_signalling(
        tmp_path, archive_dir=tmp_path / "archive", static_dirs=find_static_dirs()
    ) as running:
        yield running


class Operator:
    """Somebody in front of the page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.troubles: list[str] = []
        self.parts: list[int] = []
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", lambda message: self.troubles.append(message.text) if message.type == "error" else None)
        page.on(
            "response", lambda response: self.parts.append(response.status) if "signature=" in response.url else None
        )

    async def sign_in(self, app_key: str = CREDENTIALS.app_key, app_id: str = CREDENTIALS.app_id) -> None:
        await self.page.get_by_label("App id").fill(app_id)
        await self.page.get_by_label("App key").fill(app_key)
        await self.page.get_by_role("button", name="Show recordings").click()

    def session(self) -> Locator:
        return self.page.get_by_role("article", name="Weekly <b>review</b>")

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).click()

    async def plays(self) -> Locator:
        """The video, once it moves."""
        video = self.page.locator("video")
        await expect(video).to_be_visible()
        await eventually(self.page, "document.querySelector('video')?.currentTime > 0.3", "a film that plays")
        return video


@pytest_asyncio.fixture(loop_scope="session")
async def operator(archived: Signalling, browser: Browser) -> AsyncIterator[Operator]:
    operator = Operator(await chromium.open_page(browser, f"{archived.url}/recordings"))
    yield operator
    assert operator.troubles == []


async def test_recordings_are_played_from_any_place_read_downloaded_and_deleted(
    operator: Operator, tmp_path: Path
) -> None:
    await operator.sign_in()
    await expect(operator.session()).to_contain_text(f"45 min · {CONF_NUM}")
    await expect(operator.session().get_by_role("listitem")).to_have_count(5)
    await plays_and_seeks(operator)
    await reads(operator)
    async with operator.page.expect_download() as waiting:
        await operator.press("Download c1-1.mkv")
    download = await waiting.value
    assert download.suggested_filename == "c1-1.mkv"
    assert Path(await download.path()).read_bytes() == (tmp_path / "archive" / CONF_NUM / "c1-1.mkv").read_bytes()
    await deletes(operator, tmp_path / "archive" / CONF_NUM)


async def plays_and_seeks(operator: Operator) -> None:
    await operator.press("Play whole.mp4")
    video = await operator.plays()
    await video.evaluate("(video) => video.pause()")
    red = await video.evaluate(COLOUR)
    assert await video.evaluate(SEEK) == 15
    green = await video.evaluate(COLOUR)
    assert red[0] > 150 > red[1]
    assert green[1] > 120 > green[0]
    # The index stands at the end of an MP4, so playing at once needs parts of the file.
    assert set(operator.parts) == {206}
    for name in ("two.webm", "c1-1.mkv"):
        await operator.press(f"Play {name}")
        await operator.plays()
    await operator.press("Play c1-1.mkv")
    await expect(operator.page.locator("video")).to_have_count(0)


async def reads(operator: Operator) -> None:
    dialog = operator.page.get_by_role("dialog")
    await operator.press("Read chat.json")
    await expect(dialog.get_by_role("link", name="https://example.org/agenda")).to_be_visible()
    await expect(dialog).to_contain_text("Ann")
    await operator.page.keyboard.press("Escape")
    await operator.press("Read session-meta.json")
    await expect(dialog).to_contain_text("2 participants")
    await expect(dialog).to_contain_text("Ann: locked the room")
    await operator.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()


async def deletes(operator: Operator, folder: Path) -> None:
    question = operator.page.get_by_role("alertdialog")
    await operator.press("Delete two.webm")
    await question.get_by_role("button", name="Cancel").click()
    assert (folder / "two.webm").exists()
    await operator.press("Delete two.webm")
    await question.get_by_role("button", name="Delete").click()
    await expect(operator.session().get_by_role("listitem")).to_have_count(4)
    assert not (folder / "two.webm").exists()
    await operator.page.get_by_role("button", name="Delete all files of").click()
    await question.get_by_role("button", name="Delete all").click()
    await expect(operator.page.get_by_role("heading", name="Nothing here yet")).to_be_visible()
    assert not folder.exists()


async def test_the_key_is_asked_for_once_and_forgotten_at_the_end(operator: Operator) -> None:
    await operator.sign_in("wrong")
    await expect(operator.page.get_by_role("alert")).to_contain_text("not the id and the key")
    await expect(operator.page.get_by_label("App key")).to_be_focused()
    # What the browser says of the refusal itself.
    operator.troubles.clear()
    await operator.sign_in()
    await expect(operator.session()).to_be_visible()
    await operator.page.reload()
    await expect(operator.session()).to_be_visible()
    await operator.press("Sign out")
    await operator.page.reload()
    await expect(operator.page.get_by_label("App id")).to_be_focused()
    assert await operator.page.evaluate("sessionStorage.length + localStorage.length") == 0


async def test_a_link_that_has_expired_is_replaced_where_one_was(operator: Operator) -> None:
    await operator.sign_in()
    await operator.press("Play two.webm")
    video = await operator.plays()
    await video.evaluate("(video) => { video.src = video.src.replace('signature=', 'signature=x'); }")
    await operator.plays()
    assert 403 in operator.parts
    # What the browser says of the refusal itself.
    operator.troubles.clear()


async def test_a_file_that_no_browser_plays_can_still_be_downloaded(operator: Operator, tmp_path: Path) -> None:
    (tmp_path / "archive" / CONF_NUM / "two.webm").write_bytes(b"not a film")
    await operator.sign_in()
    await operator.press("Play two.webm")
    await expect(operator.page.get_by_role("alert").filter(has_text="Download it")).to_be_visible()


async def test_a_meeting_that_was_recorded_is_there_to_be_played(tmp_path: Path, browser: Browser) -> None:
    async with running_server(tmp_path, recorders="1") as server:
        await server.wait_for_recorder()
        await record_and_watch(House(server, browser))


async def record_and_watch(house: House) -> None:
    ann, ben = await house.meeting_of("Ann", "Ben")
    await ben.sees("Ann")
    await ann.page.keyboard.press("p")
    await ann.page.get_by_role("button", name="Start recording").click()
    await expect(ben.page.locator("#state-recording")).to_be_visible()
    await house.server.recorded(2.0, 2)
    await ann.page.get_by_role("button", name="Stop recording").click()
    await expect(ben.page.locator("#state-recording")).to_be_hidden()
    for guest in (ann, ben):
        await guest.page.close()
    operator = Operator(await chromium.open_page(house.browser, f"{house.server.url}/recordings"))
    credentials = json.loads((house.server.data_dir / "credentials.json").read_text())
    await operator.sign_in(**credentials)
    film = operator.page.get_by_role("listitem").filter(has_text="The whole meeting").filter(has_text=".mp4")
    async with asyncio.timeout(120):
        while not await film.count():
            await operator.press("Refresh")
            await asyncio.sleep(1)
    await expect(operator.page.get_by_role("listitem").filter(has_text="One participant")).to_have_count(2)
    await film.get_by_role("button", name="Play").click()
    await operator.plays()
    assert operator.troubles == []
