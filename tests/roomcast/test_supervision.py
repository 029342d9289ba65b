"""Child processes: restarted, stopped, never left behind."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from roomcast import supervision
from roomcast.supervision import Backoff, ChildCommand, keep_running
from tests.support.processes import is_running

REPOSITORY = Path(__file__).parents[2]
# Appends its process id to a file, then waits to be ended.
CHILD = """
import os, pathlib, signal, sys, time
from roomcast.parent import end_with_parent
end_with_parent(os.environ)
if "stubborn" in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open(sys.argv[1], "a") as file: file.write(f"{os.getpid()}\\n")
time.sleep(600)
"""
PARENT = """
import asyncio, sys
from roomcast.supervision import ChildCommand, keep_running
asyncio.run(keep_running(ChildCommand("child", sys.argv[1:], {})))
"""


def child(file: Path, *arguments: str) -> ChildCommand:
    return ChildCommand("child", [sys.executable, "-c", CHILD, str(file), *arguments], {"PYTHONPATH": str(REPOSITORY)})


def pids(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().splitlines()] if file.exists() else []


async def until(condition: Callable[[], bool]) -> None:
    """Wait; the time-out of pytest is the limit."""
    while not condition():
        await asyncio.sleep(0.02)


@asynccontextmanager
async def kept_running(command: ChildCommand, died: Callable[[], None] = lambda: None) -> AsyncIterator[None]:
    task = asyncio.create_task(keep_running(command, died))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def test_the_wait_doubles_up_to_a_limit_and_starts_anew_after_a_healthy_run() -> None:
    backoff = Backoff()
    assert [backoff.delay(0.0) for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert [backoff.delay(60.0), backoff.delay(0.0)] == [0.5, 1]


async def test_a_child_that_dies_is_started_again(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    async with kept_running(child(file)):
        await until(lambda: len(pids(file)) == 1)
        os.kill(pids(file)[0], signal.SIGKILL)
        await until(lambda: len(pids(file)) == 2)
        assert is_running(pids(file)[1])


async def test_who_wants_to_know_of_a_death_is_told_and_their_faults_end_nothing(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context["exception"]))
    async with kept_running(child(file), lambda: 1 / 0):  # type: ignore[arg-type, return-value]  # as any callback
        await until(lambda: len(pids(file)) == 1)
        os.kill(pids(file)[0], signal.SIGKILL)
        await until(lambda: len(pids(file)) == 2)
    assert [type(fault) for fault in faults] == [ZeroDivisionError]


async def test_the_child_is_gone_when_keeping_it_running_ends(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    async with kept_running(child(file)):
        await until(lambda: len(pids(file)) == 1)
    assert not is_running(pids(file)[0])


async def test_a_child_that_does_not_stop_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "_STOP_TIMEOUT", 0.2)
    file = tmp_path / "pids"
    async with kept_running(child(file, "stubborn")):
        await until(lambda: len(pids(file)) == 1)
    assert not is_running(pids(file)[0])


async def test_a_program_that_is_not_there_does_not_end_the_supervision() -> None:
    task = asyncio.create_task(keep_running(ChildCommand("child", ["/nowhere/at-all"], {})))
    await asyncio.sleep(0.2)
    assert not task.done()
    task.cancel()


async def test_the_child_does_not_outlive_a_parent_that_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, *child(file).arguments, cwd=REPOSITORY, start_new_session=True
    )
    await until(lambda: len(pids(file)) == 1)
    (pid,) = pids(file)
    parent.kill()
    await parent.wait()
    await until(lambda: not is_running(pid))


async def test_a_child_whose_parent_died_before_it_could_look_ends_at_once() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "roomcast", "--version", env={**os.environ, "ROOMCAST_PARENT": "1"}, cwd=REPOSITORY
    )
    assert await process.wait() == 1
