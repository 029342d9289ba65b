"""Live recordings as the recorder has them: processes that make films of a real tap, and what becomes of these."""

import asyncio
import os
import resource
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from recorder.composing import Composing
from recorder.delivery import Workshop
from recorder.jobs import Jobs
from recorder.live import live_recording
from recorder.live.finishing import finished_film
from recorder.live.live_recording import LiveRecording
from recorder.live.messages import FILM, FRAGMENTS, LiveOrder
from recorder.storage import ArchiveStorage
from recorder.work_folder import WorkFolder
from sfu.recording_messages import (
    LIVE_WEIGHT,
    FileKnown,
    FileStored,
    Person,
    PutSegment,
    RecorderMessage,
    SegmentFailed,
)
from tests.support.films import probe, watch
from tests.support.live import Someone, heard, live_segment
from tests.support.processes import command_line, descendants
from tests.support.recorder_signalling import ADA, finish_segment, put_people, put_segment, put_stage
from tests.support.tap_port import TapPort, tap_port

PATIENCE = 60.0


class Recorder:
    """Jobs with a folder and an archive, and all that signalling was told."""

    def __init__(self, folder: Path, capacity: int) -> None:
        self.folder = folder
        self.told: list[RecorderMessage] = []
        self.work = WorkFolder(folder / "work")
        self.storage = ArchiveStorage(str(folder / "archive"))
        workshop = Workshop(self.storage, Composing(1), "libx264", None, self.told.append, lambda: True)
        self.jobs = Jobs(self.work, workshop, capacity=capacity, min_free_bytes=0)

    def order(self, command) -> str | None:
        return self.jobs.obey(command).error

    def all(self, kind: type) -> list:
        return [message for message in self.told if isinstance(message, kind)]

    def files(self, name: str) -> list[Path]:
        return list(self.work.path.glob(f"*/{name}"))

    async def stored(self) -> Path:
        """The film in the archive, as soon as it was told of."""
        await until(lambda: self.all(FileStored))
        return self.folder / "archive" / self.all(FileStored)[0].location

    async def growing(self) -> None:
        """Wait until a second of the tap's sound is in the film on the disk."""

        await until(lambda: any(heard(path) > 1.0 for path in self.files(FRAGMENTS)))


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.05)


@asynccontextmanager
async def recorder(folder: Path, capacity: int = 8) -> AsyncIterator[Recorder]:
    running = Recorder(folder, capacity)
    try:
        yield running
    finally:
        await running.jobs.close()
        running.storage.close()
        running.work.close()
        assert not children()


def children() -> list[int]:
    return [pid for pid in descendants(os.getpid()) if b"recorder.live" in command_line(pid)]


def live(tap: TapPort, **changes: object) -> PutSegment:
    return put_segment(tap.target, kind="live", **changes)


async def test_a_live_segment_is_a_film_in_the_archive_soon_after_its_end(tmp_path: Path) -> None:
    async with tap_port() as tap, recorder(tmp_path) as it:
        assert it.order(live(tap)) is None
        assert it.order(live(tap)) is None, "said twice it does no harm"
        assert it.order(put_people({"ada": ADA, "bob": Person(name="Bob", role="participant")})) is None
        assert it.order(put_stage("ada")) is None
        await it.growing()
        assert it.order(finish_segment()) is None
        assert it.order(finish_segment()) is None
        film = await it.stored()
        [told] = it.all(FileStored)
        assert (told.kind, told.name, told.content_type) == ("live", "live-segment-1.mp4", "video/mp4")
        found = probe(film)
        assert (found["video"]["width"], found["video"]["height"]) == (640, 360)
        assert (found["video"]["r_frame_rate"], found["video"]["codec_name"]) == ("25/1", "h264")
        assert found["audio"]["codec_name"] == "aac"
        content = film.read_bytes()
        assert content.index(b"moov") < content.index(b"mdat") and b"moof" not in content, "its index is in front"
        watched = watch(film)
        assert watched.level(440.0, watched.times[-1] - 0.5, watched.times[-1]) > 0.1
        it.order(FileKnown(request_id=1, file_id=told.file_id))
        await until(lambda: not list(it.work.path.glob("CONF-*")))
        assert not it.all(SegmentFailed)


async def test_a_process_that_dies_early_is_told_and_its_film_is_delivered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_recording, "MIN_LIFE", 3600.0)  # of a slow machine, too
    async with tap_port() as tap, recorder(tmp_path) as it:
        it.order(live(tap))
        await it.growing()
        os.kill(children()[0], signal.SIGKILL)
        film = await it.stored()
        assert [failed.reason for failed in it.all(SegmentFailed)] == ["internal-error"]
        assert watch(film).times[-1] > 0.4
        assert it.jobs.recording == ()


