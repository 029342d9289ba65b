"""Negotiating, publishing, muting, slots; and nodes that come and go."""

import asyncio
from pathlib import Path

import pytest

from sfu.link_messages import (
    DeleteTransport,
    LimitSlots,
    PauseTracks,
    PutRouter,
    PutTransport,
    Reply,
    TransportState,
)
from tests.support.link_node import LinkNode, link_node
from tests.support.offers import MEETING, small_offer
from tests.support.signalling import SECRET, RefusedByServerError, Signalling, running_signalling

SCREEN = (*MEETING, ("4", "video", "sendonly"))


async def test_a_screen_share_comes_and_goes_by_renegotiation(server: Signalling, node: LinkNode) -> None:
    room = await server.room()
    async with server.client() as ann, server.client() as bob:
        await bob.call("join", token=server.token(room))
        first = await ann.call("join", token=server.token(room), offer=small_offer(MEETING))
        media = [{"mid": "4", "use": "screen"}]
        second = await ann.call("negotiate", offer=small_offer(SCREEN), media=media)
        added = [track for track in second["tracks"] if track not in first["tracks"]]
        assert [(track["source"], track["mid"]) for track in added] == [("screen", "4")]
        for _ in range(3):
            event = await bob.event("track-published")
        assert event["track"]["source"] == "screen"
        assert len({command.transport_id for command in node.all(PutTransport)}) == 1
        third = await ann.call("negotiate", offer=small_offer((*MEETING, ("4", "video", "inactive"))))
        assert third["tracks"] == first["tracks"]
        assert (await bob.event("track-unpublished"))["track_id"] == added[0]["track_id"]


async def test_a_screen_share_is_refused_where_the_room_has_none(server: Signalling, node: LinkNode) -> None:
    room = await server.room(screen_share=False)
    async with server.client() as ann:
        await ann.call("join", token=server.token(room), offer=small_offer(MEETING))
        result = await ann.call("negotiate", offer=small_offer(SCREEN), media=[{"mid": "4", "use": "screen"}])
    assert result["refused"] == [{"mid": "4", "use": "screen", "reason": "screen-share-disabled"}]
    assert "screen" not in {track["source"] for track in result["tracks"]}


async def test_an_audio_only_room_has_no_video(server: Signalling, node: LinkNode) -> None:
    room = await server.room(audio_only=True)
    async with server.client() as ann:
        result = await ann.call("join", token=server.token(room), offer=small_offer(MEETING))
    assert [track["kind"] for track in result["tracks"]] == ["audio"]
    assert [slot["use"] for slot in result["slots"]] == ["audio"]
    assert {one["reason"] for one in result["refused"]} == {"audio-only"}


async def test_video_slots_are_as_many_as_the_room_shows(server: Signalling, node: LinkNode) -> None:
    room = await server.room(max_active_talkers=2)
    offer = small_offer([(str(number), "video", "recvonly") for number in range(4)])
    async with server.client() as ann:
        result = await ann.call("join", token=server.token(room), offer=offer)
    assert [slot["mid"] for slot in result["slots"]] == ["0", "1"]
    assert [one["reason"] for one in result["refused"]] == ["too-many-slots", "too-many-slots"]


async def test_a_new_peer_connection_replaces_the_transport(server: Signalling, node: LinkNode) -> None:
    room = await server.room()
    async with server.client() as ann:
        await ann.call("join", token=server.token(room), offer=small_offer(MEETING))
        await ann.call("negotiate", offer=small_offer(MEETING, connection=1))
    old, new = node.all(PutTransport)
    assert old.transport_id != new.transport_id
    assert (await node.told(DeleteTransport)).transport_id == old.transport_id


async def test_an_ice_restart_keeps_the_transport_with_new_credentials(server: Signalling, node: LinkNode) -> None:
    room = await server.room()
    async with server.client() as ann:
        await ann.call("join", token=server.token(room), offer=small_offer(MEETING))
        await ann.call("negotiate", offer=small_offer(MEETING, ufrag="efgh"))
    before, after = node.all(PutTransport)
    assert before.transport_id == after.transport_id
    assert before.ice.local_ufrag != after.ice.local_ufrag
    assert [slot.ssrc for slot in before.slots] == [slot.ssrc for slot in after.slots]


async def test_mutes_reach_the_node_and_the_others(server: Signalling, node: LinkNode) -> None:
    room = await server.room()
    async with server.client() as ann, server.client() as bob:
        await bob.call("join", token=server.token(room))
        joined = await ann.call(
            "join",
            token=server.token(room),
            offer=small_offer(MEETING),
            media=[{"mid": "0", "use": "microphone", "muted": True}],
        )
        microphone = next(track for track in joined["tracks"] if track["source"] == "microphone")
        assert microphone["muted"] is True
        paused = {track.source: track.paused for track in (await node.told(PutTransport)).tracks}
        assert paused == {"microphone": True, "camera": False}
        await ann.call("unmute", source="microphone")
        event = await bob.event("track-unmuted")
        assert (event["client_id"], event["source"]) == (joined["client_id"], "microphone")
        assert (await node.told(PauseTracks)).paused == {microphone["track_id"]: False}


