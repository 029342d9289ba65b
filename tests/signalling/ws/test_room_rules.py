"""What the definition of a room means for its sessions: limits, kinds, zones, quality, and changes meanwhile."""

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest

from sfu.link_messages import Cap, PutRouter, PutTransport, TrackLimited
from signalling.domain.room import Room
from signalling.store.rooms import RoomInUseError
from tests.support.link_node import LinkNode, link_node
from tests.support.offers import MEETING, small_offer
from tests.support.signalling import SECRET, RpcClient, Signalling


async def refusal(client: RpcClient, method: str, **params: Any) -> str:
    """The reason why a request is refused."""
    answer = await client.request(method, params)
    return str(answer["error"]["data"]["reason"])


def with_settings(**changes: Any) -> Any:
    """A change of a stored room, as PATCH makes it."""

    def change(room: Room) -> Room:
        return replace(room, settings=room.settings.model_copy(update=changes), data={"team": 8})

    return change


async def test_a_change_of_the_room_is_for_later_sessions(server: Signalling) -> None:
    room = await server.room(participants=1)
    async with server.client() as ann, server.client() as bob, server.client() as eve:
        await ann.call("join", token=server.token(room))
        await server.store.rooms.update("app", room.room_id, with_settings(participants=2, knock=True))
        assert await refusal(bob, "join", token=server.token(room)) == "room-full"
        mod = await eve.call("join", token=server.token(room, role="moderator"))
        assert (mod["room"]["settings"]["knock"], mod["room"]["data"]) == (False, {"team": 7})
        await ann.call("leave")
        await eve.call("leave")
    await server.sessions.around.journal.drained()
    async with server.client() as ann:
        later = await ann.call("join", token=server.token(room))
        assert (later["awaited"], later["room"]["data"]) == ("approval", {"team": 8})


async def test_a_room_in_which_people_only_wait_is_active(server: Signalling) -> None:
    room = await server.room(knock=True)
    async with server.client() as ann:
        await ann.call("join", token=server.token(room))
        assert server.sessions.is_active(room.room_id)
        assert server.sessions.active_users(room.room_id) == []
        with pytest.raises(RoomInUseError):
            await server.store.rooms.delete("app", room.room_id)
        await ann.call("leave")
        await server.sessions.around.journal.drained()
        assert await server.store.rooms.delete("app", room.room_id)


async def test_an_adhoc_room_serves_one_session_or_its_duration(server: Signalling) -> None:
    once = await server.room(kind="adhoc")
    often = await server.room(kind="adhoc", duration=10)
    for room, left in ((once, False), (often, True), (often, True)):
        async with server.client() as ann:
            joined = await ann.call("join", token=server.token(room))
            assert (joined["time_left"] is None) == (room is once)
            await ann.call("leave")
        await server.sessions.around.journal.drained()
        assert (await server.store.rooms.get(room.room_id) is not None) == left
    # Its time begins with the first session, and the room goes when that is over.
    assert await server.store.rooms.delete_used_up(server.clock.wall() + 9 * 60) == 0
    assert await server.store.rooms.delete_used_up(server.clock.wall() + 11 * 60) == 1


async def test_media_stays_in_the_zone_of_the_room(server: Signalling) -> None:
    room = await server.room(media_zone="IN")
    token = server.token(room)
    offer = small_offer(MEETING)
    async with link_node(server.url, secret=SECRET, node_id="us", zone="US") as far, server.client() as ann:
        assert await refusal(ann, "join", token=token, offer=offer) == "no-media-node"
        async with link_node(server.url, secret=SECRET, node_id="xx", zone="XX") as anywhere:
            await until_linked(server, 2)
            await ann.call("join", token=token, offer=offer)
            assert len(anywhere.all(PutTransport)) == 1
        other = await server.room(media_zone="IN")
        async with link_node(server.url, secret=SECRET, node_id="in", zone="IN") as near, server.client() as bob:
            await until_linked(server, 2)
            await bob.call("join", token=server.token(other), offer=offer)
            assert len(near.all(PutTransport)) == 1
        assert far.all(PutTransport) == []


async def until_linked(server: Signalling, number: int) -> None:
    async with asyncio.timeout(60):
        while len(server.sessions.around.nodes.linked()) != number:
            await asyncio.sleep(0.01)


async def test_the_node_shows_no_more_talkers_than_the_room(server: Signalling, node: LinkNode) -> None:
    room = await server.room(max_active_talkers=3)
    async with server.client() as ann:
        await ann.call("join", token=server.token(room), offer=small_offer(MEETING))
    assert (await node.told(PutRouter)).max_video_slots == 3


@pytest.mark.parametrize(
    ("quality", "camera", "screen"),
    [
        ("LD", Cap(long_side=640, short_side=360, bitrate=600_000), Cap(bitrate=1_500_000)),
        ("SD", Cap(long_side=640, short_side=480, bitrate=1_000_000), Cap(bitrate=2_500_000)),
        ("HD", Cap(long_side=1280, short_side=720, bitrate=2_500_000), Cap(bitrate=4_000_000)),
    ],
)
async def test_the_quality_of_the_room_caps_what_is_published(
    server: Signalling, node: LinkNode, quality: str, camera: Cap, screen: Cap
) -> None:
    room = await server.room(quality=quality, canvas=True)
    offer = small_offer([("0", "audio", "sendonly"), *((str(mid), "video", "sendonly") for mid in (1, 2, 3))])
    uses = [{"mid": "1", "use": "camera"}, {"mid": "2", "use": "canvas"}, {"mid": "3", "use": "screen"}]
    async with server.client() as ann:
        result = await ann.call("join", token=server.token(room), offer=offer, media=uses)
    caps = {track.source: track.cap for track in (await node.told(PutTransport)).tracks}
    assert caps == {"microphone": None, "camera": camera, "canvas": camera, "screen": screen}
    told = [int(bitrate) for bitrate in re.findall(r"^b=TIAS:(\d+)\r$", result["answer"], re.MULTILINE)]
    assert told == [camera.bitrate, camera.bitrate, screen.bitrate]


async def test_the_publisher_is_told_that_a_track_is_withheld(server: Signalling, node: LinkNode) -> None:
    room = await server.room(quality="LD")
    async with server.client() as ann, server.client() as bob:
        await bob.call("join", token=server.token(room))
        joined = await ann.call("join", token=server.token(room), offer=small_offer(MEETING))
        transport = (await node.told(PutTransport)).transport_id
        track = joined["tracks"][1]["track_id"]
        for layers in ({"f": "resolution", "h": "bitrate"}, {}):
            await node.say(
                TrackLimited.model_validate({"transport_id": transport, "track_id": track, "layers": layers})
            )
        await node.say(TrackLimited(transport_id="gone", track_id=track, layers={}))
        await node.say(TrackLimited(transport_id=transport, track_id="gone", layers={}))
        first, second = await ann.event("track-limited"), await ann.event("track-limited")
        assert first["layers"] == [{"rid": "f", "reason": "resolution"}, {"rid": "h", "reason": "bitrate"}]
        assert (second["track_id"], second["layers"]) == (track, [])
        await ann.call("ping")
        assert ann.events.empty()
        await bob.call("ping")
        while not bob.events.empty():
            event = bob.events.get_nowait()
            assert event is not None and event["method"] != "track-limited"
