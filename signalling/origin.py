"""Under which URL a client reaches this server."""

import re
from collections.abc import Sequence

from aiohttp import web
from yarl import URL

from signalling.ws.addresses import Network, is_trusted

_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")


def origin_of(request: web.BaseRequest, proxies: Sequence[Network]) -> URL:
    """Scheme, host and port as the client wrote them: from the request or, when one of `proxies` made it, from its
    headers X-Forwarded-Proto and X-Forwarded-Host.

    Raises ValueError when the Host names no server.
    """
    scheme, host = request.scheme, request.host
    if is_trusted(request.remote or "", proxies):
        scheme = {"https": "https", "http": "http"}.get(_last(request, "X-Forwarded-Proto").lower(), scheme)
        host = _last(request, "X-Forwarded-Host") or host
    if not _HOST.fullmatch(host):
        raise ValueError("the Host header must name this server")
    return URL(f"{scheme}://{host}").origin()


def _last(request: web.BaseRequest, name: str) -> str:
    """What the nearest proxy wrote: others, the client too, may have written what stands before it."""
    return ",".join(request.headers.getall(name, [])).rpartition(",")[2].strip()
