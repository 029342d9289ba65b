"""`roomcast serve`: signalling in this process, media nodes and recorders as children."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import structlog
import uvloop
from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from roomcast.config import PREFIX, ConfigError, Options
from roomcast.data_folder import ARCHIVE_FOLDER, JOURNAL_FILE, DataFolder
from roomcast.listening import listening
from roomcast.supervision import ChildCommand, keep_running
from signalling.app import LINKS, create_app
from signalling.archive import StorageError
from signalling.credentials import Credentials
from signalling.dial_in import DialIn, DialInNumber
from signalling.journal import JournalBusyError
from signalling.settings import SignallingSettings
from signalling.static import StaticDirError, find_static_dirs
from signalling.store import Store, StoreError
from signalling.tokens import TokenIssuer

_TIDY_PERIOD = 600.0
_LAST_PORT = 65535

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Started:
    """What to tell the operator. `new_credentials` are there at the first start only, to be shown this once."""

    url: str
    local_mode: bool
    data_dir: Path
    new_credentials: Credentials | None


def run(options: Options, config_file: Path | None, announce: Callable[[Started], None]) -> None:
    """Serve until SIGINT or SIGTERM. Calls `announce` when the server answers.

    Raises ConfigError for options that cannot be used, a taken port and an unreachable database included.
    """
    processes = options.media_process_count
    for name, port in (("media_port", options.media_port), ("tap_port", options.tap_port)):
        if port and port + processes - 1 > _LAST_PORT:
            raise ConfigError(
                f"{name}, media_processes: {processes} ports from {port} on go beyond {_LAST_PORT}: set "
                f"{PREFIX}{name.upper()} to a smaller one"
            )
    if options.recorders and (options.watermark or options.archive_url):
        from roomcast import recorder  # loads FFmpeg, which a server without either need not

        recorder.check(options)
    # Whatever is written from here on, the database included, is for the server's user alone.
    os.umask(0o077)
    uvloop.run(_serve(options, config_file, announce))


async def _serve(options: Options, config_file: Path | None, announce: Callable[[Started], None]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    folder = DataFolder(options.data_dir)
    folder.create()
    credentials, made = folder.credentials()
    secret = options.link_secret.get_secret_value() or folder.link_secret()
    async with _open_store(options) as store:
        app = _create_app(_settings(options, secret, folder), store, folder.token_issuer(), credentials)
        async with listening(app, options) as entrance, asyncio.TaskGroup() as group:
            _log.info("signalling-started", url=entrance.url, local_mode=options.is_local)
            announce(Started(entrance.url, options.is_local, options.data_dir, credentials if made else None))
            link = _Link(entrance.link_url, secret)
            works = [_tidy(store)]
            for index in range(options.media_process_count):
                command = _media_node(index, options, config_file, link)
                works.append(keep_running(command, partial(app[LINKS].died, command.name)))
            works += [keep_running(_recorder(index, options, config_file, link)) for index in range(options.recorders)]
            beside = [group.create_task(work) for work in works]
            await stop.wait()
            _log.info("signalling-stops")
            # Participants are told before their media ends.
            await entrance.runner.cleanup()
            for task in beside:
                task.cancel()


def _create_app(
    settings: SignallingSettings, store: Store, issuer: TokenIssuer, credentials: Credentials
) -> web.Application:
    try:
        return create_app(settings, store, issuer, credentials)
    except JournalBusyError as error:
        raise ConfigError(f"data_dir: {error}") from error
    except StorageError as error:
        raise ConfigError(f"archive_url: {error}") from error
    except OSError as error:
        raise ConfigError(f"data_dir: the journal {settings.journal_file} cannot be used: {error.strerror}") from error


@asynccontextmanager
async def _open_store(options: Options) -> AsyncIterator[Store]:
    try:
        store = await Store.open(options.database, options.webhook_urls)
    except StoreError as error:
        raise ConfigError(f"database_url: {error}") from error
    except (SQLAlchemyError, OSError) as error:
        # Without the URL, which may hold a password.
        raise ConfigError(f"database_url: the database cannot be opened: {getattr(error, 'orig', error)}") from error
    try:
        yield store
    finally:
        await store.close()


async def _tidy(store: Store) -> None:
    while True:
        try:
            await store.tidy(time.time())
        except (SQLAlchemyError, OSError, ValueError) as error:
            # A room that this version cannot read (ValueError) is no reason to end the server either.
            _log.warning("tidying-failed", error=str(error), again_in_seconds=_TIDY_PERIOD)
        await asyncio.sleep(_TIDY_PERIOD)


def _settings(options: Options, link_secret: str, folder: DataFolder) -> SignallingSettings:
    return SignallingSettings(
        link_secret=link_secret,
        local_mode=options.is_local,
        resume_grace=options.resume_grace,
        max_message_bytes=options.max_message_bytes,
        messages_per_second=options.messages_per_second,
        message_burst=options.message_burst,
        sockets_per_address=options.sockets_per_address,
        trusted_proxies=options.trusted_proxies,
        recording_web_hosts=options.recording_web_hosts,
        webhook_secret=options.webhook_secret.get_secret_value() or folder.webhook_secret(),
        journal_file=folder.path / JOURNAL_FILE,
        archive_dir=folder.path / ARCHIVE_FOLDER,
        archive_url=options.archive_url,
        archive_days=options.archive_days,
        dial_in=_dial_in(options),
        static_dirs=_static_dirs(),
    )


def _dial_in(options: Options) -> DialIn:
    return DialIn(
        server_url=options.sip_server_url,
        username=options.sip_username,
        password=options.sip_password.get_secret_value(),
        signalling_servers=options.sip_signalling_servers,
        media_servers=options.sip_media_servers,
        numbers=tuple(
            DialInNumber(one.country, one.country_code, one.phone, one.toll) for one in options.dialin_numbers
        ),
    )


def _static_dirs() -> dict[str, Path]:
    try:
        return find_static_dirs()
    except StaticDirError as error:
        raise ConfigError(f"this installation is not complete: {error}") from error


@dataclass(frozen=True, slots=True)
class _Link:
    """How children get in. The secret goes by the environment, which others cannot see."""

    url: str
    secret: str = field(repr=False)

    @property
    def environment(self) -> dict[str, str]:
        return {PREFIX + "LINK_URL": self.url, PREFIX + "LINK_SECRET": self.secret}


def _media_node(index: int, options: Options, config_file: Path | None, link: _Link) -> ChildCommand:
    """The command of the media process of that index."""
    node_id = f"{socket.gethostname()}-{index}"
    ports = {
        PREFIX + "MEDIA_PORT": str(options.media_port + index if options.media_port else 0),
        PREFIX + "TAP_PORT": str(options.tap_port + index if options.tap_port else 0),
    }
    return ChildCommand(
        name=node_id,
        arguments=_arguments(config_file, "media-node", "--node-id", node_id),
        environment=link.environment | ports,
    )


def _recorder(index: int, options: Options, config_file: Path | None, link: _Link) -> ChildCommand:
    """The command of the recorder of that index. Its folder is not named by the host, whose name may change."""
    recorder_id = f"{socket.gethostname()}-recorder-{index}"
    folder = {PREFIX + "RECORDER_DIR": str(options.recordings / str(index))}
    return ChildCommand(
        name=recorder_id,
        arguments=_arguments(config_file, "recorder", "--recorder-id", recorder_id),
        environment=link.environment | folder,
    )


def _arguments(config_file: Path | None, *command: str) -> list[str]:
    file = ["--config", str(config_file)] if config_file else []
    return [sys.executable, "-m", "roomcast", *file, *command]
