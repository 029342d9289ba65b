"""The process of a recorder."""

import asyncio
import os
import time

import structlog
import uvloop
from pydantic import BaseModel, ValidationError

from recorder import encoders
from recorder.composing import Composing
from recorder.delivery import Workshop
from recorder.jobs import Jobs
from recorder.layouts import SIZES
from recorder.options import RecorderOptions
from recorder.storage import ArchiveStorage
from recorder.web_view.browser import Browser, find_browser
from recorder.work_folder import WorkFolder
from sfu.link import Link
from sfu.metrics import CpuMeter
from sfu.process import until_stopped
from sfu.recording_messages import (
    RECORDER_COMMANDS,
    RecorderCommand,
    RecorderHello,
    RecorderLoad,
    RecorderMessage,
    RecorderReply,
)

LOAD_PERIOD = 2.0

RecorderLink = Link[RecorderMessage, RecorderCommand]

log = structlog.get_logger()


def run(options: RecorderOptions) -> None:
    """Run a recorder until SIGINT or SIGTERM; what it has not delivered waits for the next start.

    Raises CompositeError for an encoder that does not work here, WebViewError for a browser that is none, StorageError,
    and WorkFolderError.
    """
    # Recordings are for the server's user alone.
    os.umask(0o077)
    encoder = encoders.choose(SIZES["HD"], options.encoder)
    browser = find_browser(options.browser)
    storage = ArchiveStorage(options.archive_url)
    folder = WorkFolder(options.folder)
    try:
        uvloop.run(serve(options, encoder.name, browser, storage, folder))
    finally:
        storage.close()
        folder.close()


async def serve(
    options: RecorderOptions, encoder: str, browser: Browser | None, storage: ArchiveStorage, folder: WorkFolder
) -> None:
    composing = Composing(options.composites)
    workshop = Workshop(
        storage=storage,
        composing=composing,
        encoder=encoder,
        watermark=options.watermark,
        tell=lambda message: link.send(message),
        linked=lambda: link.up,
    )
    jobs = Jobs(
        folder,
        workshop,
        capacity=options.capacity,
        min_free_bytes=options.min_free_bytes,
        browser=browser,
        web_hosts=options.web_hosts,
    )

    def hello() -> RecorderHello:
        return RecorderHello(
            recorder_id=options.recorder_id,
            zone=options.zone,
            capacity=options.capacity,
            encoder=encoder,
            web_views=browser is not None,
            segments=jobs.recording,
        )

    link = RecorderLink(
        options.link_url,
        options.link_secret,
        commands=RECORDER_COMMANDS,
        hello=hello,
        state=jobs.state,
        obey=jobs.obey,
        refuse=refusal,
    )
    log.info("recorder started", encoder=encoder, capacity=options.capacity, folder=str(options.folder))
    jobs.resume()
    tasks = [asyncio.create_task(link.run()), asyncio.create_task(_report(link, jobs, composing, folder))]
    try:
        await until_stopped(tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await jobs.close()


class _Numbered(BaseModel):
    request_id: int


def refusal(text: str, error: ValidationError) -> RecorderReply | None:
    """The answer to a malformed command; None when it does not even have a number that could be answered."""
    try:
        number = _Numbered.model_validate_json(text).request_id
    except ValidationError:
        return None
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))
    return RecorderReply(request_id=number, error="invalid", detail=f"{where}: {first['msg']}")


async def _report(link: RecorderLink, jobs: Jobs, composing: Composing, folder: WorkFolder) -> None:
    meter = CpuMeter(time.monotonic())
    while True:
        await asyncio.sleep(LOAD_PERIOD)
        try:
            free = folder.free_bytes()
        except OSError as error:
            log.error("the recorder's folder is gone", error=str(error))
            free = 0
        link.send(
            RecorderLoad(
                segments=len(jobs.recording),
                composites_waiting=composing.unfinished,
                cpu=meter.read(time.monotonic()) + jobs.cpu,
                free_bytes=free,
                counters=jobs.counters(),
            )
        )
