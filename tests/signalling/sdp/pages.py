"""A page that makes offers (`offer_page.js`), in the installed Chromium and Firefox."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from tests.support import chromium, firefox
from tests.support.page import Page

SCRIPT = Path(__file__).with_name("offer_page.js")


@asynccontextmanager
async def _page_url() -> AsyncIterator[str]:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text=f"<!doctype html><script>{SCRIPT.read_text()}</script>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def chromium_page() -> AsyncIterator[Page]:
    async with _page_url() as url, chromium.chromium() as browser:
        yield await chromium.open_page(browser, url)


@asynccontextmanager
async def firefox_page() -> AsyncIterator[Page]:
    async with _page_url() as url, firefox.firefox() as connection:
        yield await firefox.open_page(connection, url)
