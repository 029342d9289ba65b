"""From joins, leaves and the figures of the media node to call detail reports over REST."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

from sfu.link_messages import Flow, PutTransport, TransportFigures, TransportStats
from tests.support.link_node import LinkNode, link_node
from tests.support.offers import MEETING, small_offer
from tests.support.signalling import SECRET, RpcClient, Signalling, running_signalling

PATIENCE = 60.0
VOICE = Flow(packets=250, octets=20_000, seconds=5, bitrate=32_000, streams=1)
PICTURE = Flow(packets=600, octets=625_000, seconds=5, bitrate=1_000_000, streams=1)
FIGURES = TransportFigures(received={"audio": VOICE, "video": PICTURE}, sent={"audio": VOICE}, rtt=0.02)


async def reports(server: Signalling, conf_num: str) -> dict[str, dict[str, Any]]:
    """By call_num; each must be there once."""
    found = (await server.api(f"/cdr/conf/{conf_num}"))["cdr"]
    by_number = {one["call_num"]: one for one in found}
    assert len(by_number) == len(found)
    return by_number


async def join(server: Signalling, client: RpcClient, room: Any, **token: Any) -> dict[str, Any]:
    return await client.call("join", token=server.token(room, **token), offer=small_offer(MEETING))


async def test_what_the_node_measured_is_in_the_report_of_whose_transport_it_was(
    server: Signalling, node: LinkNode
) -> None:
    room = await server.room()
    async with server.client() as ann, server.client(User_Agent="Bob's") as bob:
        first = await join(server, ann, room)
        second = await join(server, bob, room, name="Bob")
        transports = {one.endpoint_id: one for one in (await node.told(PutTransport), await node.told(PutTransport, 2))}
        told = transports[second["client_id"]]
        strange = TransportStats(router_id=told.router_id, transports={"unknown": FIGURES})
        elsewhere = TransportStats(router_id="CONF-1", transports={told.transport_id: FIGURES})
        for message in (
            strange,
            elsewhere,
            TransportStats(router_id=told.router_id, transports={told.transport_id: FIGURES}),
        ):
            await node.say(message)
        # Messages of one link are taken in order, so that of the stage says that the others were.
        await node.stage(told.router_id, first["client_id"])
        await ann.event("active-talkers-updated")
        await ann.call("leave")
        await bob.call("leave")
    found = await reports(server, told.router_id)
    report = found[f"CALL-{second['client_id']}"]
    assert report["user"] == {
        "role": "participant",
        "name": "Bob",
        "ref": "ref-Bob",
        "ip": "127.0.0.1",
        "agent": "Bob's",
    }
    assert report["stats_quality"]["send"]["video"]["avg_bitrate"] == 1_000_000
    assert report["stats_quality"]["receive"]["audio"]["bitrate_good_percent"] == 100
    assert report["published_track"] == {"audio": True, "video": True, "screen": False, "data": False, "url": False}
    assert found[f"CALL-{first['client_id']}"]["stats_quality"]["send"]["video"]["avg_bitrate"] == 0
    assert report["room"]["room_details"]["data"] == {"team": 7}


async def test_everyone_who_was_in_has_exactly_one_report(server: Signalling) -> None:
    room = await server.room()
    async with (
        server.client() as mod,
        server.client() as left,
        server.client() as dropped,
        server.client() as closed,
        server.client() as lost,
        server.client() as stayed,
        server.client() as back,
    ):
        moderator = await mod.call("join", token=server.token(room, role="moderator"))
        people = (left, dropped, closed, lost, stayed)
        joined = [(await one.call("join", token=server.token(room)))["client_id"] for one in people]
        await left.call("leave")
        await mod.call("drop-user", client_ids=[joined[1]])
        await closed.socket.close()
        lost.vanish()
        # The one who left comes back as somebody new.
        joined += [(await back.call("join", token=server.token(room)))["client_id"], moderator["client_id"]]
        expected = {f"CALL-{one}" for one in joined}
        gone = {f"CALL-{one}" for one in joined[:2]}
        assert gone <= set(await reports(server, moderator["conf_num"])) < expected
        await mod.call("destroy")
        await stayed.closed()
    found = await reports(server, moderator["conf_num"])
    assert set(found) == expected
    for path in (f"/room/{room.room_id}", "/period/2020-01-01/2100-01-01"):
        assert [one["call_num"] for one in (await server.api(f"/cdr{path}"))["cdr"]] == list(found)


async def test_who_was_not_let_in_has_no_report(server: Signalling) -> None:
    room = await server.room(knock=True)
    async with server.client() as mod, server.client() as denied:
        moderator = await mod.call("join", token=server.token(room, role="moderator"))
        waiting = await denied.call("join", token=server.token(room))
        await mod.call("deny-awaited-user", client_id=waiting["client_id"])
        await denied.closed()
        await mod.call("leave")
    assert set(await reports(server, moderator["conf_num"])) == {f"CALL-{moderator['client_id']}"}


async def test_what_was_measured_reaches_the_database_while_the_session_goes_on(tmp_path: Path) -> None:
    async with (
        running_signalling(tmp_path, sign_of_life=0.01) as server,
        link_node(server.url, secret=SECRET),
        server.client() as ann,
    ):
        joined = await join(server, ann, await server.room())
        async with asyncio.timeout(PATIENCE):
            while True:
                (connection,) = await server.store.connections.list(joined["conf_num"])
                if connection.usage.published_seconds:
                    break
                await asyncio.sleep(0.01)
        assert connection.left_at is None
        assert connection.usage.published == ("audio", "video")


async def test_after_a_crash_reports_hold_what_was_known(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    async with (
        running_signalling(before, journal_file=before / "journal", sign_of_life=3600) as server,
        link_node(server.url, secret=SECRET) as node,
        server.client() as ann,
    ):
        joined = await join(server, ann, await server.room())
        transport = await node.told(PutTransport)
        await node.say(TransportStats(router_id=transport.router_id, transports={transport.transport_id: FIGURES}))
        await node.stage(transport.router_id, joined["client_id"])
        await ann.event("active-talkers-updated")
        (session,) = server.sessions.all()
        await server.sessions.around.journal.drained()
        # Nothing is stored until the copy is made: what is known lies in the journal alone, as it does when a process
        # is killed now.
        session.note_usage()
        shutil.copytree(before, after)
    async with running_signalling(after, journal_file=after / "journal") as server:
        (report,) = (await reports(server, joined["conf_num"])).values()
    assert report["call_num"] == f"CALL-{joined['client_id']}"
    assert report["published_track"]["video"] is True
    assert report["stats_quality"]["send"]["audio"]["avg_bitrate"] == 32_000
