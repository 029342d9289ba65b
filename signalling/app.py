"""The HTTP application of signalling: everything that it serves, mounted."""

from typing import TYPE_CHECKING

from aiohttp import web

from signalling.settings import SignallingSettings

if TYPE_CHECKING:
    from signalling.credentials import Credentials
    from signalling.store import Store
    from signalling.tokens import TokenIssuer


def create_app(
    settings: SignallingSettings, store: "Store", issuer: "TokenIssuer", credentials: "Credentials"
) -> web.Application:
    """The application: /ws, /link, /metrics, /health, the REST APIs, the pages."""
    raise NotImplementedError
