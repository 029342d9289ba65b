"""What comes after a recording, with a storage and a link that fail as a test wants."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from recorder import delivery
from recorder.compose_process import ComposeSucceeded
from recorder.composing import ComposingError
from recorder.delivery import Delivery, Workshop
from recorder.errors import RecordingError
from recorder.job_file import Job, read_job
from recorder.storage import StorageError, Stored
from sfu.recording_messages import CompositeFailed, CompositeProgress, FileStored, RecorderMessage
from tests.support.media_peer import eventually


class Storage:
    """Fails the first `failures` times."""

    def __init__(self) -> None:
        self.failures = 0
        self.files: dict[str, bytes] = {}

    async def put(self, path: Path, location: str) -> Stored:
        if self.failures:
            self.failures -= 1
            raise StorageError("the archive is away")
        self.files[location] = path.read_bytes()
        return Stored(location, len(self.files[location]), "0" * 64)


class Composing:
    """Makes a film of one byte, after the errors that are in `errors`. `waiting` holds it until it is set."""

    def __init__(self) -> None:
        self.errors: list[ComposingError] = []
        self.orders = []
        self.waiting = asyncio.Event()
        self.waiting.set()

    async def compose(self, order, begin, progress) -> ComposeSucceeded:
        self.orders.append(order)
        begin()
        progress(50.0)
        await self.waiting.wait()
        if self.errors:
            raise self.errors.pop(0)
        order.output.write_bytes(b"f")
        return ComposeSucceeded(encoder="libx264", duration=1.0, left_out={})


class Bench:
    """`told` is what signalling was told; `up` whether there is a link."""

    def __init__(self, folder: Path, **job: object) -> None:
        self.folder = folder
        self.up = True
        self.told: list[RecorderMessage] = []
        self.storage, self.composing = Storage(), Composing()
        self.job = Job(segment_id="s", conf_num="CONF-1", segment=2, **job)
        folder.mkdir(exist_ok=True)
        (folder / "ada-1.mkv").write_bytes(b"ada")
        (folder / "empty-1.mkv").write_bytes(b"")

    def delivery(self, job: Job | None = None) -> Delivery:
        workshop = Workshop(
            storage=self.storage,
            composing=self.composing,
            encoder="libx264",
            watermark=Path("mark.png"),
            tell=lambda message: self.told.append(message) if self.up else None,
            linked=lambda: self.up,
        )
        return Delivery(self.folder, job or self.job, workshop)

    def all(self, kind: type) -> list:
        return [message for message in self.told if isinstance(message, kind)]


@asynccontextmanager
async def running(delivery: Delivery) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(delivery.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "FIRST_RETRY", 0.01)
    monkeypatch.setattr(delivery, "RETELL_PERIOD", 0.05)


async def test_everything_is_told_until_it_is_known_and_then_the_folder_is_gone(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "s", composite="wanted", watermark=True)
    one = bench.delivery()
    async with running(one) as task:
        await eventually(lambda: len(bench.all(FileStored)) > 4)
        assert {(each.kind, each.location) for each in bench.all(FileStored)} == {
            ("recording", "CONF-1/segment-2-ada-1.mkv"),
            ("transcoded", "CONF-1/segment-2.mp4"),
        }
        assert bench.all(CompositeProgress) == [CompositeProgress(conf_num="CONF-1", segment=2, percent=50.0)]
        assert bench.composing.orders[0].watermark == Path("mark.png")
        ids = {each.file_id for each in bench.all(FileStored)}
        assert len(ids) == 2, "the same id each time"
        one.note("another one")
        one.note(ids.pop())
        assert not task.done()
        one.note(ids.pop())
        await task
    assert not bench.folder.exists()
    assert bench.storage.files == {"CONF-1/segment-2-ada-1.mkv": b"ada", "CONF-1/segment-2.mp4": b"f"}


async def test_without_a_wish_for_it_no_composite_is_made_and_a_webm_is_one(tmp_path: Path) -> None:
    plain, webm = Bench(tmp_path / "1"), Bench(tmp_path / "2", composite="wanted", webm=True)
    async with running(plain.delivery()), running(webm.delivery()):
        await eventually(lambda: plain.all(FileStored) and len(webm.all(FileStored)) == 2)
    assert not plain.composing.orders
    film = next(each for each in webm.all(FileStored) if each.kind == "transcoded")
    assert (film.name, film.content_type) == ("segment-2.webm", "video/webm")
    assert webm.composing.orders[0].watermark is None


async def test_an_archive_that_is_away_is_tried_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "s")
    bench.storage.failures = 3
    async with running(bench.delivery()):
        await eventually(lambda: bench.all(FileStored))


async def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "s", composite="wanted")
    bench.composing.waiting.clear()
    bench.up = False
    async with running(bench.delivery()):
        await eventually(lambda: bench.storage.files and read_job(bench.folder).results[0].stored)
    assert read_job(bench.folder).attempts == 0, "a stop is no failed attempt"
    bench.up, bench.composing = True, Composing()
    bench.storage.files.clear()
    again = bench.delivery(read_job(bench.folder))
    assert [message.location for message in again.news()] == ["CONF-1/segment-2-ada-1.mkv"]
    async with running(again) as task:
        await eventually(lambda: len({each.file_id for each in bench.all(FileStored)}) == 2)
        for each in bench.all(FileStored):
            again.note(each.file_id)
        await task
    assert set(bench.storage.files) == {"CONF-1/segment-2.mp4"}, "what was stored is not stored again"


async def test_a_process_that_dies_gets_two_more_chances(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "s", composite="wanted")
    bench.composing.errors = [ComposingError("died", again=True)] * 2
    async with running(bench.delivery()):
        await eventually(lambda: any(each.kind == "transcoded" for each in bench.all(FileStored)))
    bench = Bench(tmp_path / "t", composite="wanted")
    bench.composing.errors = [ComposingError("died", again=True)] * 3
    async with running(bench.delivery()):
        await eventually(lambda: bench.all(CompositeFailed))


async def test_a_film_waits_for_room_on_the_disk(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "s", composite="wanted")
    bench.composing.errors = [ComposingError("no room", again=False, no_room=True)] * 5
    async with running(bench.delivery()):
        await eventually(lambda: any(each.kind == "transcoded" for each in bench.all(FileStored)))
    assert not bench.all(CompositeFailed)


async def test_without_a_composite_the_files_are_delivered_and_the_folder_stays(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "s", composite="wanted")
    bench.composing.errors = [ComposingError("bad timeline", again=False)]
    bench.up = False
    one = bench.delivery()
    async with running(one) as task:
        await eventually(lambda: one.job.failure)
        assert not bench.told
        news = one.news()
        assert CompositeFailed(conf_num="CONF-1", segment=2, message="bad timeline") in news
        await eventually(lambda: one.job.results[0].stored)
        one.note(one.job.results[0].file_id)
        await task
    assert read_job(bench.folder).phase == "kept"
    assert (bench.folder / "ada-1.mkv").exists()


async def test_of_a_segment_in_which_nobody_sent_anything_only_that_is_told(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "s", composite="wanted")
    (bench.folder / "ada-1.mkv").unlink()
    async with running(bench.delivery()) as task:
        await task
    assert [type(message) for message in bench.told] == [CompositeFailed]
    assert not bench.folder.exists()


async def test_a_file_that_somebody_deleted_does_not_hold_up_the_others(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "s")
    (bench.folder / "bob-1.mkv").write_bytes(b"bob")
    one = bench.delivery()
    (bench.folder / "ada-1.mkv").unlink()
    async with running(one) as task:
        await eventually(lambda: bench.all(FileStored))
        one.note(bench.all(FileStored)[0].file_id)
        await task
    assert set(bench.storage.files) == {"CONF-1/segment-2-bob-1.mkv"}


async def test_a_full_disk_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(tmp_path / "s")
    save, full = Job.save, [True]

    def saving(job: Job, folder: Path) -> None:
        if full[0]:
            raise RecordingError("disk-full", "no room")
        save(job, folder)

    monkeypatch.setattr(Job, "save", saving)
    async with running(bench.delivery()):
        await asyncio.sleep(0.05)
        assert not bench.told, "signalling is told only what a restart would know too"
        full[0] = False
        await eventually(lambda: bench.all(FileStored))
