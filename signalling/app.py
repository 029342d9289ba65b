"""The HTTP application of signalling: everything that it serves, mounted."""

import asyncio
from collections.abc import AsyncIterator

import structlog
from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from signalling import static
from signalling.api import enablex, file_links, local
from signalling.archive import Archivist, FileLinks, LocalStorage, Removal, Storage, open_storage
from signalling.clock import Clock
from signalling.credentials import Credentials
from signalling.journal import Journal, JournalFile
from signalling.links import Links
from signalling.live.session import Surroundings
from signalling.live.sessions import LiveSessions
from signalling.metrics import Metrics
from signalling.nodes import Nodes
from signalling.not_found import describe_missing
from signalling.resume_tokens import ResumeTokens
from signalling.settings import SignallingSettings
from signalling.store import Store
from signalling.tokens import TokenIssuer
from signalling.webhooks.sender import WebhookSender
from signalling.ws.client import Services
from signalling.ws.endpoint import WebSocketEndpoint

log = structlog.get_logger()

LIVE_SESSIONS = web.AppKey("live_sessions", LiveSessions)


def create_app(
    settings: SignallingSettings, store: Store, issuer: TokenIssuer, credentials: Credentials
) -> web.Application:
    """The application: /ws, /link, /metrics, /health, the public key, the REST APIs, the pages.

    The store stays open when the application ends; whoever opened it closes it. Raises JournalBusyError, StorageError
    for an `archive_url` that cannot be used, and OSError when the journal's file cannot be used.
    """
    clock = Clock()
    journal = Journal(store.chronicle.keep, JournalFile(settings.journal_file) if settings.journal_file else None)
    nodes = Nodes()
    metrics = Metrics(nodes.linked)
    storage = _storage(settings)
    archivist = Archivist(store, storage, journal, clock.wall, settings.archive_days) if storage else None
    sessions = LiveSessions(
        Surroundings(store, journal, clock, nodes, settings.resume_grace),
        session_ended=archivist.wake if archivist else None,
    )
    links = Links(
        settings.link_secret, nodes, sessions, reply_timeout=settings.link_timeout, node_grace=settings.node_grace
    )
    resume_tokens = ResumeTokens(issuer.derive_key("resume tokens"))
    endpoint = WebSocketEndpoint(Services(sessions, issuer, resume_tokens, settings, clock.wall()), metrics, clock)

    proxies = settings.proxy_networks()
    links_to_files = FileLinks(issuer.derive_key("links to files"))
    backend = enablex.Backend(
        store, issuer, credentials, sessions, links_to_files, storage, settings.dial_in, proxies, clock.wall
    )

    async def jwks(request: web.Request) -> web.Response:
        return web.json_response(issuer.jwks(), headers={"Access-Control-Allow-Origin": "*"})

    async def run(app: web.Application) -> AsyncIterator[None]:
        await journal.start()
        left_open = await store.sessions.close_left_open()
        if left_open:
            log.warning("sessions left open by a crash are closed", conf_nums=left_open)
        sender = WebhookSender(
            store.webhooks,
            settings.webhook_secret.encode(),
            clock,
            lambda outcome: metrics.webhooks.labels(outcome).inc(),
        )
        beside = [
            asyncio.create_task(_show_life(sessions, settings.sign_of_life)),
            asyncio.create_task(sender.run()),
        ]
        if storage is not None:
            beside.append(asyncio.create_task(Removal(store, storage, clock.wall).run()))
        if archivist is not None:
            archivist.start()
        yield
        await journal.close()
        if archivist is not None:
            await archivist.stop()
        for task in beside:
            task.cancel()

    async def stop(app: web.Application) -> None:
        sessions.end_all()
        endpoint.close()
        await links.close()

    app = web.Application(middlewares=[describe_missing])
    app[LIVE_SESSIONS] = sessions
    app.cleanup_ctx.append(run)
    app.on_shutdown.append(stop)
    app.add_routes(
        [
            web.get("/ws", endpoint.serve),
            web.get("/link", links.serve),
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


async def _show_life(sessions: LiveSessions, period: float) -> None:
    """Let the database know each `period` seconds which sessions go on, and what was measured of their connections:
    after a crash, this is when they ended, and what their reports hold."""
    around = sessions.around
    while True:
        await asyncio.sleep(period)
        conf_nums = [session.conf_num for session in sessions.all()]
        if not conf_nums:
            continue
        for session in sessions.all():
            session.note_usage()
        try:
            await around.store.sessions.seen(conf_nums, around.clock.wall())
        except (SQLAlchemyError, OSError) as error:
            log.warning("could not note that sessions go on", error=str(error))
