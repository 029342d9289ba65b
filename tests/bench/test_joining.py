"""Work that goes on beside a measurement."""

import asyncio

import pytest

from bench.joining import at_work


async def fails() -> None:
    raise OSError("nobody comes any more")


async def goes_on() -> None:
    await asyncio.Event().wait()


async def test_work_that_fails_ends_what_is_done_beside_it_at_once_and_the_other_work_too() -> None:
    others = []

    async def other() -> None:
        others.append(asyncio.current_task())
        await goes_on()

    with pytest.raises(OSError, match="nobody comes any more"):
        async with asyncio.timeout(60), at_work(other(), fails()):
            await goes_on()
    assert [task.done() for task in others] == [True]


async def test_work_is_ended_with_what_is_done_beside_it() -> None:
    began = asyncio.Event()

    async def work() -> None:
        began.set()
        await goes_on()

    async with asyncio.timeout(60), at_work(work()):
        await began.wait()


async def test_a_failure_beside_the_work_is_raised_as_it_is() -> None:
    with pytest.raises(KeyError):
        async with at_work(goes_on()):
            raise KeyError
