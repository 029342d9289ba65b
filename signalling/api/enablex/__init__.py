"""The video API under /video/v2: HTTP Basic, JSON, and the envelope `{"result": 0, …}`."""

from signalling.api.enablex.errors import ErrorCode
from signalling.api.enablex.routes import routes

__all__ = ["ErrorCode", "routes"]
