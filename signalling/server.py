"""Everything that signalling consists of, put together, started and stopped."""

import asyncio
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError

from signalling.archive import REMOVAL_PERIOD, Archivist, LocalStorage, Removal, Storage, open_storage
from signalling.clock import Clock
from signalling.journal import Journal, JournalFile
from signalling.links import Links
from signalling.live.session import Surroundings
from signalling.live.sessions import LiveSessions
from signalling.metrics import Metrics, RecorderCollector
from signalling.nodes import Nodes
from signalling.recording.files import FileKeeper
from signalling.recording.service import RecordingService
from signalling.repeated import Repeated
from signalling.resume_tokens import ResumeTokens
from signalling.settings import SignallingSettings
from signalling.store import Store
from signalling.tokens import TokenIssuer
from signalling.webhooks.sender import WebhookSender
from signalling.ws.client import Services
from signalling.ws.endpoint import WebSocketEndpoint

RETURN_TIME = 300.0
"""Seconds after the start in which those may come back whose sessions the end of the process before interrupted."""

log = structlog.get_logger()


class SignallingServer:
    """The parts of one server. The store stays open when it stops; whoever opened it closes it."""

    def __init__(self, settings: SignallingSettings, store: Store, issuer: TokenIssuer) -> None:
        """Raises JournalBusyError, StorageError for an `archive_url` that cannot be used, and OSError when the
        journal's file cannot be used."""
        self.clock = Clock()
        self.journal = Journal(store.chronicle.keep, _journal_file(settings))
        self.nodes = Nodes()
        self.metrics = Metrics(self.nodes.linked)
        self.storage = _storage(settings)
        self.archivist: Archivist | None = None
        self.removal: Repeated | None = None
        if self.storage is not None:
            self.archivist = Archivist(store, self.storage, self.journal, self.clock.wall, settings.archive_days)
            removal = Removal(store, self.storage, self.clock.wall)
            self.removal = Repeated(removal.remove_due, REMOVAL_PERIOD)
        self.files = FileKeeper(store.archive_files, self.clock.wall, settings.archive_days)
        self.recording = self._recording(settings)
        self.sessions = LiveSessions(
            Surroundings(store, self.journal, self.clock, self.nodes, settings.resume_grace, self.recording),
            session_ended=self.archivist.wake if self.archivist else None,
        )
        self.recording.changed = self.sessions.recorders_changed
        self.links = Links(
            settings.link_secret,
            self.nodes,
            self.sessions,
            reply_timeout=settings.link_timeout,
            node_grace=settings.node_grace,
        )
        self.endpoint = self._endpoint(settings, issuer)
        self._store = store
        self._sender = WebhookSender(
            store.webhooks,
            settings.webhook_secret.encode(),
            self.clock,
            lambda outcome: self.metrics.webhooks.labels(outcome).inc(),
        )
        self._sign_of_life = Repeated(partial(show_life, self.sessions), settings.sign_of_life)

    async def start(self) -> None:
        """Make good what a crash left, then work beside the sessions."""
        await self.journal.start()
        left_open = await self._store.sessions.close_left_open()
        if left_open:
            log.warning("sessions left open by a crash are closed", conf_nums=left_open)
        now = self.clock.wall()
        self.sessions.returnable_until = now + RETURN_TIME
        await self._store.sessions.await_return(now, until=now + RETURN_TIME)
        for part in (self._sign_of_life, self._sender, self.files, self.removal, self.archivist):
            if part is not None:
                part.start()

    async def interrupt_sessions(self) -> None:
        """Tell everybody, and close all connections."""
        self.sessions.interrupt_all()
        self.endpoint.close()
        await asyncio.gather(self.links.close(), self.recording.close())

    async def stop(self) -> None:
        """Store what has happened, make what is to be made of it, and end the work beside the sessions."""
        await self._sign_of_life.stop()
        await self.journal.close()
        for part in (self.archivist, self._sender, self.files, self.removal):
            if part is not None:
                await part.stop()

    def _recording(self, settings: SignallingSettings) -> RecordingService:
        recording = RecordingService(
            settings.link_secret,
            self.nodes,
            self.clock,
            self.files,
            reply_timeout=settings.link_timeout,
            recorder_grace=settings.recorder_grace,
            recorder_patience=settings.recorder_patience,
            count=lambda outcome: self.metrics.segments.labels(outcome).inc(),
        )
        self.metrics.registry.register(RecorderCollector(recording.recorders))
        return recording

    def _endpoint(self, settings: SignallingSettings, issuer: TokenIssuer) -> WebSocketEndpoint:
        resume_tokens = ResumeTokens(issuer.derive_key("resume tokens"))
        services = Services(self.sessions, issuer, resume_tokens, settings)
        return WebSocketEndpoint(services, self.metrics, self.clock)


def _journal_file(settings: SignallingSettings) -> JournalFile | None:
    return JournalFile(settings.journal_file) if settings.journal_file else None


def _storage(settings: SignallingSettings) -> Storage | None:
    if settings.archive_url:
        return open_storage(settings.archive_url)
    return LocalStorage(settings.archive_dir) if settings.archive_dir else None


async def show_life(sessions: LiveSessions) -> None:
    """Let the database know which sessions go on, and what was measured of their connections: after a crash, this is
    when they ended, and what their reports hold."""
    around = sessions.around
    conf_nums = [session.conf_num for session in sessions.all()]
    if not conf_nums:
        return
    for session in sessions.all():
        session.note_usage()
    try:
        await around.store.sessions.seen(conf_nums, around.clock.wall())
    except (SQLAlchemyError, OSError) as error:
        log.warning("could not note that sessions go on", error=str(error))
