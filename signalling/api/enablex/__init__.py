"""The video API under /video/v2: HTTP Basic, JSON, and the envelope `{"result": 0, …}`."""

from signalling.api.enablex.backend import Backend
from signalling.api.enablex.errors import ErrorCode
from signalling.api.enablex.routes import PREFIX, routes

__all__ = ["PREFIX", "Backend", "ErrorCode", "routes"]
