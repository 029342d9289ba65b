"""The HTTP application of signalling: everything that it serves, mounted."""

from collections.abc import AsyncIterator

from aiohttp import web

from signalling import static
from signalling.api import enablex, file_links, local
from signalling.archive import FileLinks
from signalling.credentials import Credentials
from signalling.links import Links
from signalling.live.sessions import LiveSessions
from signalling.metrics import Metrics
from signalling.nodes import Nodes
from signalling.not_found import describe_missing
from signalling.recording.service import RecordingService
from signalling.server import SignallingServer
from signalling.settings import SignallingSettings
from signalling.store import Store
from signalling.tokens import TokenIssuer

LINKS = web.AppKey("links", Links)
LIVE_SESSIONS = web.AppKey("live_sessions", LiveSessions)
RECORDING = web.AppKey("recording", RecordingService)


def create_app(
    settings: SignallingSettings, store: Store, issuer: TokenIssuer, credentials: Credentials
) -> web.Application:
    """The application: /ws, /link, /link/recorder, /metrics, /health, the public key, the REST APIs, the pages.

    Raises what `SignallingServer` raises.
    """
    server = SignallingServer(settings, store, issuer)

    async def run(app: web.Application) -> AsyncIterator[None]:
        await server.start()
        yield
        await server.stop()

    async def stop(app: web.Application) -> None:
        await server.interrupt_sessions()

    app = web.Application(middlewares=[describe_missing])
    app[LINKS] = server.links
    app[LIVE_SESSIONS] = server.sessions
    app[RECORDING] = server.recording
    app.cleanup_ctx.append(run)
    app.on_shutdown.append(stop)
    app.add_routes(
        [
            web.get("/ws", server.endpoint.serve),
            web.get("/link", server.links.serve),
            web.get("/link/recorder", server.recording.links.serve),
            *_operator_routes(server.nodes, server.sessions, server.metrics),
            _public_key(issuer),
            *_api_routes(server, settings, store, issuer, credentials),
        ]
    )
    if settings.static_dirs:
        app.add_routes(static.routes(settings.static_dirs, local_mode=settings.local_mode))
    return app


def _api_routes(
    server: SignallingServer, settings: SignallingSettings, store: Store, issuer: TokenIssuer, credentials: Credentials
) -> list[web.RouteDef]:
    proxies = settings.proxy_networks()
    links_to_files = FileLinks(issuer.derive_key("links to files"))
    backend = enablex.Backend(
        store,
        issuer,
        credentials,
        server.sessions,
        links_to_files,
        server.storage,
        settings.dial_in,
        proxies,
        server.clock.wall,
        server.recording.composites,
    )
    routes = [*enablex.routes(backend)]
    if server.storage is not None:
        app_id, wall = credentials.app_id, server.clock.wall
        routes += file_links.routes(store, server.storage, links_to_files, app_id, wall)
    if settings.local_mode:
        routes += local.routes(store, issuer, credentials, server.sessions, proxies=proxies)
    return routes


def _public_key(issuer: TokenIssuer) -> web.RouteDef:
    async def jwks(request: web.Request) -> web.Response:
        return web.json_response(issuer.jwks(), headers={"Access-Control-Allow-Origin": "*"})

    return web.get("/.well-known/jwks.json", jwks)


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
