"""The endpoints of the video API, at their paths."""

from collections import defaultdict
from typing import Any

from aiohttp import web

from signalling.api.enablex import archive, cdr, dial_in, recordings, rooms
from signalling.api.enablex.backend import Backend
from signalling.api.enablex.docs_page import docs_routes
from signalling.api.enablex.envelope import handler
from signalling.api.enablex.operations import Operation

PREFIX = "/video/v2"
OLD_PREFIX = "/v1"


def operations(backend: Backend) -> list[Operation[Any, Any]]:
    """All endpoints, in the order of the document; then those of our own."""
    return [
        *rooms.operations(backend),
        *archive.operations(backend, PREFIX),
        *cdr.operations(backend),
        *dial_in.operations(backend),
        *recordings.operations(backend),
    ]


def routes(backend: Backend) -> list[web.RouteDef]:
    """Everything under /video/v2 and under its older name /v1, with and without a slash at the end."""
    known = operations(backend)
    by_path: dict[str, dict[str, Operation[Any, Any]]] = defaultdict(dict)
    for operation in known:
        by_path[operation.path.rstrip("/")][operation.method] = operation
    unknown = handler(backend.credentials, {})
    found = docs_routes(PREFIX, known)
    for prefix in (PREFIX, OLD_PREFIX):
        # One route for all methods of a path, so that a wrong method is answered in the envelope too.
        for path, methods in by_path.items():
            handle = handler(backend.credentials, methods)
            found += [web.route("*", prefix + path + slash, handle) for slash in ("", "/")]
        found += [web.route("*", prefix, unknown), web.route("*", prefix + "/{anything:.*}", unknown)]
    return found
