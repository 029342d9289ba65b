"""What moderators decided, after the server was stopped or died: it holds in the session that goes on."""

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from sfu.link_messages import PutTransport
from signalling.domain.events import DurationExtended
from signalling.domain.room import Room
from signalling.journal.entries import Happened
from signalling.resume_tokens import ResumeClaims, ResumeTokens
from tests.support.journal import join
from tests.support.link_node import link_node
from tests.support.offers import MEETING, small_offer
from tests.support.signalling import SECRET, RefusedByServerError, RpcClient, Signalling, running_signalling
from tests.support.webhook_receiver import receiving


@asynccontextmanager
async def serving(folder: Path, **changes: Any) -> AsyncIterator[Signalling]:
    folder.mkdir(exist_ok=True)
    async with running_signalling(folder, journal_file=folder / "journal", **changes) as server:
        yield server


@asynccontextmanager
async def connected(server: Signalling, number: int) -> AsyncIterator[list[RpcClient]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(server.client()) for _ in range(number)]


async def come_back(server: Signalling, client: RpcClient, before: dict[str, Any], last_seq: int = 0) -> dict[str, Any]:
    return await client.call("resume", resume_token=before["resume_token"], last_seq=last_seq)


async def refusal(client: RpcClient, method: str, **params: Any) -> str:
    with pytest.raises(RefusedByServerError) as raised:
        await client.call(method, **params)
    return raised.value.reason


async def decide(mod: RpcClient, bob: str, eve: str) -> None:
    await mod.call("hard-mute")
    await mod.call("hard-mute-user-video", client_id=bob)
    await mod.call("pin-users", client_ids=[eve, bob])
    await mod.call("add-spotlight-users", client_ids=[bob])
    await mod.call("switch-room-mode", mode="lecture")
    await mod.call("invite-to-floor", client_id=eve)
    await mod.call("lock")


async def meet(server: Signalling, room: Room, clients: list[RpcClient]) -> list[dict[str, Any]]:
    mod, bob, eve = clients
    results = [await mod.call("join", token=server.token(room, "Mod", "moderator"))]
    results += [await one.call("join", token=server.token(room, name)) for one, name in ((bob, "Bob"), (eve, "Eve"))]
    await decide(mod, results[1]["client_id"], results[2]["client_id"])
    await eve.call("request-floor")
    return results


def decided(result: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result["room_state"].items() if value not in (False, [], "group")}


@pytest.mark.parametrize("end", ["stopped", "died"])
async def test_what_was_decided_holds_for_those_who_come_back_also_after_another_crash(
    tmp_path: Path, end: str
) -> None:
    folders = [tmp_path / name for name in ("first", "second", "third")]
    async with serving(folders[0]) as server:
        room = await server.room()
        async with connected(server, 3) as clients:
            mod, bob, eve = await meet(server, room, clients)
            if end == "died":
                await server.sessions.around.journal.drained()
                shutil.copytree(folders[0], folders[1])
    if end == "stopped":
        shutil.copytree(folders[0], folders[1])

    async with (
        serving(folders[1]) as server,
        link_node(server.url, secret=SECRET) as node,
        connected(server, 3) as (new_client, eve_client, bob_client),
    ):
        token = server.token(room, "New")
        assert await refusal(new_client, "join", token=token) == "room-locked"
        eve2 = await come_back(server, eve_client, eve)
        everywhere = {"locked": True, "hard_muted": True, "mode": "lecture"}
        eves = {"approvedHands": [eve2["client_id"]], "pinned": [eve2["client_id"]]}
        assert decided(eve2) == everywhere | eves
        assert await refusal(new_client, "join", token=token) == "room-locked"
        bob2 = await come_back(server, bob_client, bob)
        bobs = {"pinned": [eve2["client_id"], bob2["client_id"]], "spotlighted": [bob2["client_id"]]}
        assert decided(bob2) == everywhere | eves | bobs and bob2["hard_muted"] == ["video"]
        assert (await eve_client.event("updated-pinned-users"))["clientIds"] == bobs["pinned"]
        await eve_client.call("negotiate", offer=small_offer(MEETING))
        put = await node.told(PutTransport)
        assert {track.source: track.paused for track in put.tracks} == {"microphone": True, "camera": False}
        # The server dies again before the moderator is back.
        await server.sessions.around.journal.drained()
        shutil.copytree(folders[1], folders[2])

    async with serving(folders[2]) as server, connected(server, 2) as (mod_client, bob_client):
        mod3 = await come_back(server, mod_client, mod)
        assert (mod3["role"], decided(mod3)) == ("moderator", everywhere)
        bob3 = await come_back(server, bob_client, bob2)
        assert decided(bob3) == everywhere | {"pinned": [bob3["client_id"]], "spotlighted": [bob3["client_id"]]}
        assert bob3["hard_muted"] == ["video"]
        await mod_client.call("hard-unmute-user-video", client_id=bob3["client_id"])
        await mod_client.call("unlock")


