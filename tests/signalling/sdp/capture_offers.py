"""Captures the offers in `offers/` anew from the installed browsers and aiortc.

    python -m tests.signalling.sdp.capture_offers [chromium] [firefox] [aiortc]

Run it when a browser's new version offers something new, and look at the difference.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiortc import RTCPeerConnection
from playwright.async_api import Page, async_playwright

from sfu.link_messages import Candidate, Fingerprint
from signalling.sdp import IceCredentials, LocalEnd, answer, parse_offer

HERE = Path(__file__).parent
OFFERS = HERE / "offers"
CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
FIREFOX_PREFERENCES = """\
user_pref("media.navigator.streams.fake", true);
user_pref("media.navigator.permission.disabled", true);
user_pref("media.peerconnection.ice.loopback", true);
user_pref("media.peerconnection.ice.obfuscate_host_addresses", false);
"""


def local_end() -> LocalEnd:
    """A server that does not exist: nothing is sent to it before the page is closed."""
    ssrcs = iter(range(1000, 2000))
    generations = iter(range(100))
    return LocalEnd(
        transport_id="t1",
        new_ice=lambda: IceCredentials(f"serv{next(generations)}", "a" * 24),
        new_ssrc=lambda: next(ssrcs),
        fingerprint=Fingerprint(algorithm="sha-256", value=":".join(["AB"] * 32)),
        candidates=(
            Candidate(protocol="udp", ip="127.0.0.1", port=9),
            Candidate(protocol="tcp", ip="127.0.0.1", port=9),
        ),
        cname="roomcast",
    )


@asynccontextmanager
async def offer_page_url() -> AsyncIterator[str]:
    """Serves a page with `offer_page.js`, from a secure context."""

    async def page(_: web.Request) -> web.Response:
        script = (HERE / "offer_page.js").read_text()
        return web.Response(text=f"<!doctype html><script>{script}</script>", content_type="text/html")

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
    async with offer_page_url() as url, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        try:
            page = await browser.new_page()
            await page.goto(url)
            yield page
        finally:
            await browser.close()


class FirefoxPage:
    """A page of Firefox, driven by WebDriver BiDi."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._next_id = 0
        self._context = ""

    async def open(self, url: str) -> None:
        await self._command("session.new", {"capabilities": {}})
        self._context = (await self._command("browsingContext.create", {"type": "tab"}))["context"]
        await self._command("browsingContext.navigate", {"context": self._context, "url": url, "wait": "complete"})

    async def evaluate(self, expression: str) -> Any:
        """The JSON value of an expression, awaited if it is a promise. Raises RuntimeError when it throws."""
        result = await self._command(
            "script.evaluate",
            {
                "expression": f"(async () => JSON.stringify((await ({expression})) ?? null))()",
                "target": {"context": self._context},
                "awaitPromise": True,
            },
        )
        if result["type"] != "success":
            raise RuntimeError(result["exceptionDetails"]["text"])
        return json.loads(result["result"]["value"])

    async def _command(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self._next_id += 1
        await self._socket.send_json({"id": self._next_id, "method": method, "params": params})
        async for message in self._socket:
            reply = message.json()
            if reply.get("id") == self._next_id:
                if reply["type"] == "error":
                    raise RuntimeError(f"{method}: {reply['message']}")
                return reply["result"]
        raise RuntimeError("Firefox went away")


@asynccontextmanager
async def firefox_page() -> AsyncIterator[FirefoxPage]:
    with tempfile.TemporaryDirectory() as profile:
        Path(profile, "user.js").write_text(FIREFOX_PREFERENCES)
        process = await asyncio.create_subprocess_exec(
            *["firefox-esr", "--headless", "--no-remote", "--new-instance", "--profile", profile],
            *["--remote-debugging-port", "0", "about:blank"],
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            assert process.stderr
            async with asyncio.timeout(60), aiohttp.ClientSession() as session, offer_page_url() as page_url:
                async for line in process.stderr:
                    if b"WebDriver BiDi listening on" in line:
                        break
                bidi = line.decode().split()[-1]
                async with session.ws_connect(f"{bidi}/session", max_msg_size=0) as socket:
                    page = FirefoxPage(socket)
                    await page.open(page_url)
                    yield page
        finally:
            process.terminate()
            await process.wait()


def save(name: str, sdp: str) -> None:
    (OFFERS / f"{name}.sdp").write_text(sdp, newline="")
    print(name, len(sdp))


async def capture_call(evaluate: Any, browser: str) -> None:
    """The first offer of a call, then those that add a screen, take it away and restart ICE."""
    await evaluate("startCall({})")
    sdp = await evaluate("offer()")
    save(browser, sdp)
    local = local_end()
    negotiated = answer(parse_offer(sdp), [], local)
    await evaluate(f"accept({negotiated.sdp!r})")
    steps = {"screen-added": "addScreen()", "screen-removed": "removeScreen()", "ice-restart": "window.pc.restartIce()"}
    for name, step in steps.items():
        await evaluate(step)
        sdp = await evaluate("offer()")
        save(f"{browser}-{name}", sdp)
        negotiated = answer(parse_offer(sdp), [], local, negotiated)
        await evaluate(f"accept({negotiated.sdp!r})")


async def capture_chromium() -> None:
    async with chromium_page() as page:
        await capture_call(page.evaluate, "chromium")
    async with chromium_page() as page:
        await page.evaluate("startCall({lean: true})")
        save("chromium-lean", await page.evaluate("offer()"))
    async with chromium_page() as page:
        await page.evaluate("startCall({simulcast: false, slots: [0, 0, 0]})")
        await page.evaluate("void window.pc.createDataChannel('chat')")
        save("chromium-publish-only", await page.evaluate("offer()"))


async def capture_firefox() -> None:
    async with firefox_page() as page:
        await capture_call(page.evaluate, "firefox")


async def capture_aiortc() -> None:
    peer = RTCPeerConnection()
    for direction in ("sendonly", "recvonly"):
        for kind in ("audio", "video"):
            peer.addTransceiver(kind, direction)
    peer.createDataChannel("chat")
    await peer.setLocalDescription(await peer.createOffer())
    save("aiortc", peer.localDescription.sdp)
    await peer.close()


async def main(names: list[str]) -> None:
    OFFERS.mkdir(exist_ok=True)
    for name, capture in {"chromium": capture_chromium, "firefox": capture_firefox, "aiortc": capture_aiortc}.items():
        if not names or name in names:
            await capture()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
