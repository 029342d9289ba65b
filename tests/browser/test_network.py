"""Paths that are worse than a cable: TCP only, loss, a dropped WebSocket. And how long a join takes."""

import statistics
from collections.abc import Callable

from playwright.async_api import Browser

from tests.browser.participant import Participant, chromium_participant
from tests.support.page import eventually
from tests.support.relay import Impairment, udp_relay
from tests.support.server import Server

TCP_ONLY = "({protocol, ip, port}) => protocol === 'tcp' && {ip, port}"
JOINS = 3
# Frames of several packets, often: what is lost is known to be by what follows at once. (Of one small frame each 67 ms
# the loss is known 67 ms later, and Chromium calls a pause of 217 ms a freeze.)
REAL_CAMERA = {"rate": 30, "grain": 60}
# The longest pause between two frames, in milliseconds. What is lost comes again before it is missed; a packet that
# nobody sends again costs up to 2 s, until the next keyframe. A busy machine alone makes pauses of 250 ms.
GAP = 1000


def through(port: int) -> str:
    """Leaves no candidate but a relay's."""
    return f"({{protocol, ip}}) => protocol === 'udp' && ip === '127.0.0.1' && {{ip, port: {port}}}"


async def pair(
    server: Server, browser: Browser, candidates: str, camera: dict[str, int] | None = None
) -> tuple[Participant, Participant]:
    """Red and green in one room, each seeing the other; both connect by `candidates` only. See `probe.camera`."""
    red = await chromium_participant(server, browser, "red", candidates=candidates)
    green = await chromium_participant(server, browser, "green", candidates=candidates)
    room = await server.create_room()
    for participant in (red, green):
        await participant.join(room.room_id, talking=True, camera=camera or {})
    await red.sees(green)
    await green.sees(red)
    return red, green


async def test_two_meet_over_tcp_only(server: Server, browser: Browser) -> None:
    red, green = await pair(server, browser, TCP_ONLY)
    await red.hears(green)
    await green.hears(red)
    for participant in (red, green):
        path = await participant.page.evaluate("probe.path()")
        assert path["protocol"] == "tcp"
        assert path["remotePort"] == server.media_port


async def longest_gaps(red: Participant, green: Participant) -> tuple[float, float]:
    """The longest pause that each sees in the next 300 frames of green's."""
    for participant in (red, green):
        await participant.page.evaluate("meeting.restartGaps()")
    wanted = (await green.video())["decoded"] + 300
    await eventually(
        green.page, f"meeting.video().then(({{decoded}}) => decoded > {wanted})", "ten seconds", timeout=120
    )
    gap_of_red, gap_of_green = [await one.page.evaluate("meeting.longestGap()") for one in (red, green)]
    return round(gap_of_red), round(gap_of_green)


async def test_five_percent_loss_in_both_directions_freezes_nothing(
    server: Server, browser: Browser, measured: Callable[[str], None]
) -> None:
    impairment = Impairment(loss=0.05, delay=0.01, reordering=0.01)
    async with udp_relay(("127.0.0.1", server.media_port), impairment, seed=5) as relay:
        red, green = await pair(server, browser, through(relay.address[1]), REAL_CAMERA)
        gaps = [await longest_gaps(red, green)]
        # On a machine that is busy with other things a second may pass without a frame whatever the network does. A
        # loss that nobody mends is there each time: some twenty packets are lost in ten seconds.
        while max(gaps[-1]) >= GAP and len(gaps) < 3:
            gaps.append(await longest_gaps(red, green))
        assert max(gaps[-1]) < GAP
        for participant in (red, green):
            video = await participant.video()
            measured(f"5 % loss, {participant.name}: {video}, longest gaps of both {gaps}")
            assert video["recovered"] > 0
            assert (await participant.page.evaluate("probe.path()"))["remotePort"] == relay.address[1]
        assert relay.up.lost > 20
        assert relay.down.lost > 20


async def test_a_dropped_websocket_is_resumed_without_touching_the_media(server: Server, browser: Browser) -> None:
    red, green = await pair(server, browser, "null")
    for participant in (red, green):
        await participant.page.evaluate("meeting.restartGaps()")
    await red.page.evaluate("probe.sockets.at(-1).close()")
    await red.happened("reconnecting")
    await red.happened("reconnected")
    await green.page.evaluate("meeting.room.sendMessage('still there?')")
    await red.happened("message-received")
    for participant in (red, green):
        # Another negotiation would show in the connections; the pause is bounded by what a busy machine may take.
        assert await participant.page.evaluate("meeting.longestGap()") < 3 * GAP
        assert await participant.page.evaluate("probe.connections.length") == 1
        assert await participant.events("user-disconnected") == []


async def test_how_long_a_join_takes_is_reported(
    server: Server, browser: Browser, measured: Callable[[str], None]
) -> None:
    red = await chromium_participant(server, browser, "red")
    room = await server.create_room()
    await red.join(room.room_id)
    taken = []
    for _ in range(JOINS):
        green = await chromium_participant(server, browser, "green")
        await green.join(room.room_id)
        first = await eventually(green.page, "meeting.people()[0]?.first", "the first frame", every=0.5)
        taken.append(first - await green.page.evaluate("probe.socketsOpenedAt[0]"))
        await green.leave()
        await green.close()
    median = statistics.median(taken)
    measured(
        f"join, from the WebSocket opened to the first frame shown: median {median:.0f} ms of {JOINS}, "
        f"{min(taken):.0f} to {max(taken):.0f}"
    )
