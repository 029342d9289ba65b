"""Connections that break, and come back or not."""

from pathlib import Path
from typing import Any

import pytest

from sfu.link_messages import DeleteTransport, PutTransport
from tests.support.link_node import LinkNode
from tests.support.offers import MEETING, small_offer
from tests.support.signalling import RefusedByServerError, RpcClient, Signalling, running_signalling


async def drain(client: RpcClient, last: str) -> list[dict[str, Any]]:
    """All events up to the first one of a name."""
    events = []
    while True:
        event = await client.events.get()
        assert event is not None
        events.append(event)
        if event["method"] == last:
            return events


async def test_a_resumed_connection_gets_the_events_that_it_missed_and_keeps_its_media(
    server: Signalling, node: LinkNode
) -> None:
    room = await server.room()
    async with server.client() as ann, server.client() as bob, server.client() as again:
        joined = await ann.call("join", token=server.token(room), offer=small_offer(MEETING))
        await bob.call("join", token=server.token(room, "Bob"))
        await ann.event("user-connected")
        ann.vanish()
        assert (await bob.event("user-reconnecting"))["client_id"] == joined["client_id"]
        await bob.call("send-message", text="are you there?")
        await bob.call("set-data", data={"mood": "worried"})

        result = await again.call("resume", resume_token=joined["resume_token"], last_seq=ann.last_seq)
        assert result["client_id"] == joined["client_id"]
        assert result["tracks"] == joined["tracks"]
        assert result["slots"] == joined["slots"]
        assert result["participants"][0]["data"] == {"mood": "worried"}
        assert result["events_lost"] == 0
        missed = await drain(again, "user-data-changed")
        assert [event["method"] for event in missed] == ["message-received", "user-data-changed"]
        assert [event["params"]["seq"] for event in missed] == [ann.last_seq + 1, ann.last_seq + 2]
        assert (await bob.event("user-reconnected"))["client_id"] == joined["client_id"]
        assert await again.call("mute", source="microphone") == {}
        assert node.all(DeleteTransport) == [] and len(node.all(PutTransport)) == 1


async def test_a_resume_takes_over_from_a_connection_that_still_looks_alive(server: Signalling) -> None:
    room = await server.room()
    async with server.client() as ann, server.client() as bob, server.client() as again:
        joined = await ann.call("join", token=server.token(room))
        await again.call("resume", resume_token=joined["resume_token"], last_seq=0)
        assert (await ann.event("room-disconnected"))["reason"] == "replaced"
        assert await ann.closed() == 4003
        await bob.call("join", token=server.token(room))
        assert (await again.event("user-connected"))["seq"] == 1


async def test_whoever_does_not_come_back_is_gone_after_the_grace_time(tmp_path: Path) -> None:
    async with running_signalling(tmp_path, resume_grace=0.3) as server:
        room = await server.room()
        async with server.client() as ann, server.client() as bob, server.client() as again:
            joined = await ann.call("join", token=server.token(room))
            await bob.call("join", token=server.token(room))
            ann.vanish()
            await bob.event("user-reconnecting")
            noticed_at = server.clock.wall()
            gone = await bob.event("user-disconnected")
            assert (gone["client_id"], gone["reason"]) == (joined["client_id"], "connection-lost")
            with pytest.raises(RefusedByServerError, match="resume-failed"):
                await again.call("resume", resume_token=joined["resume_token"], last_seq=0)
            await bob.call("leave")
        await server.sessions.around.journal.drained()
        record, _ = await server.store.connections.list(joined["conf_num"])
        # The stay ended when the connection broke, not when patience ran out.
        assert record.left_at is not None and record.left_at <= noticed_at


async def test_whoever_leaves_or_closes_the_page_cannot_resume_and_is_gone_at_once(server: Signalling) -> None:
    room = await server.room()
    async with server.client() as ann, server.client() as bob, server.client() as again:
        joined = await ann.call("join", token=server.token(room))
        await bob.call("join", token=server.token(room))
        # A connection that is closed with something unread in it is reset, and the server may never read the code.
        await ann.event("user-connected")
        await ann.socket.close(code=1001)
        assert (await bob.event("user-disconnected"))["reason"] == "left"
        with pytest.raises(RefusedByServerError, match="resume-failed"):
            await again.call("resume", resume_token=joined["resume_token"], last_seq=0)


async def test_resumes_that_make_no_sense(server: Signalling) -> None:
    room = await server.room()
    async with server.client() as ann, server.client() as again:
        joined = await ann.call("join", token=server.token(room))
        with pytest.raises(RefusedByServerError, match="invalid-params"):
            await again.call("resume", resume_token=joined["resume_token"], last_seq=1)
        with pytest.raises(RefusedByServerError, match="resume-failed"):
            await again.call("resume", resume_token="guessed", last_seq=0)
        with pytest.raises(RefusedByServerError, match="already-joined"):
            await ann.call("resume", resume_token=joined["resume_token"], last_seq=0)
        assert await ann.call("ping") == {}


async def test_more_missed_events_than_are_remembered_are_counted(tmp_path: Path) -> None:
    async with running_signalling(tmp_path, outgoing_messages=20) as server:
        room = await server.room()
        async with server.client() as ann, server.client() as bob, server.client() as again:
            joined = await ann.call("join", token=server.token(room))
            await bob.call("join", token=server.token(room))
            await ann.event("user-connected")
            ann.vanish()
            await bob.event("user-reconnecting")
            for number in range(60):
                await bob.call("send-message", text=str(number))
            result = await again.call("resume", resume_token=joined["resume_token"], last_seq=1)
            assert result["events_lost"] == 50
            missed = [await again.event("message-received") for _ in range(10)]
            assert [event["text"] for event in missed] == [str(number) for number in range(50, 60)]
            assert missed[-1]["seq"] == 61
