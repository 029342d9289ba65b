"""An application's backend that takes webhooks, and checks every signature as the documentation says."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

PATIENCE = 60.0


class Receiver:
    """`answers` are the statuses of the next answers; 200 when there are none left. `received` counts attempts."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.url = ""
        self.answers: list[int] = []
        self.received = 0
        self.events: list[dict[str, Any]] = []
        self._changed = asyncio.Condition()

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.received += 1
        seconds, digest = (part.partition("=")[2] for part in request.headers["Roomcast-Signature"].split(","))
        expected = hmac.new(self.secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, digest):
            return web.Response(status=401)
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            async with self._changed:
                self.events.append(json.loads(body))
                self._changed.notify_all()
        return web.Response(status=status)

    async def wait_for(self, name: str, number: int = 1) -> list[dict[str, Any]]:
        """All events taken so far, when there are `number` different ones of a name."""
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: len(self.ids(name)) >= number)
        return list(self.events)

    def ids(self, name: str) -> set[str]:
        """The different events of a name; a delivery may come twice."""
        return {event["id"] for event in self.events if event["event"] == name}


@asynccontextmanager
async def receiving(secret: str) -> AsyncIterator[Receiver]:
    receiver = Receiver(secret)
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()
