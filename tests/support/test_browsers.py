"""The browsers, the probe and the relay work together before any server of ours is in the picture."""

from collections.abc import AsyncIterator

import pytest

from tests.support import chromium, firefox
from tests.support.page import Page, eventually
from tests.support.relay import Impairment, udp_relay
from tests.support.site import one_page_site

pytestmark = pytest.mark.browser

# Two connections in one page: A sends a red camera and a tone, B receives them.
CALL = """(async () => {
  const a = new RTCPeerConnection(), b = new RTCPeerConnection();
  const microphone = await probe.microphone();
  microphone.talk(true);
  a.addTrack(probe.camera("rgb(200, 30, 30)"));
  a.addTrack(microphone.track);
  const video = Object.assign(document.createElement("video"), {muted: true, autoplay: true});
  const audio = Object.assign(document.createElement("audio"), {autoplay: true});
  b.ontrack = ({track}) => { (track.kind === "video" ? video : audio).srcObject = new MediaStream([track]); };
  globalThis.call = {a, b, video, watched: probe.watch(video)};
  const gathered = (connection) => new Promise((resolve) => {
    const look = () => connection.iceGatheringState === "complete" && resolve(connection.localDescription);
    connection.onicegatheringstatechange = look;
    look();
  });
  await a.setLocalDescription(await a.createOffer());
  probe.candidates = HIDE_A ? () => null : null;
  await b.setRemoteDescription(await gathered(a));
  await b.setLocalDescription(await b.createAnswer());
  call.answer = await gathered(b);
  return Number(/^a=candidate:\\S+ 1 udp \\d+ 127\\.0\\.0\\.1 (\\d+) typ host/im.exec(call.answer.sdp)?.[1]);
})()"""

ACCEPT = """(async () => {
  probe.candidates = PORT ? ({protocol, ip}) => protocol === "udp" && ip === "127.0.0.1" && {ip, port: PORT} : null;
  await call.a.setRemoteDescription(call.answer);
})()"""


@pytest.fixture
async def site() -> AsyncIterator[str]:
    """The address of a page with nothing in it."""
    async with one_page_site("<!doctype html><title>empty</title>") as url:
        yield url


async def judge(page: Page) -> None:
    """Red frames and audio energy arrive at B."""
    await eventually(page, "call.watched.frames > 30", "frames of the camera")
    red, green, blue = await page.evaluate("probe.colour(call.video)")
    assert red > 150
    assert green < 90
    assert blue < 90
    await eventually(
        page, "probe.inbound().then((all) => all.some((entry) => entry.totalAudioEnergy > 0.01))", "audio energy"
    )


async def test_chromium_calls_itself_through_a_lossy_relay(site: str) -> None:
    impairment = Impairment(loss=0.05, delay=0.01)
    async with chromium.chromium() as browser, udp_relay(("127.0.0.1", 9), impairment) as relay:
        page = await chromium.open_page(browser, site)
        relay.server = ("127.0.0.1", await page.evaluate(CALL.replace("HIDE_A", "true")))
        await page.evaluate(ACCEPT.replace("PORT", str(relay.address[1])))
        await judge(page)
        assert (await page.evaluate("probe.path()"))["remotePort"] == relay.address[1]
        assert relay.up.lost > 0
        assert relay.up.delivered > 100


async def test_firefox_calls_itself(site: str) -> None:
    async with firefox.firefox() as browser:
        page = await firefox.open_page(browser, site)
        await page.evaluate(CALL.replace("HIDE_A", "false"))
        await page.evaluate(ACCEPT.replace("PORT", "0"))
        await judge(page)


async def test_what_a_page_of_firefox_throws_reaches_the_test(site: str) -> None:
    async with firefox.firefox() as browser:
        page = await firefox.open_page(browser, site)
        assert await page.evaluate("[1, {a: null}]") == [1, {"a": None}]
        with pytest.raises(firefox.PageError, match="of no use"):
            await page.evaluate("Promise.reject(new Error('of no use'))")
        with pytest.raises(firefox.PageError, match=r"browsingContext\.navigate"):
            await page.goto("http://127.0.0.1:9/")


async def test_files_stand_in_for_the_fake_devices(site: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    camera = tmp_path_factory.mktemp("camera") / "blue.y4m"
    luma, chroma_blue, chroma_red = bytes([41]) * 160 * 120, bytes([240]) * 80 * 60, bytes([110]) * 80 * 60
    frame = b"FRAME\n" + luma + chroma_blue + chroma_red
    camera.write_bytes(b"YUV4MPEG2 W160 H120 F15:1 Ip A1:1 C420\n" + frame * 15)
    async with chromium.chromium(camera=camera) as browser:
        page = await chromium.open_page(browser, site)
        await page.evaluate("""async () => {
          globalThis.video = Object.assign(document.createElement("video"), {muted: true});
          video.srcObject = await navigator.mediaDevices.getUserMedia({video: true});
          await video.play();
        }""")
        await eventually(page, "probe.colour(video)?.[2] > 150 && probe.colour(video)[0] < 90", "the blue of the file")