async def test_a_death_amid_a_recording_that_went_well_is_an_interruption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_recording, "MIN_LIFE", 0.1)
    async with tap_port() as tap, recorder(tmp_path) as it:
        it.order(live(tap))
        await it.growing()
        os.kill(children()[0], signal.SIGKILL)
        await until(lambda: it.all(SegmentFailed))
        assert [failed.reason for failed in it.all(SegmentFailed)] == ["interrupted"]


async def test_an_endless_line_of_a_library_does_not_end_a_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program"
    ended = '{"type": "ended", "counters": {"odd": 1}}'
    program.write_text(f"#!/bin/sh\nhead -c 300000 /dev/zero | tr '\\0' x\necho\necho '{ended}'\n")
    program.chmod(0o700)
    monkeypatch.setattr(live_recording.sys, "executable", str(program))
    failures: list[str] = []
    async with tap_port() as tap:
        order = LiveOrder(folder=tmp_path, encoder="libx264", began_at=0.0, segment=live(tap))
        recording = LiveRecording(order, clock=lambda: 1.0, failed=lambda _, message: failures.append(message))
        async with asyncio.timeout(PATIENCE):
            await recording.ended()
    assert (recording.counters(), failures) == ({"odd": 1}, [])


async def test_a_film_that_was_cut_off_with_its_recorder_is_delivered_at_the_next_start(tmp_path: Path) -> None:
    async with tap_port() as tap:
        async with recorder(tmp_path) as it:
            it.order(live(tap))
            await it.growing()
            [folder] = [path.parent for path in it.files(FRAGMENTS)]
            kept = {path.name: path.read_bytes() for path in folder.iterdir()}
        for path in folder.iterdir():
            path.unlink()
        for name, content in kept.items():
            # The last fragment is cut in two.
            (folder / name).write_bytes(content[:-100] if name == FRAGMENTS else content)
        async with recorder(tmp_path) as it:
            it.jobs.resume()
            film = await it.stored()
            assert it.all(FileStored)[0].kind == "live"
            assert watch(film).times[-1] > 0.4


async def test_a_recorder_that_stops_completes_the_film_first(tmp_path: Path) -> None:
    async with tap_port() as tap, recorder(tmp_path) as it:
        it.order(live(tap))
        await it.growing()
    [fragments] = it.files(FRAGMENTS)
    assert watch(fragments).times[-1] > 0.4


async def test_a_full_disk_fails_the_segment_and_its_film_is_delivered(tmp_path: Path) -> None:
    async with tap_port() as tap, recorder(tmp_path) as it:
        it.order(live(tap))
        await it.growing()
        size = it.files(FRAGMENTS)[0].stat().st_size + 1000
        resource.prlimit(children()[0], resource.RLIMIT_FSIZE, (size, size))
        film = await it.stored()
        assert [failed.reason for failed in it.all(SegmentFailed)] == ["disk-full"]
        assert watch(film).times[-1] > 0.4


async def test_a_film_that_cannot_get_its_index_is_delivered_in_fragments(tmp_path: Path) -> None:
    ada = Someone("ada", 0)
    with live_segment(tmp_path) as segment:
        ada.join(segment)
        segment.finish(1.0)
    # In the way of the file with the index.
    (tmp_path / f".{FILM}.part").mkdir()
    assert await finished_film(tmp_path) == FRAGMENTS
    assert watch(tmp_path / FRAGMENTS).times[-1] == 0.96
    (tmp_path / f".{FILM}.part").rmdir()
    assert await finished_film(tmp_path) == FILM
    assert await finished_film(tmp_path) == FILM, "it is there"
    assert [path.name for path in tmp_path.iterdir()] == [FILM]


async def test_live_segments_count_for_several_and_one_is_always_taken(tmp_path: Path) -> None:
    async with tap_port() as tap, recorder(tmp_path, LIVE_WEIGHT) as it:
        assert it.order(put_segment(tap.target, segment_id="1", composite=False)) is None
        assert it.order(live(tap, segment_id="2")) == "overloaded"
        assert it.order(finish_segment("1")) is None
        assert it.order(live(tap, segment_id="2")) is None
        assert it.order(put_segment(tap.target, segment_id="3")) == "overloaded"


async def test_a_page_as_layout_needs_a_browser(tmp_path: Path) -> None:
    async with tap_port() as tap, recorder(tmp_path) as it:
        assert it.order(live(tap, web_view={"url": "https://example.com/"})) == "no-browser"
        assert it.jobs.recording == ()
