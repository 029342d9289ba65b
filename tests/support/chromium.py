"""Debian's Chromium under playwright, and what the tests ask of its pages.

Every page gets `page_probe.js` before its own scripts, which keeps the page's peer connections within reach of
`getStats()` and can rewrite the candidates of an answer.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.support import priorities

EXECUTABLE = "/usr/bin/chromium"
PROBE = Path(__file__).with_name("page_probe.js")

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A quarter of the frames of the default: three pages that encode 720p in three layers keep two cores busy.
    "--use-fake-device-for-media-stream=fps=5",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
    "--auto-select-desktop-capture-source=Entire screen",
    # Several pages share one window's attention; none may fall asleep while the test looks at another.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
)


@asynccontextmanager
async def chromium(*, camera: Path | None = None, microphone: Path | None = None) -> AsyncIterator[Browser]:
    """A running browser. `camera` (Y4M or MJPEG) and `microphone` (WAV) replace the fake devices of all its pages."""
    flags = list(FLAGS)
    if camera is not None:
        flags.append(f"--use-file-for-fake-video-capture={camera}")
    if microphone is not None:
        flags.append(f"--use-file-for-fake-audio-capture={microphone}")
    priorities.renounce()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=EXECUTABLE, args=flags)
        try:
            yield browser
        finally:
            await browser.close()


async def open_context(browser: Browser, *, dark: bool = False, width: int = 1280, height: int = 720) -> BrowserContext:
    """A context of its own (storage, permissions), whose pages all carry the probe."""
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        permissions=["camera", "microphone"],
    )
    await context.add_init_script(path=PROBE)
    return context


async def open_page(browser: Browser, url: str, *, candidates: str = "") -> Page:
    """A page at `url` in a context of its own. `candidates` is JavaScript for `probe.candidates`, set before the
    page's own scripts run; see `page_probe.js`."""
    context = await open_context(browser)
    if candidates:
        await context.add_init_script(f"probe.candidates = {candidates};")
    page = await context.new_page()
    await page.goto(url)
    return page
