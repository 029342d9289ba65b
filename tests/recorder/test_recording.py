"""A segment while it is recorded: what becomes of it when its tap breaks, moves, or is not to be had."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from recorder.recording import Recording
from recorder.segment import Segment
from recorder.timeline import FileBegan, PersonJoined, PersonLeft, SegmentEnded, SourceShown, read_timeline
from sfu.recording_messages import Person, PutSegment
from tests.support.media_peer import eventually
from tests.support.probing import probe, seconds_written
from tests.support.recorder_signalling import ADA, put_segment
from tests.support.tap_port import bye, tap_port

Told = list[tuple[str, str]]


@asynccontextmanager
async def recording(folder: Path, order: PutSegment, patience: float = 10.0) -> AsyncIterator[tuple[Recording, Told]]:
    told: Told = []
    running = Recording(
        order,
        Segment.begin(order, folder, now=time.monotonic(), unix=time.time()),
        clock=time.monotonic,
        failed=lambda reason, message: told.append((reason, message)),
        patience=patience,
    )
    try:
        yield running, told
    finally:
        running.finish()


def lines(folder: Path, kind: type) -> list:
    return [line for line in read_timeline(folder / "timeline.jsonl") if isinstance(line, kind)]


def shown(folder: Path) -> list[bool]:
    """How the camera was told to be shown and not to be, so far."""
    return [line.live for line in lines(folder, SourceShown) if line.source == "camera"]


def seconds(folder: Path) -> Callable[[], bool]:
    """Whether there is a second of media."""
    return lambda: any(path.stat().st_size > 12_000 for path in folder.glob("ada-*.mkv"))


async def test_a_tap_that_breaks_or_is_ended_is_dialled_again_and_the_file_goes_on(tmp_path: Path) -> None:
    async with tap_port() as tap, recording(tmp_path, put_segment(tap.target)) as (running, told):
        await eventually(seconds(tmp_path))
        tap.cut()
        await eventually(lambda: shown(tmp_path) == [True, False, True])
        await tap.say(bye())
        await eventually(lambda: shown(tmp_path) == [True, False, True, False, True])
        await eventually(lambda: seconds_written(tmp_path / "ada-1.mkv") > 1.5)
        running.finish()
        assert (tap.connections, told) == (3, [])
    assert [line.file for line in lines(tmp_path, FileBegan)] == ["ada-1.mkv"]
    assert lines(tmp_path, SegmentEnded)
    probed = probe(tmp_path / "ada-1.mkv")
    assert probed.duration > 1.5
    assert set(probed.streams) == {"audio", "video"}


async def test_another_target_is_moved_to_and_the_first_is_left(tmp_path: Path) -> None:
    async with tap_port() as first, tap_port() as second, recording(tmp_path, put_segment(first.target)) as (it, told):
        await eventually(lambda: first.connections == 1)
        it.put(put_segment(second.target))
        await eventually(lambda: second.connections == 1)
        it.put(put_segment(second.target))
        await asyncio.sleep(0.6)
        assert (first.connections, second.connections, told) == (1, 1, [])


async def test_a_tap_that_is_not_to_be_had_fails_the_segment_whose_files_stay_whole(tmp_path: Path) -> None:
    async with tap_port() as tap, recording(tmp_path, put_segment(tap.target), patience=1.0) as (_, told):
        await eventually(seconds(tmp_path))
        tap.refusing = True
        tap.cut()
        await eventually(lambda: told)
        assert [reason for reason, _ in told] == ["tap-lost"]
        assert "the token" not in told[0][1]
    assert lines(tmp_path, SegmentEnded)
    assert probe(tmp_path / "ada-1.mkv").packets["video"]


async def test_people_are_told_of_once_and_when_they_change(tmp_path: Path) -> None:
    async with tap_port() as tap, recording(tmp_path, put_segment(tap.target)) as (running, _):
        bob = Person(name="Bob", role="participant")
        running.put_people({"ada": ADA, "bob": bob})
        running.put_people({"bob": Person(name="Robert", role="participant")})
    assert [(line.client_id, line.name) for line in lines(tmp_path, PersonJoined)] == [
        ("ada", "Ada"),
        ("bob", "Bob"),
        ("bob", "Robert"),
    ]
    assert [line.client_id for line in lines(tmp_path, PersonLeft)] == ["ada"]


async def test_a_full_disk_ends_the_segment_and_is_said_once(tmp_path: Path, monkeypatch) -> None:
    async with tap_port() as tap, recording(tmp_path, put_segment(tap.target)) as (_, told):
        await eventually(seconds(tmp_path))

        def full(self, piece: bytes) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("recorder.append_file.AppendFile.append", full)
        await eventually(lambda: told)
        assert [reason for reason, _ in told] == ["disk-full"]
    assert sum(map(len, probe(tmp_path / "ada-1.mkv").packets.values())) > 10


async def test_a_fault_of_the_program_ends_this_segment_only(tmp_path: Path, monkeypatch) -> None:
    async with tap_port() as tap, recording(tmp_path, put_segment(tap.target)) as (_, told):
        await eventually(seconds(tmp_path))
        monkeypatch.setattr(Segment, "tick", lambda self, now: 1 / 0)
        await eventually(lambda: told)
        assert told == [("internal-error", "the recorder has a fault: ZeroDivisionError")]


async def test_a_keyframe_is_asked_for_as_long_as_there_is_nothing_to_show(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("recorder.recording.KEYFRAME_PERIOD", 0.1)
    monkeypatch.setattr(Segment, "keyframes_wanted", lambda self: ["camera"])
    async with tap_port() as tap, recording(tmp_path, put_segment(tap.target)):
        await eventually(lambda: len(tap.heard) > 1)
        assert tap.heard[0].endswith(b'{"type":"keyframe","track_id":"camera"}')
