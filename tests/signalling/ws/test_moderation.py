"""Moderators over the wire: the effects on the node and on the others."""

import pytest

from sfu.link_messages import PauseTracks, PutRouter, PutTransport
from tests.support.link_node import LinkNode, link_node
from tests.support.offers import MEETING, small_offer
from tests.support.signalling import SECRET, RefusedByServerError, RpcClient, Signalling


async def refusal(client: RpcClient, method: str, **params: object) -> str:
    with pytest.raises(RefusedByServerError) as raised:
        await client.call(method, **params)
    return raised.value.reason


async def test_a_hard_muted_participant_is_paused_on_the_node_and_cannot_unmute(
    server: Signalling, node: LinkNode
) -> None:
    room = await server.room()
    async with server.client() as ann, server.client() as bob, server.client() as eve:
        await ann.call("join", token=server.token(room, role="moderator"))
        joined = await bob.call("join", token=server.token(room), offer=small_offer(MEETING))
        microphone = joined["tracks"][0]["track_id"]
        assert await refusal(bob, "hard-mute") == "role-forbidden"
        await ann.call("hard-mute-user-audio", client_id=joined["client_id"])
        assert (await bob.event("hardmute-user-audio"))["client_id"] == joined["client_id"]
        assert (await node.told(PauseTracks)).paused == {microphone: True}
        assert await refusal(bob, "unmute", source="microphone") == "hard-muted"
        await ann.call("hard-mute")
        late = await eve.call("join", token=server.token(room), offer=small_offer(MEETING))
        assert late["room_state"]["hard_muted"] is True
        assert {one["client_id"]: one["hard_muted"] for one in late["participants"]}[joined["client_id"]] == ["audio"]
        paused = {track.source: track.paused for track in (await node.told(PutTransport, 2)).tracks}
        assert paused == {"microphone": True, "camera": False}


async def test_a_locked_room_takes_nobody_and_leaves_their_tokens_good(server: Signalling) -> None:
    room = await server.room()
    token = server.token(room)
    async with server.client() as ann, server.client() as bob:
        await ann.call("join", token=server.token(room, role="moderator"))
        await ann.call("lock")
        assert await refusal(bob, "join", token=token) == "room-locked"
        await ann.call("unlock")
        await bob.call("join", token=token)


async def test_the_dropped_are_out_and_the_one_who_ends_it_all_gets_an_answer_first(server: Signalling) -> None:
    room = await server.room()
    async with server.client() as ann, server.client() as bob, server.client() as eve:
        await ann.call("join", token=server.token(room, role="moderator"))
        dropped = await bob.call("join", token=server.token(room))
        await eve.call("join", token=server.token(room))
        assert await refusal(bob, "destroy") == "role-forbidden"
        await ann.call("drop-user", client_ids=[dropped["client_id"]])
        assert (await bob.event("room-disconnected"))["reason"] == "disconnected-by-moderator"
        assert await bob.closed() == 1000
        assert await ann.call("destroy") == {}
        for client in (ann, eve):
            assert (await client.event("room-disconnected"))["reason"] == "disconnected-by-moderator"
            assert await client.closed() == 1000
        assert not server.sessions.is_active(room.room_id)


async def test_pins_and_the_spotlight_reach_the_node_also_when_they_were_there_before_it(server: Signalling) -> None:
    room = await server.room()
    async with server.client() as ann, server.client() as bob:
        await ann.call("join", token=server.token(room, role="moderator"))
        joined = await bob.call("join", token=server.token(room))
        bob_id = joined["client_id"]
        assert await ann.call("pin-users", client_ids=[bob_id]) == {"clients": [bob_id]}
        async with link_node(server.url, secret=SECRET) as node:
            await bob.call("negotiate", offer=small_offer(MEETING))
            assert (await node.told(PutRouter)).last == (bob_id,)
            await ann.call("add-spotlight-users", client_ids=[bob_id])
            assert (await node.told(PutRouter, 2)).first == (bob_id,)
            assert (await bob.event("updated-pinned-users"))["clientIds"] == [bob_id]
            assert (await bob.event("spotlight-users"))["users"] == [bob_id]
            assert await ann.call("unpin-users", client_ids=[bob_id]) == {"clients": []}
            router = await node.told(PutRouter, 3)
            assert (router.first, router.last) == ((bob_id,), ())