async def test_a_mute_that_the_node_does_not_take_costs_the_transport(server: Signalling, node: LinkNode) -> None:
    room = await server.room()
    async with server.client() as ann:
        await ann.call("join", token=server.token(room), offer=small_offer(MEETING))
        node.answer = lambda command: Reply(request_id=command.request_id, error="invalid")
        await ann.call("mute", source="microphone")
        assert (await ann.event("media-disconnected"))["reason"] == "node-refused"


async def test_publishing_on_and_off(server: Signalling, node: LinkNode) -> None:
    room = await server.room()
    async with server.client() as ann, server.client() as bob:
        await bob.call("join", token=server.token(room))
        media = [{"mid": "1", "use": "camera", "published": False}]
        joined = await ann.call("join", token=server.token(room), offer=small_offer(MEETING), media=media)
        camera = next(track for track in joined["tracks"] if track["source"] == "camera")
        assert camera["published"] is False
        await ann.call("publish", track_id=camera["track_id"])
        sources = [(await bob.event("track-published"))["track"]["source"] for _ in range(2)]
        assert sources == ["microphone", "camera"]
        await ann.call("unpublish", track_id=camera["track_id"])
        assert (await bob.event("track-unpublished"))["track_id"] == camera["track_id"]
        numbers = [len(command.tracks) for command in node.all(PutTransport)]
        assert numbers == [1, 2, 1]


async def test_slot_limits_reach_the_node(server: Signalling, node: LinkNode) -> None:
    room = await server.room()
    async with server.client() as ann:
        joined = await ann.call("join", token=server.token(room), offer=small_offer(MEETING))
        slot = joined["slots"][1]["slot_id"]
        await ann.call("limit-slots", max_heights={slot: 180})
        assert (await node.told(LimitSlots)).max_heights == {slot: 180}


async def test_what_the_node_says_of_talkers_reaches_each_with_their_own_slots(
    server: Signalling, node: LinkNode
) -> None:
    room = await server.room()
    async with server.client() as ann, server.client() as bob:
        one = await ann.call("join", token=server.token(room), offer=small_offer(MEETING))
        two = await bob.call("join", token=server.token(room), offer=small_offer(MEETING, connection=1))
        camera = next(track for track in two["tracks"] if track["source"] == "camera")
        await node.stage(one["conf_num"], two["client_id"], one["client_id"], speaking=(two["client_id"],))
        event = await ann.event("active-talkers-updated")
        assert event["active"] == [
            {"client_id": two["client_id"], "speaking": True},
            {"client_id": one["client_id"], "speaking": False},
        ]
        await node.fill(node.all(PutTransport)[0], {one["slots"][1]["slot_id"]: camera["track_id"]})
        event = await ann.event("active-talkers-updated")
        assert event["slots"][1] == {
            **one["slots"][1],
            "client_id": two["client_id"],
            "track_id": camera["track_id"],
        }
        assert all(slot["client_id"] is None for slot in (await bob.event("active-talkers-updated"))["slots"])


async def test_a_lost_transport_is_told_and_a_new_one_is_negotiated(server: Signalling, node: LinkNode) -> None:
    room = await server.room()
    async with server.client() as ann, server.client() as bob:
        await bob.call("join", token=server.token(room))
        await ann.call("join", token=server.token(room), offer=small_offer(MEETING))
        transport = await node.told(PutTransport)
        await node.say(TransportState(transport_id=transport.transport_id, state="lost", reason="consent"))
        assert (await ann.event("media-disconnected"))["reason"] == "transport-lost"
        await bob.event("track-unpublished")
        result = await ann.call("negotiate", offer=small_offer(MEETING, connection=1))
        assert len(result["tracks"]) == 2


async def test_when_the_node_goes_everyone_is_told_and_goes_on_with_the_next(server: Signalling) -> None:
    room = await server.room()
    async with server.client() as ann, server.client() as bob:
        async with link_node(server.url, secret=SECRET) as first:
            await ann.call("join", token=server.token(room), offer=small_offer(MEETING))
            await bob.call("join", token=server.token(room), offer=small_offer(MEETING, connection=1))
            await first.socket.close()
        assert (await ann.event("media-disconnected"))["reason"] == "node-gone"
        assert (await bob.event("media-disconnected"))["reason"] == "node-gone"
        with pytest.raises(RefusedByServerError, match="no-media-node"):
            await ann.call("negotiate", offer=small_offer(MEETING, connection=2))
        async with link_node(server.url, secret=SECRET, node_id="n2") as second:
            for connection, client in enumerate((ann, bob), 3):
                result = await client.call("negotiate", offer=small_offer(MEETING, connection=connection))
                assert len(result["tracks"]) == 2
            assert len(second.all(PutRouter)) == 1
            assert len(second.all(PutTransport)) == 2


