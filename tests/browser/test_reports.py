"""A call between two real Chromiums, as its reports have it: what the media node measured is what the browsers did."""

import asyncio
from collections.abc import Callable

import pytest
from playwright.async_api import Browser

from tests.browser.participant import Participant, chromium_participant
from tests.support.server import Server

KINDS = ("audio", "video")
SECONDS = 13
"""Two intervals of the media node at least."""

# Without what only fills the line up; sizes are those of payloads, as in the reports.
BYTES = """probe.stats().then((all) => {
  const sum = (type, kind, value) =>
    all.filter((one) => one.type === type && one.kind === kind).reduce((total, one) => total + value(one), 0);
  const sent = (kind) => sum("outbound-rtp", kind, (one) => one.bytesSent - (one.retransmittedBytesSent ?? 0));
  const received = (kind) =>
    sum("inbound-rtp", kind, (one) => one.bytesReceived - (one.retransmittedBytesReceived ?? 0));
  return { send: { audio: sent("audio"), video: sent("video") },
           receive: { audio: received("audio"), video: received("video") } };
})"""
Bytes = dict[str, dict[str, int]]


async def test_the_bitrates_of_the_reports_are_those_of_the_browsers(
    server: Server, browser: Browser, measured: Callable[[str], None]
) -> None:
    room = await server.create_room()
    red, green = [await chromium_participant(server, browser, name) for name in ("red", "green")]
    for one in (red, green):
        await one.join(room.room_id, talking=True)
    await red.sees(green)
    await green.sees(red)
    loop = asyncio.get_running_loop()
    began, before = loop.time(), {one.name: await totals(one) for one in (red, green)}
    await asyncio.sleep(SECONDS)
    passed, after = loop.time() - began, {one.name: await totals(one) for one in (red, green)}
    for one in (red, green):
        await one.leave()
    # A report is there when the leave is in the database.
    while len(reports := {report["user"]["name"]: report for report in await server.reports(room.room_id)}) < 2:
        await asyncio.sleep(0.1)
    assert reports.keys() == {"red", "green"}
    for name, other in (("red", "green"), ("green", "red")):
        report = reports[name]
        assert report["published_track"]["audio"] is True
        assert report["published_track"]["video"] is True
        assert report["room"]["duration"] >= SECONDS
        figures = {way: {kind: report["stats_quality"][way][kind] for kind in KINDS} for way in ("send", "receive")}
        seen = {
            who: {
                way: {kind: (after[who][way][kind] - before[who][way][kind]) * 8 / passed for kind in KINDS}
                for way in ("send", "receive")
            }
            for who in (name, other)
        }
        for way in ("send", "receive"):
            for kind in KINDS:
                measured(f"{name} {way} {kind}: browser {seen[name][way][kind]:.0f} bit/s, report {figures[way][kind]}")
        for way, kind in (("send", "audio"), ("receive", "audio"), ("receive", "video")):
            assert figures[way][kind]["avg_bitrate"] == pytest.approx(seen[name][way][kind], rel=0.5), (way, kind)
        # A browser also sends old video again to probe the line, and the other one gets one layer of several.
        sent = figures["send"]["video"]["avg_bitrate"]
        assert 0.5 * seen[other]["receive"]["video"] <= sent <= 1.5 * seen[name]["send"]["video"]


async def totals(one: Participant) -> Bytes:
    return dict(await one.page.evaluate(BYTES))