async def test_who_knocks_waits_may_resume_and_has_a_record_only_once_let_in(
    server: Signalling, node: LinkNode
) -> None:
    room = await server.room(knock=True)
    async with server.client() as ann, server.client() as bob, server.client() as again:
        joined = await bob.call("join", token=server.token(room, "Bob"), offer=small_offer(MEETING))
        assert (joined["awaited"], joined["answer"], joined["participants"]) == ("approval", None, [])
        assert await refusal(bob, "send-message", text="hello") == "still-awaited"
        moderator = await ann.call("join", token=server.token(room, role="moderator"))
        assert moderator["awaitedParticipants"] == [{"clientId": joined["client_id"], "name": "Bob"}]
        assert await refusal(bob, "approve-awaited-user", client_id=joined["client_id"]) == "still-awaited"
        bob.vanish()
        resumed = await again.call("resume", resume_token=joined["resume_token"], last_seq=0)
        assert resumed["awaited"] == "approval"
        await ann.call("leave")
        await again.call("leave")
        await server.sessions.around.journal.close()
        assert [one.name for one in await server.store.connections.list(joined["conf_num"])] == ["Ann"]
        assert node.all(PutTransport) == []


async def test_whoever_is_let_in_takes_part(server: Signalling, node: LinkNode) -> None:
    room = await server.room(knock=True)
    async with server.client() as ann, server.client() as bob:
        await ann.call("join", token=server.token(room, role="moderator"))
        joined = await bob.call("join", token=server.token(room, "Bob"))
        await ann.call("approve-awaited-user", client_id=joined["client_id"])
        assert len((await bob.event("room-allowed"))["session"]["participants"]) == 1
        await bob.call("negotiate", offer=small_offer(MEETING))
        assert (await node.told(PutTransport)).endpoint_id == joined["client_id"]
        await ann.call("leave")
        await bob.call("leave")
        await server.sessions.around.journal.close()
        records = await server.store.connections.list(joined["conf_num"])
        assert sorted(one.name for one in records) == ["Ann", "Bob"]


async def test_who_waits_may_leave(server: Signalling) -> None:
    room = await server.room(wait_for_moderator=True)
    async with server.client() as bob:
        assert (await bob.call("join", token=server.token(room)))["awaited"] == "moderator"
        assert await bob.call("leave") == {}
        assert (await bob.event("room-disconnected"))["reason"] == "left"
        assert not server.sessions.is_active(room.room_id)


async def test_a_lecture_takes_the_tracks_off_the_node_until_the_floor_is_granted(
    server: Signalling, node: LinkNode
) -> None:
    room = await server.room()
    async with server.client() as ann, server.client() as bob:
        await ann.call("join", token=server.token(room, role="moderator"))
        joined = await bob.call("join", token=server.token(room), offer=small_offer(MEETING))
        me, microphone = joined["client_id"], joined["tracks"][0]["track_id"]
        await ann.call("switch-room-mode", mode="lecture")
        assert (await bob.event("room-mode-switched"))["mode"] == "lecture"
        assert (await node.told(PutTransport, 2)).tracks == ()
        assert await refusal(bob, "publish", track_id=microphone) == "floor-required"
        await bob.call("request-floor")
        assert (await ann.event("floor-changed"))["raisedHands"] == [me]
        await ann.call("grant-floor", client_id=me)
        await bob.call("publish", track_id=microphone)
        assert [track.track_id for track in (await node.told(PutTransport, 3)).tracks] == [microphone]
        await ann.call("switch-user-role", client_id=me)
        changed = await bob.event("user-role-changed")
        assert (changed["moderator"]["new"], changed["approvedHands"]) == (me, [])
        await bob.call("lock")
        assert await refusal(ann, "unlock") == "role-forbidden"


async def test_a_scheduled_room_lets_in_from_fifteen_minutes_before_until_its_end(server: Signalling) -> None:
    now = server.clock.wall()
    closed = await server.room(kind="scheduled", starts_at=now + 16 * 60, duration=30)
    opened = await server.room(kind="scheduled", starts_at=now + 14 * 60, duration=30)
    over = await server.room(kind="scheduled", starts_at=now - 31 * 60, duration=30)
    async with server.client() as ann:
        assert await refusal(ann, "join", token=server.token(closed)) == "room-not-open"
        assert await refusal(ann, "join", token=server.token(over)) == "room-over"
        result = await ann.call("join", token=server.token(opened))
        assert 43 * 60 < result["time_left"] <= 44 * 60
        assert await refusal(ann, "extend-conference-duration") == "extension-closed"


async def test_a_session_that_is_about_to_end_says_so_at_once_and_may_be_extended(server: Signalling) -> None:
    room = await server.room(kind="scheduled", starts_at=server.clock.wall() - 22 * 60, duration=30)
    async with server.client() as ann:
        await ann.call("join", token=server.token(room))
        assert (await ann.event("conference-remaining-duration"))["timeLeft"] == 8
        assert await ann.call("extend-conference-duration") == {"extendedTime": 10}
        assert (await ann.event("conference-duration-extended"))["timeLeft"] == 18
