"""What comes after a recording: its files go to the archive, its composite is made, and then it is forgotten."""

import asyncio
import secrets
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from recorder.compose_process import ComposeOrder
from recorder.composing import Composing, ComposingError
from recorder.errors import RecordingError
from recorder.job_file import Job, JobResult, StoredFile
from recorder.live.finishing import finished_film
from recorder.storage import ArchiveStorage, StorageError
from sfu.recording_messages import CompositeFailed, CompositeProgress, RecordedKind, RecorderMessage

FIRST_RETRY = 1.0
LAST_RETRY = 300.0
"""Seconds between two attempts to write to the archive or the disk, doubled each time."""
RETELL_PERIOD = 30.0
"""Seconds until a file of which signalling has not taken note is told again."""
MAX_ATTEMPTS = 3
"""At a composite whose process dies, or takes the recorder with it."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Workshop:
    """What all deliveries share. `tell` sends to signalling, which is lost unless `linked`."""

    storage: ArchiveStorage
    composing: Composing
    encoder: str
    watermark: Path | None
    tell: Callable[[RecorderMessage], None]
    linked: Callable[[], bool]


class Delivery:
    """Of one segment that is over. All that was done stands in its job.json, so that it may break off anywhere."""

    def __init__(
        self, folder: Path, job: Job, workshop: Workshop, ended: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """`folder` holds files that are whole, or as a killed recorder left them. A live film is so when it has `ended`
        only."""
        self.job = job
        self._ended = ended
        self._folder = folder
        self._workshop = workshop
        self._noted = asyncio.Event()
        self._log = log.bind(conf_num=job.conf_num, segment=job.segment)
        job.phase = "over"
        listed = {result.file for result in job.results}
        for path in sorted(folder.glob("*.mkv")):
            if path.name not in listed and path.stat().st_size:
                self._add(path.name, f"segment-{job.segment}-{path.name}", "recording")
        if job.composite == "failed" and (folder / job.composite_file).exists():
            self._add_composite()
        if job.composite == "wanted" and not job.results:
            job.composite, job.failure = "failed", "nothing was recorded: nobody sent sound or pictures"

    def news(self) -> list[RecorderMessage]:
        """All that signalling has not taken note of. It takes none of CompositeFailed, which is among them once."""
        news: list[RecorderMessage] = []
        for result in self.job.results:
            told = self.job.told(result)
            if told is not None and not result.known:
                news.append(told)
        if self.job.failure:
            news.append(CompositeFailed(conf_num=self.job.conf_num, segment=self.job.segment, message=self.job.failure))
            self.job.failure = ""
            self._noted.set()
        return news

    def note(self, file_id: str) -> None:
        """Signalling knows the file, if it is one of these."""
        for result in self.job.results:
            if result.file_id == file_id:
                result.known = True
                self._noted.set()
                self._save()

    async def run(self) -> None:
        """Until signalling knows everything, and nothing is left of the segment here. Cancel it at any time."""
        if self.job.live and not self.job.results:
            await self._finish_live()
        await self._persist()
        async with asyncio.TaskGroup() as group:
            for result in self.job.results:
                if result.kind != "transcoded":
                    group.create_task(self._store(result))
            group.create_task(self._compose())
        while self.job.failure or not all(result.known for result in self.job.results):
            self._noted.clear()
            try:
                async with asyncio.timeout(RETELL_PERIOD):
                    await self._noted.wait()
            except TimeoutError:
                self._tell_news()
        await self._leave()

    async def _finish_live(self) -> None:
        if self._ended is not None:
            await self._ended()
        name = await finished_film(self._folder)
        if name is None:
            self._log.warning("a live recording has no film: it ended before it began")
        else:
            self._add(name, f"live-segment-{self.job.segment}.mp4", "live")

    async def _store(self, result: JobResult) -> None:
        if result.stored is not None:
            return
        path = self._folder / result.file
        delay = FIRST_RETRY
        while result.stored is None:
            if not path.exists():
                self._log.error("a recorded file is gone", file=str(path))
                self.job.results.remove(result)
                return
            try:
                stored = await self._workshop.storage.put(path, f"{self.job.conf_num}/{result.name}")
                result.stored = StoredFile(location=stored.location, size=stored.size, sha256=stored.sha256)
            except StorageError as error:
                self._log.warning("the archive did not take a file", file=result.name, error=str(error), again_in=delay)
                await asyncio.sleep(delay)
                delay = min(delay * 2, LAST_RETRY)
        await self._persist()
        self._log.info("file stored", location=result.stored.location, bytes=result.stored.size)
        told = self.job.told(result)
        if told is not None:
            self._workshop.tell(told)

    async def _compose(self) -> None:
        job = self.job
        order = ComposeOrder(
            folder=self._folder,
            output=self._folder / job.composite_file,
            encoder=self._workshop.encoder,
            watermark=self._workshop.watermark if job.watermark else None,
        )
        delay = FIRST_RETRY
        while job.composite == "wanted":
            try:
                made = await self._workshop.composing.compose(order, self._begin_attempt, self._progress)
            except ComposingError as error:
                self._log.error("no composite could be made", error=str(error), attempt=job.attempts)
                if error.no_room:
                    job.attempts -= 1
                    self._save()
                    await asyncio.sleep(delay)
                    delay = min(delay * 2, LAST_RETRY)
                elif not error.again or job.attempts >= MAX_ATTEMPTS:
                    job.composite, job.failure = "failed", str(error)
            except asyncio.CancelledError:
                # The recorder stops, which is no fault of the composite.
                job.attempts = max(0, job.attempts - 1)
                self._save()
                raise
            else:
                self._log.info("composite made", encoder=made.encoder, seconds=made.duration, left_out=made.left_out)
                self._add_composite()
        await self._persist()
        for result in [result for result in job.results if result.kind == "transcoded"]:
            await self._store(result)
        if job.failure:
            self._tell_news()

    def _begin_attempt(self) -> None:
        self.job.attempts += 1
        self._save()

    def _progress(self, percent: float) -> None:
        self._workshop.tell(CompositeProgress(conf_num=self.job.conf_num, segment=self.job.segment, percent=percent))

    def _tell_news(self) -> None:
        """At the next connect the link itself asks for them."""
        if self._workshop.linked():
            for news in self.news():
                self._workshop.tell(news)

    def _add_composite(self) -> None:
        self.job.composite = "made"
        extension = self.job.composite_file.rpartition(".")[2]
        self._add(self.job.composite_file, f"segment-{self.job.segment}.{extension}", "transcoded")

    def _add(self, file: str, name: str, kind: RecordedKind) -> None:
        self.job.results.append(JobResult(file_id=secrets.token_hex(16), file=file, name=name, kind=kind))

    async def _persist(self) -> None:
        """Wait until the disk has what was done: signalling must not be told otherwise after a restart."""
        delay = FIRST_RETRY
        while not self._save():
            await asyncio.sleep(delay)
            delay = min(delay * 2, LAST_RETRY)

    def _save(self) -> bool:
        try:
            self.job.save(self._folder)
        except RecordingError as error:
            self._log.error("the state of a segment could not be written", error=str(error))
            return False
        return True

    async def _leave(self) -> None:
        if self.job.composite == "failed" and self.job.results:
            # What is in the archive lacks the timeline: the folder is the only thing to try again with.
            self.job.phase = "kept"
            await self._persist()
            composite = self._folder / self.job.composite_file
            self._log.warning(
                "a segment without a composite is kept: make it by hand, then restart the recorder, which delivers it",
                command=f"roomcast compose {self._folder} --output {composite}",
            )
            return
        try:
            await asyncio.to_thread(shutil.rmtree, self._folder)
        except OSError as error:
            self._log.error("a delivered segment cannot be deleted", folder=str(self._folder), error=str(error))
