"""Real clients accept the answers: the installed browsers, and aiortc."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
import pytest_asyncio
from aiortc import RTCPeerConnection, RTCSessionDescription

from signalling.sdp import LocalEnd, MediaUse, Negotiated, answer, parse_offer
from tests.signalling.sdp.offers import local_end
from tests.signalling.sdp.pages import chromium_page, firefox_page
from tests.support.page import Page

LAYERS = ["q", "h", "f"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Call:
    """A page and the server's end of its offers."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._local: LocalEnd = local_end()
        self.negotiated: Negotiated | None = None

    async def run(self, expression: str) -> Any:
        return await self._page.evaluate(expression)

    async def negotiate(self, wanted: list[MediaUse] | None = None) -> None:
        """Raises when the browser does not accept the answer."""
        offer = parse_offer(await self.run("offer()"))
        self.negotiated = answer(offer, wanted or [], self._local, self.negotiated)
        await self.run(f"accept({self.negotiated.sdp!r})")

    async def transceivers(self) -> dict[str, dict[str, Any]]:
        return {transceiver["mid"]: transceiver for transceiver in await self.run("describe()")}

    async def directions(self) -> list[str | None]:
        return [transceiver["currentDirection"] for transceiver in (await self.transceivers()).values()]


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=[chromium_page, firefox_page], ids=["chromium", "firefox"]
)
async def page(request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    open_page: Callable[[], AbstractAsyncContextManager[Page]] = request.param
    async with open_page() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def call(page: Page) -> AsyncIterator[Call]:
    yield Call(page)
    await page.evaluate("window.pc.close()")


SCREENS = [MediaUse("23", "screen-slot"), MediaUse("24", "screen-slot")]


@pytest.mark.browser
async def test_a_browser_accepts_a_whole_call(call: Call) -> None:
    await call.run("startCall({})")
    await call.negotiate(SCREENS)
    in_call = ["sendonly"] * 2 + ["recvonly"] * 23
    assert await call.directions() == in_call
    # The browser keeps its three layers, in its own order.
    assert (await call.transceivers())["1"]["rids"] == LAYERS
    streams = await call.run("window.streams")
    assert streams["2"] == streams["7"] == ["slot-0"]
    assert [streams["23"], streams["24"]] == [["screen-0"], ["screen-1"]]

    await call.run("addScreen()")
    await call.negotiate()
    assert await call.directions() == [*in_call, "sendonly"]
    assert (await call.transceivers())["1"]["rids"] == LAYERS

    await call.run("removeScreen()")
    await call.negotiate()
    assert (await call.directions())[:25] == in_call

    await call.run("window.pc.restartIce()")
    await call.negotiate()
    assert call.negotiated is not None
    assert call.negotiated.ice_restarted
    assert (await call.directions())[:25] == in_call
    assert (await call.transceivers())["1"]["rids"] == LAYERS

    # A second screen takes the place of the one that was stopped, under a mid of its own.
    await call.run("addScreen()")
    await call.negotiate()
    assert [track.source for track in call.negotiated.tracks] == ["microphone", "camera", "screen"]
    assert "sendonly" in (await call.directions())[25:]


@pytest.mark.browser
async def test_a_browser_accepts_a_lean_offers_answer(call: Call) -> None:
    await call.run("startCall({lean: true})")
    await call.negotiate()
    assert await call.directions() == ["sendonly"] * 2 + ["recvonly"] * 23
    assert (await call.transceivers())["1"]["rids"] == LAYERS


@pytest.mark.browser
async def test_a_browser_accepts_a_refusal(call: Call) -> None:
    await call.run("startCall({slots: [1, 1, 0]})")
    await call.run("void window.pc.createDataChannel('chat')")
    await call.negotiate([MediaUse("0", "microphone", allowed=False), MediaUse("1", "camera", allowed=False)])
    transceivers = await call.transceivers()
    assert [transceivers[mid]["currentDirection"] for mid in ("2", "3")] == ["recvonly"] * 2
    assert all(transceivers.get(mid, {}).get("currentDirection") != "sendonly" for mid in ("0", "1"))
    assert call.negotiated is not None
    assert call.negotiated.tracks == ()
    assert call.negotiated.refused == ("0", "1", "4")


@pytest.mark.browser
async def test_a_browser_accepts_that_nothing_is_served(call: Call) -> None:
    await call.run("startCall({slots: [1, 1, 0]})")
    await call.negotiate([MediaUse(str(mid), "microphone", allowed=False) for mid in range(4)])
    assert call.negotiated is not None
    assert call.negotiated.refused == ("0", "1", "2", "3")
    assert not {"sendonly", "recvonly", "sendrecv"} & set(await call.directions())


@pytest.mark.browser
@pytest.mark.parametrize("page", [chromium_page], ids=["chromium"], indirect=True)
async def test_a_camera_that_rests_comes_back_with_all_its_layers(call: Call) -> None:
    # Firefox leaves simulcast out of the offer of a resting camera, and sends one layer ever after.
    await call.run("startCall({slots: [1, 1, 0]})")
    await call.negotiate()
    assert call.negotiated is not None
    tracks = call.negotiated.tracks
    await call.run("void (window.pc.getTransceivers()[1].direction = 'inactive')")
    await call.negotiate()
    assert [track.source for track in call.negotiated.tracks] == ["microphone"]
    await call.run("void (window.pc.getTransceivers()[1].direction = 'sendonly')")
    await call.negotiate()
    assert call.negotiated.tracks == tracks
    assert (await call.transceivers())["1"]["rids"] == LAYERS
    assert await call.directions() == ["sendonly"] * 2 + ["recvonly"] * 2


async def test_aiortc_accepts_an_answer() -> None:
    peer = RTCPeerConnection()
    for direction in ("sendonly", "recvonly"):
        for kind in ("audio", "video"):
            peer.addTransceiver(kind, direction)
    await peer.setLocalDescription(await peer.createOffer())
    negotiated = answer(parse_offer(peer.localDescription.sdp), [], local_end())
    try:
        await peer.setRemoteDescription(RTCSessionDescription(negotiated.sdp, "answer"))
        directions = [transceiver.currentDirection for transceiver in peer.getTransceivers()]
        assert directions == ["sendonly", "sendonly", "recvonly", "recvonly"]
        assert [track.ssrcs != () for track in negotiated.tracks] == [True, True]
    finally:
        await peer.close()
