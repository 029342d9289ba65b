"""A real `roomcast recorder` in a process of its own."""

import asyncio
import os
import re
import sys
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support.probing import seconds_written
from tests.support.process_log import logged
from tests.support.recorder_signalling import PATIENCE, SECRET, ScriptedSignalling

REPOSITORY = Path(__file__).parents[2]
STOP_TIMEOUT = 60.0


@dataclass
class RecorderProcess:
    process: Process
    folder: Path

    @property
    def work(self) -> Path:
        return self.folder / "data" / "recordings"

    @property
    def archive(self) -> Path:
        return self.folder / "data" / "archive"

    def segments(self) -> list[Path]:
        """The folders of segments that are not delivered."""
        return [path for path in self.work.iterdir() if path.is_dir()] if self.work.exists() else []

    async def kill(self) -> None:
        """As a crash would."""
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        with suppress(ProcessLookupError):
            self.process.terminate()
        async with asyncio.timeout(STOP_TIMEOUT):
            return await self.process.wait()

    async def recorded(self, seconds: float, files: int = 1) -> None:
        """Wait until so many files of segments that are not delivered hold so much each."""
        async with asyncio.timeout(PATIENCE):
            while sum(seconds_written(file) >= seconds for file in self.work.glob("*/*.mkv")) < files:
                await asyncio.sleep(0.05)

    def log(self) -> str:
        """What was logged so far. Of a process that runs, `logged` waits for what is to come."""
        return (self.folder / "recorder.log").read_text()

    async def logged(self, pattern: str) -> re.Match[str]:
        return await logged(self.folder / "recorder.log", pattern)


@asynccontextmanager
async def recorder_process(
    folder: Path, signalling: ScriptedSignalling, **options: str
) -> AsyncIterator[RecorderProcess]:
    """`options` become ROOMCAST_* variables."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ROOMCAST_")}
    environment |= {
        "PYTHONPATH": str(REPOSITORY),
        "ROOMCAST_DATA_DIR": str(folder / "data"),
        "ROOMCAST_LINK_URL": signalling.url.removesuffix("/recorder"),
        "ROOMCAST_LINK_SECRET": SECRET,
        "ROOMCAST_RECORDER_MIN_FREE_BYTES": "0",
        **{f"ROOMCAST_{name.upper()}": value for name, value in options.items()},
    }
    with (folder / "recorder.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "roomcast", "recorder", "--recorder-id", "r1",
            stdin=DEVNULL, stdout=log, stderr=STDOUT, env=environment, cwd=folder,
        )  # fmt: skip
    recorder = RecorderProcess(process, folder)
    try:
        yield recorder
    except BaseException:
        print(recorder.log())
        raise
    finally:
        if process.returncode is None:
            await recorder.stop()
