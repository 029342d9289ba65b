"""The APIs behind a real HTTP server, with a clock and sessions that the tests set."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from signalling.api import enablex, file_links, local
from signalling.api.sessions import ActiveUser
from signalling.archive import FileLinks, LocalStorage, Storage
from signalling.credentials import Credentials
from signalling.dial_in import DialIn
from signalling.recording.composites import Composites
from signalling.store import Store
from signalling.tokens import TokenIssuer
from tests.support.prepared_database import prepared_database

# 2027-01-15 08:00:00 UTC
NOW = 1_800_000_000.0
ISSUER = TokenIssuer(TokenIssuer.new_private_key())


@dataclass
class FakeSessions:
    """Sessions as the tests say they are."""

    users: dict[str, list[ActiveUser]] = field(default_factory=dict)

    def active_users(self, room_id: str) -> list[ActiveUser]:
        return self.users.get(room_id, [])

    def is_active(self, room_id: str) -> bool:
        return room_id in self.users


@dataclass
class Answer:
    status: int
    json: Any
    headers: Any


class Api:
    """A server with the APIs, and a client of it that has the credentials."""

    def __init__(self, store: Store, issuer: TokenIssuer, storage: Storage) -> None:
        self.now = NOW
        self.store = store
        self.issuer = issuer
        self.sessions = FakeSessions()
        self.credentials = Credentials.generate()
        self.storage = storage
        self.links = FileLinks(b"a key for the links of tests")
        self.dial_in = DialIn()
        self.composites = Composites()
        self.proxies = (ip_network("127.0.0.1"),)
        self.client = aiohttp.ClientSession()

    async def start(self) -> None:
        arguments = (self.store, self.issuer, self.credentials, self.sessions)
        clock = lambda: self.now  # noqa: E731
        backend = enablex.Backend(
            *arguments, self.links, self.storage, self.dial_in, self.proxies, clock, self.composites
        )
        app = web.Application()
        links = file_links.routes(self.store, self.storage, self.links, self.credentials.app_id, clock)
        app.add_routes([*enablex.routes(backend), *local.routes(*arguments, clock, self.proxies), *links])
        self.server = TestServer(app)
        await self.server.start_server()

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": aiohttp.encode_basic_auth(self.credentials.app_id, self.credentials.app_key)}

    @property
    def url(self) -> str:
        return str(self.server.make_url("")).rstrip("/")

    async def call(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        """A request with the right credentials, under /video/v2."""
        headers = {**self.authorization, **options.pop("headers", {})}
        return await self.raw(method, f"/video/v2{path}", **{"json": body, "headers": headers, **options})

    async def raw(self, method: str, path: str, **options: Any) -> Answer:
        async with self.client.request(method, self.url + path, **options) as response:
            content = await response.json() if method != "HEAD" else None
            return Answer(response.status, content, response.headers)

    async def room(self, **settings: Any) -> str:
        """The id of a new room with these settings."""
        answer = await self.call("POST", "/rooms", {"name": "Room", "owner_ref": "owner", "settings": settings})
        assert answer.status == 200, answer.json
        return str(answer.json["room"]["room_id"])

    async def settings(self, room_id: str) -> dict[str, Any]:
        return dict((await self.call("GET", f"/rooms/{room_id}")).json["room"]["settings"])


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    store = await Store.open(await prepared_database(tmp_path / "api.db"))
    api = Api(store, ISSUER, LocalStorage(tmp_path / "archive"))
    await api.start()
    yield api
    await api.client.close()
    await api.server.close()
    await store.close()
