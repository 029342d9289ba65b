"""Captures the offers in `offers/` anew from the installed browsers and aiortc.

    python -m tests.signalling.sdp.capture_offers [chromium] [firefox] [aiortc]

Run it when a browser's new version offers something new, and look at the difference.
"""

import asyncio
import sys
from typing import Any

from aiortc import RTCPeerConnection

from signalling.sdp import answer, parse_offer
from tests.signalling.sdp.offers import OFFERS, local_end
from tests.signalling.sdp.pages import chromium_page, firefox_page


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
