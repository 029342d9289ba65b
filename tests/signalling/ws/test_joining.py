"""Join, leave, and who is let in."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sfu.link_messages import DeleteRouter, DeleteTransport, PutRouter, PutTransport, Reply
from signalling.domain.room import Role
from signalling.journal import Entry
from tests.support.link_node import FINGERPRINT, LinkNode
from tests.support.offers import MEETING, small_offer
from tests.support.signalling import RefusedByServerError, RpcClient, Signalling, running_signalling


async def refusal(client: RpcClient, method: str, **params: Any) -> str:
    with pytest.raises(RefusedByServerError) as raised:
        await client.call(method, **params)
    return raised.value.reason


async def test_a_join_with_an_offer_does_everything_in_one_round_trip(server: Signalling, node: LinkNode) -> None:
    room = await server.room(max_active_talkers=3)
    async with server.client() as ann:
        result = await ann.call("join", token=server.token(room), offer=small_offer(MEETING))
    assert FINGERPRINT.value in result["answer"]
    assert {track["source"] for track in result["tracks"]} == {"microphone", "camera"}
    assert [slot["use"] for slot in result["slots"]] == ["audio", "video"]
    assert result["refused"] == []
    assert result["room"]["room_id"] == room.room_id
    assert result["room"]["settings"]["max_active_talkers"] == 3
    assert result["room"]["data"] == {"team": 7}
    assert result["permissions"]["publish"] is True
    router, transport = node.all(PutRouter)[0], node.all(PutTransport)[0]
    assert router.router_id == transport.router_id == result["conf_num"]
    assert router.max_video_slots == 3
    assert transport.endpoint_id == result["client_id"]
    assert {track.track_id for track in transport.tracks} == {track["track_id"] for track in result["tracks"]}


async def test_people_see_each_other_come_publish_and_go(server: Signalling, node: LinkNode) -> None:
    room = await server.room()
    async with server.client() as ann, server.client() as bob:
        await ann.call("join", token=server.token(room, "Ann"))
        joined = await bob.call("join", token=server.token(room, "Bob"), offer=small_offer(MEETING))
        assert [one["name"] for one in joined["participants"]] == ["Ann"]
        assert joined["participants"][0]["data"] == {"from": "token"}
        assert (await ann.event("user-connected"))["participant"]["user_ref"] == "ref-Bob"
        assert (await ann.event("track-published"))["client_id"] == joined["client_id"]
        assert await bob.call("leave") == {}
        assert (await bob.event("room-disconnected"))["reason"] == "left"
        assert await bob.closed() == 1000
        gone = await ann.event("user-disconnected")
        assert (gone["client_id"], gone["reason"]) == (joined["client_id"], "left")
        await node.told(DeleteTransport)


async def test_events_are_numbered_without_gaps(server: Signalling) -> None:
    room = await server.room()
    async with server.client() as ann, server.client() as bob:
        await ann.call("join", token=server.token(room))
        await bob.call("join", token=server.token(room))
        await bob.call("send-message", text="one")
        await bob.call("leave")
        await ann.event("user-disconnected")
        assert ann.last_seq == 3


async def test_joins_and_leaves_are_stored_and_the_session_ends_with_the_last(
    server: Signalling, node: LinkNode
) -> None:
    room = await server.room()
    async with server.client(User_Agent="Browser/1") as ann:
        result = await ann.call("join", token=server.token(room, "Ann"), offer=small_offer(MEETING))
        assert server.sessions.is_active(room.room_id)
        assert [(user.name, user.role) for user in server.sessions.active_users(room.room_id)] == [
            ("Ann", "participant")
        ]
        await ann.call("leave")
    await node.told(DeleteRouter)
    assert not server.sessions.is_active(room.room_id)
    assert server.sessions.active_users(room.room_id) == []
    await server.sessions.around.journal.drained()
    (record,) = await server.store.connections.list(result["conf_num"])
    assert (record.name, record.agent, record.address) == ("Ann", "Browser/1", "127.0.0.1")
    assert record.left_at is not None and record.left_at >= record.joined_at
    session = await server.store.sessions.get(result["conf_num"])
    assert session is not None and session.closed_at is not None


async def test_a_token_is_good_for_one_join_however_many_try_at_once(server: Signalling) -> None:
    token = server.token(await server.room())
    async with server.client() as one, server.client() as two, server.client() as three:
        answers = await asyncio.gather(*(client.request("join", {"token": token}) for client in (one, two, three)))
    reasons = sorted(answer["error"]["data"]["reason"] for answer in answers if "error" in answer)
    assert reasons == ["token-used", "token-used"]


async def test_tokens_that_open_nothing(server: Signalling) -> None:
    room = await server.room()
    async with server.client() as ann:
        assert await refusal(ann, "join", token="nonsense") == "token-invalid"
        assert await refusal(ann, "join", token=server.token(room, now=server.clock.wall() - 901)) == "token-expired"
        assert await refusal(ann, "join", token=server.token(room), room_id="another") == "token-wrong-room"
        assert await refusal(ann, "join", token=server.token(room, role="audience")) == "role-forbidden"
        await ann.call("join", token=server.token(room))


async def test_what_refuses_a_join_leaves_the_token_unused(server: Signalling, node: LinkNode) -> None:
    room = await server.room(participants=1)
    token = server.token(room)
    async with server.client() as ann, server.client() as bob:
        assert await refusal(ann, "join", token=token, offer="nonsense") == "bad-offer"
        assert not server.sessions.is_active(room.room_id)
        first = await bob.call("join", token=server.token(room))
        assert await refusal(ann, "join", token=token) == "room-full"
        await bob.call("leave")
        second = await ann.call("join", token=token)
        assert first["conf_num"] != second["conf_num"]


async def test_limits_hold_when_everyone_joins_at_once(server: Signalling) -> None:
    room = await server.room(participants=2)
    async with server.client() as one, server.client() as two, server.client() as three:
        answers = await asyncio.gather(
            *(client.request("join", {"token": server.token(room)}) for client in (one, two, three))
        )
        assert sum("result" in answer for answer in answers) == 2
        assert len({answer["result"]["conf_num"] for answer in answers if "result" in answer}) == 1
        assert [answer["error"]["data"]["reason"] for answer in answers if "error" in answer] == ["room-full"]


async def test_rooms_that_are_gone_or_not_open(server: Signalling) -> None:
    gone = await server.room()
    await server.store.rooms.delete("app", gone.room_id)
    later = await server.room(kind="scheduled", starts_at=server.clock.wall() + 3600, duration=30)
    over = await server.room(kind="scheduled", starts_at=server.clock.wall() - 3600, duration=30)
    async with server.client() as ann:
        assert await refusal(ann, "join", token=server.token(gone)) == "room-not-found"
        assert await refusal(ann, "join", token=server.token(later)) == "room-not-open"
        assert await refusal(ann, "join", token=server.token(over)) == "room-over"


async def test_an_adhoc_room_that_served_its_session_takes_nobody_in_before_it_is_deleted(
    server: Signalling, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await server.room(kind="adhoc")
    late = server.token(room)
    async with server.client() as ann, server.client() as bob:
        await ann.call("join", token=server.token(room))
        await server.sessions.around.journal.drained()
        held = asyncio.Event()
        keep = server.store.chronicle.keep

        async def keep_slowly(entries: Sequence[Entry]) -> None:
            await held.wait()
            await keep(entries)

        monkeypatch.setattr(server.sessions.around.journal, "_keep", keep_slowly)
        await ann.call("leave")
        assert await refusal(bob, "join", token=late) == "room-over"
        held.set()
        await server.sessions.around.journal.drained()
        assert await refusal(bob, "join", token=late) == "room-not-found"


async def test_a_program_whose_name_is_no_text_is_stored_all_the_same(server: Signalling) -> None:
    room = await server.room()
    host, port = server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    upgrade = (
        "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    )
    writer.write(upgrade.encode() + b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nUser-Agent: b\xfft\r\n\r\n")
    join = {"jsonrpc": "2.0", "id": 1, "method": "join", "params": {"token": server.token(room)}}
    text = json.dumps(join).encode()
    # A frame of text, masked with zeros (RFC 6455 section 5.2).
    writer.write(bytes([0x81, 0xFE]) + len(text).to_bytes(2, "big") + bytes(4) + text)
    await reader.readuntil(b"conf_num")
    session = server.sessions.find(room.room_id)
    assert session is not None
    await server.sessions.around.journal.drained()
    (stay,) = await server.store.connections.list(session.conf_num)
    assert (stay.agent[0], stay.agent[-1]) == ("b", "t")
    writer.close()


async def test_nobody_is_shut_out_for_not_joining_while_the_database_takes_its_time(tmp_path: Path) -> None:
    async with running_signalling(tmp_path, join_timeout=1.5) as server:
        use = server.store.used_tokens.use

        async def use_slowly(jti: str, expires: float) -> bool:
            await asyncio.sleep(1.7)
            return await use(jti, expires)

        server.store.used_tokens.use = use_slowly  # type: ignore[method-assign]  # a database that is busy
        room = await server.room()
        token = server.token(room)
        async with server.client() as ann:
            assert (await ann.call("join", token=token))["client_id"]
            assert await ann.call("ping") == {}
        async with server.client() as bob:
            # A join that comes in time and is refused late leaves a connection that has not joined.
            assert await refusal(bob, "join", token=token) == "token-used"
            assert await bob.closed() == 4001


async def test_a_connection_joins_once(server: Signalling) -> None:
    room = await server.room()
    async with server.client() as ann:
        await ann.call("join", token=server.token(room))
        assert await refusal(ann, "join", token=server.token(room)) == "already-joined"


async def test_without_a_media_node_people_join_but_do_not_negotiate(server: Signalling) -> None:
    room = await server.room()
    async with server.client() as ann:
        token = server.token(room)
        assert await refusal(ann, "join", token=token, offer=small_offer(MEETING)) == "no-media-node"
        result = await ann.call("join", token=token)
        assert result["answer"] is None
        assert await refusal(ann, "negotiate", offer=small_offer(MEETING)) == "no-media-node"


async def test_a_node_that_refuses_the_transport_does_not_undo_the_join(server: Signalling, node: LinkNode) -> None:
    node.answer = lambda command: Reply(
        request_id=command.request_id, error="overloaded" if isinstance(command, PutTransport) else None
    )
    room = await server.room()
    async with server.client() as ann:
        result = await ann.call("join", token=server.token(room), offer=small_offer(MEETING))
        assert result["tracks"] == [] and result["slots"] == []
        assert (await ann.event("media-disconnected"))["reason"] == "node-refused"
        assert await refusal(ann, "negotiate", offer=small_offer(MEETING, connection=1)) == "no-media-node"
        node.answer = lambda command: Reply(request_id=command.request_id)
        assert (await ann.call("negotiate", offer=small_offer(MEETING, connection=2)))["tracks"]


@pytest.mark.parametrize(("role", "sources"), [("viewer", set()), ("moderator", {"microphone", "camera"})])
async def test_the_role_decides_what_of_an_offer_is_accepted(
    server: Signalling, node: LinkNode, role: Role, sources: set[str]
) -> None:
    room = await server.room()
    async with server.client() as ann:
        result = await ann.call("join", token=server.token(room, role=role), offer=small_offer(MEETING))
    assert {track["source"] for track in result["tracks"]} == sources
    assert len(result["slots"]) == 2
    refused = [(one["use"], one["reason"]) for one in result["refused"]]
    assert refused == ([] if sources else [("microphone", "role-forbidden"), ("camera", "role-forbidden")])


async def test_the_name_is_the_tokens(server: Signalling) -> None:
    room = await server.room()
    async with server.client() as ann, server.client() as bob:
        await ann.call("join", token=server.token(room, "Ann"), name="The King", data={"own": True})
        joined = await bob.call("join", token=server.token(room, "Bob"))
        assert joined["participants"][0]["name"] == "Ann"
        assert joined["participants"][0]["data"] == {"own": True}


async def test_nothing_but_join_and_resume_before_joining(server: Signalling) -> None:
    async with server.client() as ann:
        assert await refusal(ann, "leave") == "not-joined"
        assert await refusal(ann, "send-message", text="hi") == "not-joined"
        assert await refusal(ann, "negotiate", offer="v=0") == "not-joined"
        assert await ann.call("ping") == {}
