"""The start of a recorder: from the options of roomcast to those of `recorder`."""

import socket

import recorder.main
from recorder.composite.errors import CompositeError
from recorder.composite.stamps import watermark
from recorder.options import RecorderOptions, default_capacity
from recorder.storage import ArchiveStorage, StorageError
from recorder.web_view.browser import find_browser
from recorder.web_view.errors import WebViewError
from recorder.work_folder import WorkFolderError
from roomcast.config import ConfigError, Options
from roomcast.data_folder import ARCHIVE_FOLDER, DataFolder


def run(options: Options, recorder_id: str | None) -> None:
    """Run a recorder until it is told to stop. Raises ConfigError for options that cannot be used."""
    if not options.link_url:
        raise ConfigError(
            "link_url: say where signalling is, for example ROOMCAST_LINK_URL=wss://meet.example.com/link"
        )
    check(options)
    try:
        recorder.main.run(recorder_options(options, recorder_id or socket.gethostname()))
    except WorkFolderError as error:
        raise ConfigError(f"recorder_dir: {error}") from error
    except CompositeError as error:
        raise ConfigError(f"recorder_encoder: {error}") from error


def check(options: Options) -> None:
    """Raises ConfigError for what a recorder that is started as a child could say in the log only."""
    try:
        if options.watermark is not None:
            watermark(options.watermark)
        if options.archive_url:
            ArchiveStorage(options.archive_url).close()
        find_browser(options.recorder_browser)
    except CompositeError as error:
        raise ConfigError(f"watermark: {error}") from error
    except StorageError as error:
        raise ConfigError(f"archive_url: {error}") from error
    except WebViewError as error:
        raise ConfigError(f"recorder_browser: {error}") from error


def recorder_options(options: Options, recorder_id: str) -> RecorderOptions:
    """What the recorder needs to know. Raises ConfigError when there is no secret to show to signalling."""
    return RecorderOptions(
        link_url=options.link_url.rstrip("/") + "/recorder",
        link_secret=options.link_secret.get_secret_value() or DataFolder(options.data_dir).existing_link_secret(),
        recorder_id=recorder_id,
        zone=options.zone,
        folder=options.recordings,
        archive_url=options.archive_url or f"file://{options.data_dir.absolute() / ARCHIVE_FOLDER}",
        capacity=options.recorder_capacity or default_capacity(),
        composites=options.recorder_composites,
        min_free_bytes=options.recorder_min_free_bytes,
        encoder=options.recorder_encoder,
        watermark=options.watermark.absolute() if options.watermark else None,
        browser=options.recorder_browser,
        web_hosts=options.recording_web_hosts,
    )
