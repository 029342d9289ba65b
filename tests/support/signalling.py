"""Signalling as it really runs, on a port of its own, and clients that speak its protocol."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web

from signalling.app import LINKS, LIVE_SESSIONS, RECORDING, create_app
from signalling.credentials import Credentials
from signalling.domain.room import Role, Room, RoomSettings
from signalling.links import Links
from signalling.live.sessions import LiveSessions
from signalling.recording.service import RecordingService
from signalling.settings import SignallingSettings
from signalling.store import Store
from signalling.tokens import TokenIssuer
from tests.support.prepared_database import prepared_database

SECRET = "a-link-secret"
CREDENTIALS = Credentials("app", "an-app-key")
PATIENCE = 60.0


class RefusedByServerError(AssertionError):
    """An error answer."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error['data']['reason']}: {error['message']}")
        self.reason: str = error["data"]["reason"]
        self.detail: str | None = error["data"].get("detail")


class Closed(AssertionError):  # noqa: N818
    """The connection was closed; `code` is that of the WebSocket."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class RpcClient:
    """One connection. Answers are matched to requests; events wait until somebody asks for them."""

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        self._url = url
        self._headers = headers or {}
        self._next_id = 1
        self._waiting: dict[Any, asyncio.Future[dict[str, Any]]] = {}
        self.events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self.unasked: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.last_seq = 0

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        self.socket = await self._session.ws_connect(f"{self._url}/ws", headers=self._headers, max_msg_size=0)
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.cancel()
        await self._session.close()

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """The result of a request; RefusedByServerError when it is an error."""
        answer = await self.request(method, params)
        if "error" in answer:
            raise RefusedByServerError(answer["error"])
        result: dict[str, Any] = answer["result"]
        return result

    async def request(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        request_id = self._next_id
        self._next_id += 1
        future = self._waiting[request_id] = asyncio.get_running_loop().create_future()
        try:
            await self.socket.send_json({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params})
        except ConnectionError as error:
            raise Closed(self.socket.close_code) from error
        if self._reader.done():
            raise Closed(self.socket.close_code)
        async with asyncio.timeout(PATIENCE):
            return await future

    async def send_text(self, text: str) -> dict[str, Any]:
        """Send whatever text, and return the answer without an id that it gets."""
        await self.socket.send_str(text)
        async with asyncio.timeout(PATIENCE):
            return await self.unasked.get()

    async def event(self, name: str) -> dict[str, Any]:
        """The params of the next event of a name; others before it are passed over. Raises Closed."""
        async with asyncio.timeout(PATIENCE):
            while True:
                event = await self.events.get()
                if event is None:
                    raise Closed(self.socket.close_code)
                if event["method"] == name:
                    params: dict[str, Any] = event["params"]
                    return params

    async def closed(self) -> int | None:
        """Wait for the server to close; the code."""
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait([self._reader])
        return self.socket.close_code

    def vanish(self) -> None:
        """Lose the connection as networks do: without a closing handshake."""
        transport = self.socket.get_extra_info("transport") or self.socket._writer.transport
        transport.abort()

    def stop_reading(self) -> None:
        self._reader.cancel()
        self.socket._writer.transport.pause_reading()

    async def _read(self) -> None:
        async for received in self.socket:
            message = json.loads(received.data)
            if "method" in message:
                self.last_seq = message["params"]["seq"]
                self.events.put_nowait(message)
            elif message["id"] in self._waiting:
                self._waiting.pop(message["id"]).set_result(message)
            else:
                self.unasked.put_nowait(message)
        self.events.put_nowait(None)
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(Closed(self.socket.close_code))


class Signalling:
    """A running server and what stands behind it."""

    def __init__(self, url: str, app: web.Application, store: Store, issuer: TokenIssuer) -> None:
        self.url = url
        self.links: Links = app[LINKS]
        self.sessions: LiveSessions = app[LIVE_SESSIONS]
        self.recording: RecordingService = app[RECORDING]
        self.store = store
        self.issuer = issuer
        self.clock = self.sessions.around.clock

    def client(self, **headers: str) -> RpcClient:
        return RpcClient(self.url, {name.replace("_", "-"): value for name, value in headers.items()})

    async def api(self, path: str, method: str = "GET") -> Any:
        """The answer of a request under /video/v2, which must succeed. What was said to clients is stored by then."""
        await self.sessions.around.journal.drained()
        authorization = {"Authorization": aiohttp.encode_basic_auth(CREDENTIALS.app_id, CREDENTIALS.app_key)}
        async with (
            aiohttp.ClientSession(headers=authorization) as session,
            session.request(method, f"{self.url}/video/v2{path}") as response,
        ):
            answer = await response.json()
            assert response.status == 200, answer
            return answer

    async def room(self, **settings: Any) -> Room:
        return await self.store.rooms.create(
            CREDENTIALS.app_id,
            "Weekly",
            "owner",
            now=self.clock.wall(),
            settings=RoomSettings(**settings),
            data={"team": 7},
        )

    def token(self, room: Room, name: str = "Ann", role: Role = "participant", **changes: Any) -> str:
        given: dict[str, Any] = {"user_ref": f"ref-{name}", "data": {"from": "token"}, "now": self.clock.wall()}
        return self.issuer.issue(room.room_id, name, role, **(given | changes))


@cache
def issuer() -> TokenIssuer:
    """One for all tests: making an RSA key takes a while."""
    return TokenIssuer(TokenIssuer.new_private_key())


@asynccontextmanager
async def running_signalling(folder: Path, **changes: Any) -> AsyncIterator[Signalling]:
    """A server with a database in a folder; `changes` are settings, and the URLs of webhooks."""
    given: dict[str, Any] = {"link_secret": SECRET, "node_grace": 0.2, "recorder_grace": 0.2, "recorder_patience": 0.5}
    url = await prepared_database(folder / "roomcast.sqlite")
    store = await Store.open(url, changes.pop("webhook_urls", ()))
    app = create_app(SignallingSettings(**(given | changes)), store, issuer(), CREDENTIALS)
    runner = web.AppRunner(app, shutdown_timeout=2.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield Signalling(f"http://{host}:{port}", app, store, issuer())
    finally:
        await runner.cleanup()
        await store.close()
