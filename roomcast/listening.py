"""The sockets on which signalling serves."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from roomcast.config import ConfigError, Options, local_authority

# Seconds that requests get to end when the server stops.
_SHUTDOWN_TIMEOUT = 3.0


@dataclass(frozen=True, slots=True)
class Entrance:
    """Where the application is reached: `url` is for people, `link_url` for the media nodes of this machine."""

    runner: web.AppRunner
    url: str
    link_url: str


@asynccontextmanager
async def listening(app: web.Application, options: Options) -> AsyncIterator[Entrance]:
    """Serve the application by HTTP, or HTTPS with a certificate. Raises ConfigError when that cannot be."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_TIMEOUT)
    await runner.setup()
    try:
        tls = _tls(options)
        host = await _listen(runner, options.http_host, options.http_port, tls)
        # The certificate names the public host, so media nodes of this machine come in beside it, over loopback.
        inside = host if tls is None else await _listen(runner, "127.0.0.1", 0, None)
        scheme = "http" if tls is None else "https"
        yield Entrance(runner, f"{scheme}://{host}/", f"ws://{inside}/link")
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int, tls: ssl.SSLContext | None) -> str:
    """Listen, and return `host:port` as to be written in a URL that is used on this machine."""
    before = len(runner.addresses)
    try:
        await web.TCPSite(runner, host or None, port, ssl_context=tls).start()
    except OSError as error:
        raise ConfigError(
            f"http_host, http_port: {host}:{port} cannot be listened on ({error.strerror}): set ROOMCAST_HTTP_PORT to "
            "a free port and ROOMCAST_HTTP_HOST to an address of this machine"
        ) from error
    bound_host, bound_port = runner.addresses[before][:2]
    return local_authority(host or bound_host, bound_port)


def _tls(options: Options) -> ssl.SSLContext | None:
    if options.tls_certificate is None or options.tls_key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(options.tls_certificate, options.tls_key)
    except OSError as error:
        raise ConfigError(f"tls_certificate, tls_key: the files cannot be used: {error}") from error
    return context
