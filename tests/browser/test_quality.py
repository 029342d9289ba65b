"""The quality of a room holds: the SDK sends what fits, and what a client sends beyond it is shown to nobody."""

import asyncio

from playwright.async_api import Browser

from tests.browser.participant import Participant, chromium_participant
from tests.support.page import eventually
from tests.support.server import Server

# With specks that are new in each frame, so that the encoder uses all the bits that it may.
CAMERA = {"width": 1280, "height": 720, "rate": 15, "grain": 200}
SMALL = {"width": 160, "height": 90, "rate": 5}
SD = (640, 480)
SD_BITRATE = 1_000_000
TOLERANCE = 1.25
"""An encoder overshoots a little within a few seconds."""
SECONDS = 3
OVER_CAP = "over-cap-resolution"
"""Counts, in the metrics, the packets of pictures that are too large."""

# A browser without simulcast: it takes the first of the encodings, as if it were the only one.
WITHOUT_SIMULCAST = """(() => {
  const { addTransceiver } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.addTransceiver = function (track, { sendEncodings, ...init }) {
    return addTransceiver.call(this, track, sendEncodings ? { ...init, sendEncodings: [{}] } : init);
  };
})()"""
# Notes what the server withholds, and each size of the picture that is shown.
NOTED = """(() => {
  meeting.limited = [];
  meeting.room.on("track-limited", ({ track, layers }) => meeting.limited.push([track.source, layers]));
  meeting.sizes = [];
  const { video } = meeting.players.get("person 0");
  const note = () => video.videoWidth && meeting.sizes.push([video.videoWidth, video.videoHeight]);
  video.addEventListener("resize", note);
  note();
})()"""
CAMERA_SENDER = "probe.open()[0].getTransceivers().find(({ sender }) => sender.track?.kind === 'video').sender"
SCALES = f"""{CAMERA_SENDER}.getParameters().encodings
  .filter(({{ active }}) => active).map(({{ scaleResolutionDownBy = 1 }}) => scaleResolutionDownBy)"""
# Whole pictures, however poor they become, and as many bits as the answer leaves them.
GREEDY = f"""(async (sender) => {{
  const parameters = sender.getParameters();
  parameters.degradationPreference = "maintain-resolution";
  for (const encoding of parameters.encodings) {{
    encoding.scaleResolutionDownBy = 1;
    delete encoding.maxBitrate;
  }}
  await sender.setParameters(parameters);
}})({CAMERA_SENDER})"""
GREEDY_AND_DEAF = f"{GREEDY}.then(() => {{ RTCRtpSender.prototype.setParameters = async () => {{}}; }})"
SENT = """probe.stats().then((stats) => stats
  .filter(({ type, kind }) => type === "outbound-rtp" && kind === "video")
  .reduce((sum, { bytesSent, headerBytesSent }) => sum + 8 * (bytesSent + headerBytesSent), 0))"""


async def two(server: Server, browser: Browser, *, simulcast: bool) -> tuple[Participant, Participant]:
    """Red with a large camera, and green, who wants the best of it, in an SD room."""
    room_id = await server.create_enablex_room(quality="SD")
    red = await chromium_participant(server, browser, "red")
    green = await chromium_participant(server, browser, "green")
    if not simulcast:
        await red.page.evaluate(WITHOUT_SIMULCAST)
    await red.join(room_id, camera=CAMERA)
    await green.join(room_id, slots={"video": 1}, camera=SMALL)
    for one in (red, green):
        await one.page.evaluate(NOTED)
    await green.page.evaluate("meeting.room.setMaxHeight(meeting.room.videoSlots[0], null)")
    return red, green


async def moves(green: Participant) -> None:
    """Waits until red's picture moves from now on. The browser may send it smaller than the SDK asks for."""
    await green.page.evaluate("meeting.restartGaps()")
    await eventually(green.page, "meeting.people()[0]?.frames > 2", "a picture", otherwise="meeting.people()")


async def bitrate(red: Participant) -> float:
    """Bits per second of the camera, over a few seconds."""
    before = await red.page.evaluate(SENT)
    await asyncio.sleep(SECONDS)
    return float((await red.page.evaluate(SENT) - before) / SECONDS)


async def assert_nothing_larger_was_shown(green: Participant) -> None:
    sizes = [tuple(size) for size in await green.page.evaluate("meeting.sizes")]
    assert sizes
    assert all(max(size) <= SD[0] and min(size) <= SD[1] for size in sizes), sizes


async def assert_the_sdk_keeps_to_it(server: Server, red: Participant, green: Participant, most: float) -> None:
    # Not left to the browser, which sends small pictures by itself as long as it knows of little bandwidth.
    assert min(await red.page.evaluate(SCALES)) == CAMERA["width"] / SD[0]
    await moves(green)
    assert 0 < await bitrate(red) <= most * TOLERANCE
    await assert_nothing_larger_was_shown(green)
    # It was not the server that kept larger ones out: there were none.
    assert await red.page.evaluate("meeting.limited") == []
    assert OVER_CAP not in await server.text("/metrics")


async def test_a_large_camera_is_sent_as_large_as_the_room_allows(server: Server, browser: Browser) -> None:
    red, green = await two(server, browser, simulcast=True)
    await assert_the_sdk_keeps_to_it(server, red, green, SD_BITRATE * 4 / 3)
    assert red.errors == green.errors == []


async def test_without_simulcast_too_and_who_sends_more_is_shown_to_nobody(server: Server, browser: Browser) -> None:
    red, green = await two(server, browser, simulcast=False)
    await assert_the_sdk_keeps_to_it(server, red, green, SD_BITRATE)

    # The SDK hears that a picture is too large, and scales it down.
    await red.page.evaluate(GREEDY)
    await eventually(red.page, "meeting.limited.length === 2", "withheld and shown again", otherwise="meeting.limited")
    withheld = ["camera", [{"rid": "", "reason": "resolution"}]]
    assert await red.page.evaluate("meeting.limited") == [withheld, ["camera", []]]
    await moves(green)

    # Who does not listen is withheld for good, and still sends no more bits than the answer allows.
    await red.page.evaluate(GREEDY_AND_DEAF)
    await eventually(red.page, "meeting.limited.length === 3", "withheld", otherwise="meeting.limited")
    assert (await red.page.evaluate("meeting.limited"))[-1] == withheld
    assert 0 < await bitrate(red) <= SD_BITRATE * TOLERANCE
    assert await green.page.evaluate("meeting.moving()") == []
    await assert_nothing_larger_was_shown(green)
    assert OVER_CAP in await server.text("/metrics")
    assert red.errors == green.errors == []
