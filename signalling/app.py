"""The HTTP application of signalling: everything that it serves, mounted."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import structlog
from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from signalling import static
from signalling.api import enablex, file_links, local
from signalling.archive import REMOVAL_PERIOD, Archivist, FileLinks, LocalStorage, Removal, Storage, open_storage
from signalling.clock import Clock
from signalling.credentials import Credentials
from signalling.journal import Journal, JournalFile
from signalling.links import Links
from signalling.live.session import Surroundings
from signalling.live.sessions import LiveSessions
from signalling.metrics import Metrics, RecorderCollector
from signalling.nodes import Nodes
from signalling.not_found import describe_missing
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

log = structlog.get_logger()

LIVE_SESSIONS = web.AppKey("live_sessions", LiveSessions)
RECORDING = web.AppKey("recording", RecordingService)


def create_app(
    settings: SignallingSettings, store: Store, issuer: TokenIssuer, credentials: Credentials
) -> web.Application:
    """The application: /ws, /link, /link/recorder, /metrics, /health, the public key, the REST APIs, the pages.

    The store stays open when the application ends; whoever opened it closes it. Raises JournalBusyError, StorageError
    for an `archive_url` that cannot be used, and OSError when the journal's file cannot be used.
    """
    clock = Clock()
    journal = Journal(store.chronicle.keep, JournalFile(settings.journal_file) if settings.journal_file else None)
    nodes = Nodes()
    metrics = Metrics(nodes.linked)
    storage = _storage(settings)
    archivist = Archivist(store, storage, journal, clock.wall, settings.archive_days) if storage else None
    removal = Repeated(Removal(store, storage, clock.wall).remove_due, REMOVAL_PERIOD) if storage else None
    files = FileKeeper(store.archive_files, clock.wall, settings.archive_days)
    recording = _recording(settings, nodes, clock, files, metrics)
    sessions = LiveSessions(
        Surroundings(store, journal, clock, nodes, settings.resume_grace, recording),
        session_ended=archivist.wake if archivist else None,
    )
    recording.changed = sessions.recorders_changed
    links = Links(
        settings.link_secret, nodes, sessions, reply_timeout=settings.link_timeout, node_grace=settings.node_grace
    )
    sender = WebhookSender(
        store.webhooks,
        settings.webhook_secret.encode(),
        clock,
        lambda outcome: metrics.webhooks.labels(outcome).inc(),
    )
    resume_tokens = ResumeTokens(issuer.derive_key("resume tokens"))
    endpoint = WebSocketEndpoint(Services(sessions, issuer, resume_tokens, settings, clock.wall()), metrics, clock)

    proxies = settings.proxy_networks()
    links_to_files = FileLinks(issuer.derive_key("links to files"))
    backend = enablex.Backend(
        store,
        issuer,
        credentials,
        sessions,
        links_to_files,
        storage,
        settings.dial_in,
        proxies,
        clock.wall,
        recording.composites.of,
    )

    async def jwks(request: web.Request) -> web.Response:
        return web.json_response(issuer.jwks(), headers={"Access-Control-Allow-Origin": "*"})

    async def run(app: web.Application) -> AsyncIterator[None]:
        await journal.start()
        left_open = await store.sessions.close_left_open()
        if left_open:
            log.warning("sessions left open by a crash are closed", conf_nums=left_open)
        sign_of_life = Repeated(partial(_show_life, sessions), settings.sign_of_life)
        sign_of_life.start()
        sender.start()
        files.start()
        if removal is not None:
            removal.start()
        if archivist is not None:
            archivist.start()
        yield
        await sign_of_life.stop()
        await journal.close()
        if archivist is not None:
            await archivist.stop()
        await sender.stop()
        await files.stop()
        if removal is not None:
            await removal.stop()

    async def stop(app: web.Application) -> None:
        sessions.end_all()
        endpoint.close()
        await asyncio.gather(links.close(), recording.close())

    app = web.Application(middlewares=[describe_missing])
    app[LIVE_SESSIONS] = sessions
    app[RECORDING] = recording
    app.cleanup_ctx.append(run)
    app.on_shutdown.append(stop)
    app.add_routes(
        [
            web.get("/ws", endpoint.serve),
            web.get("/link", links.serve),
            web.get("/link/recorder", recording.links.serve),
            *_operator_routes(nodes, sessions, metrics),
            web.get("/.well-known/jwks.json", jwks),
            *enablex.routes(backend),
        ]
    )
    if storage is not None:
        app.add_routes(file_links.routes(store, storage, links_to_files, credentials.app_id, clock.wall))
    if settings.local_mode:
        app.add_routes(local.routes(store, issuer, credentials, sessions, proxies=proxies))
    if settings.static_dirs:
        app.add_routes(static.routes(settings.static_dirs, local_mode=settings.local_mode))
    return app


def _recording(
    settings: SignallingSettings, nodes: Nodes, clock: Clock, files: FileKeeper, metrics: Metrics
) -> RecordingService:
    recording = RecordingService(
        settings.link_secret,
        nodes,
        clock,
        files,
        reply_timeout=settings.link_timeout,
        recorder_grace=settings.recorder_grace,
        recorder_patience=settings.recorder_patience,
        count=lambda outcome: metrics.segments.labels(outcome).inc(),
    )
    metrics.registry.register(RecorderCollector(recording.recorders))
    return recording


def _storage(settings: SignallingSettings) -> Storage | None:
    if settings.archive_url:
        return open_storage(settings.archive_url)
    return LocalStorage(settings.archive_dir) if settings.archive_dir else None


def _operator_routes(nodes: Nodes, sessions: LiveSessions, metrics: Metrics) -> list[web.RouteDef]:
    """What monitoring asks for."""

    async def health(request: web.Request) -> web.Response:
        linked = len(nodes.linked())
        status = "ok" if linked else "no media node"
        return web.json_response({"status": status, "media_nodes": linked}, status=200 if linked else 503)

    async def show_metrics(request: web.Request) -> web.Response:
        metrics.sessions.set(len(sessions.all()))
        metrics.participants.set(sum(len(session.members) for session in sessions.all()))
        metrics.media_nodes.set(len(nodes.linked()))
        return web.Response(body=metrics.text(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    return [web.get("/health", health), web.get("/metrics", show_metrics)]


async def _show_life(sessions: LiveSessions) -> None:
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