async def test_a_node_that_was_only_away_keeps_its_transports_and_is_brought_up_to_date(tmp_path: Path) -> None:
    async with running_signalling(tmp_path, node_grace=60.0) as server:
        room = await server.room()
        async with server.client() as ann, server.client() as bob:
            async with link_node(server.url, secret=SECRET) as first:
                await ann.call("join", token=server.token(room), offer=small_offer(MEETING))
                await bob.call("join", token=server.token(room), offer=small_offer(MEETING, connection=1))
                kept = first.all(PutTransport)[0].transport_id
                await first.socket.close()
            await until_unlinked(server)
            await ann.call("mute", source="microphone")
            async with link_node(server.url, secret=SECRET, transports=(kept, "unknown")) as again:
                put = await again.told(PutTransport)
                assert put.transport_id == kept
                assert {track.source: track.paused for track in put.tracks} == {"microphone": True, "camera": False}
                assert (await again.told(DeleteTransport)).transport_id == "unknown"
                assert (await bob.event("media-disconnected"))["reason"] == "node-gone"
                assert await ann.call("unmute", source="microphone") == {}
                await again.told(PauseTracks)


async def test_a_node_that_was_restarted_gets_the_session_again(tmp_path: Path) -> None:
    async with running_signalling(tmp_path, node_grace=60.0) as server:
        room = await server.room()
        async with server.client() as ann:
            async with link_node(server.url, secret=SECRET) as first:
                joined = await ann.call("join", token=server.token(room), offer=small_offer(MEETING))
                await first.socket.close()
            await until_unlinked(server)
            async with link_node(server.url, secret=SECRET) as again:
                assert (await ann.event("media-disconnected"))["reason"] == "node-gone"
                await ann.call("negotiate", offer=small_offer(MEETING, connection=1))
                kinds = [type(command) for command in again.commands]
                assert kinds.index(PutRouter) < kinds.index(PutTransport)
                assert again.all(PutRouter)[0].router_id == joined["conf_num"]


async def test_the_sessions_of_a_dead_process_go_on_at_another_and_no_other_session_notices(tmp_path: Path) -> None:
    async with (
        running_signalling(tmp_path, node_grace=60.0) as server,
        link_node(server.url, secret=SECRET) as first,
        link_node(server.url, secret=SECRET, node_id="n2") as second,
        server.client() as ann,
        server.client() as bob,
    ):
        await ann.call("join", token=server.token(await server.room()), offer=small_offer(MEETING))
        await bob.call("join", token=server.token(await server.room()), offer=small_offer(MEETING, connection=1))
        assert len(first.all(PutTransport)) == len(second.all(PutTransport)) == 1
        server.links.died("n1")
        assert (await ann.event("media-disconnected"))["reason"] == "node-gone"
        await ann.call("negotiate", offer=small_offer(MEETING, connection=2))
        assert len(second.all(PutTransport)) == 2
        await first.socket.close()
        assert await bob.call("mute", source="microphone") == {}
        heard = [bob.events.get_nowait() for _ in range(bob.events.qsize())]
        assert "media-disconnected" not in [event["method"] for event in heard if event]


async def test_without_another_node_a_session_waits_for_the_dead_process(tmp_path: Path) -> None:
    async with running_signalling(tmp_path, node_grace=60.0) as server, server.client() as ann:
        async with link_node(server.url, secret=SECRET) as node:
            await ann.call("join", token=server.token(await server.room()), offer=small_offer(MEETING))
            kept = node.all(PutTransport)[0].transport_id
            server.links.died("n1")
            await node.socket.close()
        await until_unlinked(server)
        async with link_node(server.url, secret=SECRET, transports=(kept,)) as again:
            assert (await again.told(PutTransport)).transport_id == kept


async def test_a_node_that_does_not_answer_is_not_waited_for_forever(tmp_path: Path) -> None:
    async with (
        running_signalling(tmp_path, link_timeout=0.2) as server,
        link_node(server.url, secret=SECRET) as node,
        server.client() as ann,
    ):
        node.answer = lambda command: None
        room = await server.room()
        result = await ann.call("join", token=server.token(room), offer=small_offer(MEETING))
        assert result["tracks"] == []
        await ann.event("media-disconnected")


async def test_two_negotiations_of_one_participant_do_not_get_mixed_up(server: Signalling, node: LinkNode) -> None:
    room = await server.room()
    async with server.client() as ann:
        await ann.call("join", token=server.token(room), offer=small_offer(MEETING))
        answers = await asyncio.gather(
            ann.call("negotiate", offer=small_offer(SCREEN), media=[{"mid": "4", "use": "screen"}]),
            ann.call("negotiate", offer=small_offer(MEETING, connection=5)),
        )
    assert [len(answer["tracks"]) for answer in answers] == [3, 2]
    assert node.all(PutTransport)[-1].tracks[0].track_id == answers[1]["tracks"][0]["track_id"]


async def until_unlinked(server: Signalling) -> None:
    async with asyncio.timeout(60):
        while server.sessions.around.nodes.linked():
            await asyncio.sleep(0.01)
