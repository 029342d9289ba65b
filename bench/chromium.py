"""A headless Chromium whose pages join a room of a server under test, in the load client's place.

The page is the harness's own; a real SDK joins from it, and a page that speaks Janus's API. It is served on loopback,
from which alone a browser takes a page without TLS for a safe one.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from playwright.async_api import Browser, async_playwright
from playwright.async_api import Error as BrowserError

from signalling.static import find_static_dirs

PAGES = Path(__file__).with_name("browser")
JOIN_TIMEOUT = 20.0
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    # Candidates by name would have a server look them up.
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)


def executable() -> str | None:
    """Where Chromium is, if it is installed."""
    return shutil.which("chromium") or shutil.which("google-chrome")


@asynccontextmanager
async def joining_pages(command: str) -> AsyncIterator["Pages"]:
    """A browser, and the server of its page. Raises BrowserError when it does not start."""
    app = web.Application()
    app.router.add_static("/sdk", find_static_dirs()["sdk"])
    app.router.add_static("/", PAGES)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=command, args=list(_FLAGS))
            try:
                yield Pages(browser, f"http://{host}:{port}/page.html")
            finally:
                await browser.close()
    finally:
        await runner.cleanup()


class Pages:
    """Each join has a page of its own, in a context of its own."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._url = url
        self.version = browser.version

    async def join(self, server: str, access: dict[str, Any]) -> float:
        """Milliseconds from the WebSocket's opening to the first frame that was decoded.

        Raises BrowserError when the page fails, TimeoutError when there is no picture within JOIN_TIMEOUT.
        """
        context = await self._browser.new_context()
        try:
            page = await context.new_page()
            await page.goto(self._url)
            await page.wait_for_function("globalThis.join !== undefined")
            async with asyncio.timeout(JOIN_TIMEOUT):
                took: float = await page.evaluate("([server, access]) => join(server, access)", [server, access])
                return took
        finally:
            await context.close()


__all__ = ["JOIN_TIMEOUT", "BrowserError", "Pages", "executable", "joining_pages"]
