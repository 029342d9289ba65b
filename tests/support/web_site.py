"""A web site under test: pages on an origin of its own, and what was asked of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

DEADLINE = 120.0


class Site:
    """`pages` by path. `/never` does not answer, `/redirect?to=URL` leads elsewhere, `/download` is a file; `asked` has
    path and query of all requests."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.asked: list[str] = []
        self.host = ""
        self._never = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://{self.host}/"

    async def was_asked(self, path: str, times: int = 1) -> None:
        async with asyncio.timeout(DEADLINE):
            while self.asked.count(path) < times:
                await asyncio.sleep(0.05)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(f"{request.path}?{request.query_string}" if request.query_string else request.path)
        if request.path == "/never":
            await self._never.wait()
        if request.path == "/redirect":
            raise web.HTTPFound(request.query["to"])
        if request.path == "/download":
            return web.Response(body=b"abc", headers={"Content-Disposition": "attachment; filename=abc.bin"})
        if request.path not in self.pages:
            raise web.HTTPNotFound
        return web.Response(text=self.pages[request.path], content_type="text/html")

    def give_up(self) -> None:
        self._never.set()


@asynccontextmanager
async def site(**pages: str) -> AsyncIterator[Site]:
    """On loopback; `pages` by name, the one called `index` at the root."""
    made = Site()
    made.pages = {"/" if name == "index" else f"/{name}": text for name, text in pages.items()}
    app = web.Application()
    app.router.add_get("/{path:.*}", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.host = f"127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        made.give_up()
        await runner.cleanup()
