"""Composites in processes of their own."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from recorder.compose_process import NICENESS, ComposeOrder
from recorder.composing import Composing, ComposingError
from tests.support.probing import probe
from tests.support.processes import command_line, descendants
from tests.support.recordings import Track, joined, write_file, write_timeline

HOUR = 3600.0


def segment(folder: Path, seconds: float) -> ComposeOrder:
    """Of so many seconds, of which somebody is to be seen for three at the most."""
    write_file(folder / "ada-1.mkv", Track(min(seconds, 3.0)))
    write_timeline(folder, joined("ada"), end=seconds)
    return ComposeOrder(folder=folder, output=folder / "composite.mp4", encoder="libx264")


def children() -> list[int]:
    return [pid for pid in descendants(os.getpid()) if b"recorder.compose_process" in command_line(pid)]


async def started(told: list[float]) -> int:
    """The process id, as soon as it is at work."""
    async with asyncio.timeout(60):
        while not told:
            await asyncio.sleep(0.02)
    return children()[0]


async def test_a_composite_is_made_in_a_process_that_steps_back(tmp_path: Path) -> None:
    composing, told, begun = Composing(1), [], []
    order = segment(tmp_path, 3.0)
    task = asyncio.create_task(composing.compose(order, lambda: begun.append(True), told.append))
    pid = await started(told)
    assert composing.unfinished == 1
    assert os.getpriority(os.PRIO_PROCESS, pid) == os.getpriority(os.PRIO_PROCESS, 0) + NICENESS
    made = await task
    assert (made.encoder, made.duration, made.left_out, begun) == ("libx264", 3.0, {}, [True])
    assert probe(order.output).duration == pytest.approx(3.0, abs=0.1)
    assert composing.unfinished == 0


async def test_cancelling_ends_the_process_and_leaves_no_half_film(tmp_path: Path) -> None:
    composing, told = Composing(1), []
    task = asyncio.create_task(composing.compose(segment(tmp_path, HOUR), lambda: None, told.append))
    pid = await started(told)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not Path(f"/proc/{pid}").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ada-1.mkv", "timeline.jsonl"]
    assert composing.unfinished == 0


async def test_a_process_that_is_killed_may_be_tried_again_and_shows_no_film(tmp_path: Path) -> None:
    composing, told = Composing(1), []
    task = asyncio.create_task(composing.compose(segment(tmp_path, HOUR), lambda: None, told.append))
    os.kill(await started(told), signal.SIGKILL)
    with pytest.raises(ComposingError, match="-9") as caught:
        await task
    assert caught.value.again
    assert not (tmp_path / "composite.mp4").exists()


async def test_what_cannot_be_made_is_refused_with_the_reason(tmp_path: Path) -> None:
    order = ComposeOrder(folder=tmp_path, output=tmp_path / "composite.mp4")
    with pytest.raises(ComposingError, match=r"timeline\.jsonl") as caught:
        await Composing(1).compose(order, lambda: None, lambda percent: None)
    assert not caught.value.again


async def test_one_waits_for_the_other(tmp_path: Path) -> None:
    composing, begun = Composing(1), []
    orders = [ComposeOrder(folder=tmp_path / name, output=tmp_path / f"{name}.mp4") for name in "ab"]
    tasks: list[asyncio.Task] = []

    def begin() -> None:
        begun.append(tasks[0].done())

    tasks += [asyncio.create_task(composing.compose(order, begin, lambda percent: None)) for order in orders]
    await asyncio.gather(*tasks, return_exceptions=True)
    assert begun == [False, True]


async def test_a_process_does_not_outlive_whoever_ordered(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "recorder.compose_process",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    process.stdin.write(segment(tmp_path, HOUR).model_dump_json().encode() + b"\n")
    await process.stdout.readline()
    process.stdin.close()
    async with asyncio.timeout(60):
        assert await process.wait() == 143
