"""How a process of media node or recorder ends."""

import asyncio
import signal
from collections.abc import Sequence


async def until_stopped(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait for SIGINT or SIGTERM, or for a task to fail, which is a bug, raised here, and ends the process."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    waiting = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    for task in done - {waiting}:
        task.result()