async def test_a_server_that_stops_sends_everybody_away_to_come_back_with_one_report_and_webhook_each(
    tmp_path: Path,
) -> None:
    async with receiving("s") as receiver:
        options = {"webhook_urls": (receiver.url,), "webhook_secret": "s"}
        async with AsyncExitStack() as connections:
            async with serving(tmp_path, **options) as server:
                room = await server.room(kind="adhoc")
                clients = await connections.enter_async_context(connected(server, 2))
                ann, bob = [await one.call("join", token=server.token(room)) for one in clients]
                await clients[1].call("leave")
            notice = await clients[0].event("room-interrupted")
            assert notice["reason"] == "server-restart" and notice["message"]
            assert await clients[0].closed() == 1012
        async with serving(tmp_path, **options) as server, connected(server, 1) as (client,):
            assert (await come_back(server, client, ann, last_seq=notice["seq"]))["conf_num"] != ann["conf_num"]
            stays = await server.store.connections.list(ann["conf_num"])
            assert {one.client_id: one.left_reason for one in stays} == {
                ann["client_id"]: "server-restart",
                bob["client_id"]: "left",
            }
            for name, number in (("session-started", 2), ("participant-joined", 3), ("participant-left", 2)):
                await receiver.wait_for(name, number)
            await receiver.wait_for("session-ended", 1)
        # A delivery may come twice, but it is of the same event then.
        events = {event["id"]: event for event in receiver.events if event["conf_num"] == ann["conf_num"]}
        told = sorted((event["event"], event["data"].get("reason", "")) for event in events.values())
        assert told == [
            ("participant-joined", ""),
            ("participant-joined", ""),
            ("participant-left", "left"),
            ("participant-left", "server-restart"),
            ("session-ended", "server-restart"),
            ("session-started", ""),
        ]


async def test_newcomers_who_come_first_find_the_room_as_it_was_left_and_do_not_use_that_up(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        room = await server.room()
        async with connected(server, 3) as clients:
            _, bob, eve = await meet(server, room, clients)
    async with serving(tmp_path) as server, connected(server, 4) as (other, client, late, later):
        joined = await other.call("join", token=server.token(room, "Other", "moderator"))
        assert decided(joined) == {"locked": True, "hard_muted": True, "mode": "lecture"}
        await other.call("hard-unmute")
        await other.call("leave")
        await other.closed()
        back = await come_back(server, client, bob)
        me = [back["client_id"]]
        assert decided(back) == {"locked": True, "mode": "lecture", "pinned": me, "spotlighted": me}
        await client.call("leave")
        await client.closed()
        # That was the end of the session, and what comes now is a new one.
        assert decided(await late.call("join", token=server.token(room, "Late"))) == {}
        # As if five minutes had passed: nobody comes back any more.
        await server.store.sessions.await_return(0.0, until=server.clock.wall())
        assert await refusal(later, "resume", resume_token=eve["resume_token"], last_seq=0) == "resume-failed"


async def test_a_session_that_was_extended_goes_on_after_the_time_of_its_room(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        now = server.clock.wall()
        room = await server.room(kind="scheduled", starts_at=now - 660, duration=10)
        conf_num = await server.store.sessions.open(room.room_id, now - 660)
        await join(server.store, conf_num, "c1", now - 600, role="participant")
        extended = {"client_id": "c1", "extendedTime": 10, "timeLeft": 15}
        await server.store.chronicle.keep(
            [Happened(conf_num=conf_num, at=now - 300, event_id="e", name=DurationExtended.name, details=extended)]
        )
        claims = ResumeClaims(
            conf_num=conf_num,
            room_id=room.room_id,
            client_id="c1",
            name="Ann",
            role="participant",
            user_ref="",
            data={},
            exp=int(now) + 600,
        )
        token = ResumeTokens(server.issuer.derive_key("resume tokens")).issue(claims)
    async with serving(tmp_path) as server, connected(server, 2) as (ann, bob):
        assert await refusal(bob, "resume", resume_token="guessed", last_seq=0) == "resume-failed"
        back = await ann.call("resume", resume_token=token, last_seq=0)
        assert 0 < back["time_left"] <= 540
        await bob.call("join", token=server.token(room, "Bob"))
