"""Many things at once, of which either all succeed or none goes on; and what goes on beside something else."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

T = TypeVar("T")


async def all_of(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """What each gives, in order. The first that fails ends the others, and is raised."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


@asynccontextmanager
async def at_work(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Each goes on beside what is done here, and is ended with it. What ends one of them before ends this at once, and
    is raised: figures of people who come and go mean nothing when nobody has come any more."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in work]
            yield
            for task in tasks:
                task.cancel()
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
