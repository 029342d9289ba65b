"""A signalling process that is killed loses nothing that it had said was done."""

import json
from pathlib import Path
from typing import Any

from signalling.store import Store
from tests.support.server import Server, running_server
from tests.support.signalling import RefusedByServerError, RpcClient
from tests.support.webhook_receiver import receiving

SECRET = "a webhook secret"
JOINED = {
    "type": "connection-began",
    "at": 4_000_000_000.0,
    "client_id": "c0ffee",
    "name": "Late",
    "role": "participant",
    "user_ref": "u",
    "address": "127.0.0.1",
    "agent": "a",
}


async def stays(server: Server, conf_num: str) -> list[tuple[str, str | None]]:
    """Who was in a session and how they left it, as the server's database has it when nobody else looks."""
    store = await Store.open(f"sqlite:///{server.data_dir}/roomcast.db")
    try:
        session = await store.sessions.get(conf_num)
        assert session is not None and session.closed_at is not None and session.interrupted
        found = await store.connections.list(conf_num)
        assert all(one.left_at is not None and one.joined_at <= one.left_at <= session.closed_at for one in found)
        return [(one.name, one.left_reason) for one in found]
    finally:
        await store.close()


async def join(client: RpcClient, server: Server, room_id: str, name: str, role: str = "participant") -> dict[str, Any]:
    token = await server.create_token(room_id, name, role)
    return await client.call("join", token=token)


async def refusal(client: RpcClient, method: str, **params: Any) -> str:
    try:
        await client.call(method, **params)
    except RefusedByServerError as error:
        return error.reason
    return "accepted"


async def test_a_killed_server_comes_back_with_its_reports_webhooks_tokens_and_participants(tmp_path: Path) -> None:
    async with receiving(SECRET) as receiver:
        options = {"webhook_urls": receiver.url, "webhook_secret": SECRET}
        receiver.answers = [503] * 1000  # down until after the crash
        async with running_server(tmp_path, **options) as server:
            room_id = (await server.create_room()).room_id
            async with RpcClient(server.url) as ann, RpcClient(server.url) as bob, RpcClient(server.url) as eve:
                used = await server.create_token(room_id, "Ann", "moderator")
                anns = await ann.call("join", token=used)
                bobs = await join(bob, server, room_id, "Bob")
                eves = await join(eve, server, room_id, "Eve")
                await ann.call("drop-user", client_ids=[eves["client_id"]])
                ports = await server.kill()
        receiver.answers.clear()
        async with running_server(tmp_path, ports, **options) as server:
            assert sorted(await stays(server, anns["conf_num"])) == [
                ("Ann", "server-restart"),
                ("Bob", "server-restart"),
                ("Eve", "disconnected-by-moderator"),
            ]
            async with RpcClient(server.url) as ann, RpcClient(server.url) as bob, RpcClient(server.url) as eve:
                assert await refusal(ann, "join", token=used) == "token-used"
                returned = await ann.call("resume", resume_token=anns["resume_token"], last_seq=7)
                assert (returned["role"], returned["room"]["room_id"]) == ("moderator", room_id)
                assert returned["conf_num"] != anns["conf_num"]
                assert (await ann.event("media-disconnected"))["seq"] == 8
                await bob.call("resume", resume_token=bobs["resume_token"], last_seq=0)
                assert (await ann.event("user-connected"))["participant"]["name"] == "Bob"
                # Whom a moderator had sent out stays out, and nobody comes back twice.
                assert await refusal(eve, "resume", resume_token=eves["resume_token"], last_seq=0) == "resume-failed"
                assert await refusal(eve, "resume", resume_token=bobs["resume_token"], last_seq=0) == "token-used"
            events = await receiver.wait_for("participant-joined", 5)
            of_first = [event for event in events if event["conf_num"] == anns["conf_num"]]
            left = {event["data"]["client_id"] for event in of_first if event["event"] == "participant-left"}
            assert left == {anns["client_id"], bobs["client_id"], eves["client_id"]}
            assert len(receiver.ids("session-started")) == 2
            assert [event["data"]["reason"] for event in of_first if event["event"] == "session-ended"] == [
                "server-restart"
            ]


async def test_after_a_crash_everyone_is_back_in_their_last_role_what_was_decided_holds_and_the_journal_is_kept(
    tmp_path: Path,
) -> None:
    async with running_server(tmp_path) as server:
        # A room that lets nobody in unasked, and that a session uses up.
        room_id = await server.create_enablex_room(knock=True, adhoc=True)
        async with RpcClient(server.url) as ann, RpcClient(server.url) as bob, RpcClient(server.url) as eve:
            anns = await join(ann, server, room_id, "Ann", "moderator")
            bobs = await join(bob, server, room_id, "Bob")
            await ann.call("approve-awaited-user", client_id=bobs["client_id"])
            eves = await join(eve, server, room_id, "Eve")
            await ann.call("lock")
            await ann.call("hard-mute")
            await ann.call("pin-users", client_ids=[anns["client_id"]])
            await ann.call("switch-user-role", client_id=bobs["client_id"])
            ports = await server.kill()
    # As if the process had died between a line in the journal and its transaction.
    journal = server.data_dir / "journal.jsonl"
    with journal.open("a") as file:
        file.write(json.dumps(JOINED | {"conf_num": anns["conf_num"]}) + "\n")
    async with (
        running_server(tmp_path, ports) as server,
        RpcClient(server.url) as ann,
        RpcClient(server.url) as bob,
        RpcClient(server.url) as eve,
    ):
        assert ("Late", "server-restart") in await stays(server, anns["conf_num"])
        assert journal.read_bytes() == b""
        returned = await ann.call("resume", resume_token=anns["resume_token"], last_seq=0)
        assert (returned["role"], returned["awaited"]) == ("participant", None)
        state = returned["room_state"]
        assert state["locked"] and state["hard_muted"] and state["pinned"] == [returned["client_id"]]
        assert await refusal(eve, "join", token=await server.create_token(room_id, "Dan")) == "room-locked"
        assert await refusal(ann, "unlock") == "role-forbidden"
        await bob.call("resume", resume_token=bobs["resume_token"], last_seq=0)
        await bob.call("unlock")
        # Who had not been let in yet is not let in by this.
        returned = await eve.call("resume", resume_token=eves["resume_token"], last_seq=0)
        assert returned["awaited"] == "approval"
