"""Recording over the real server, with a node, recorders and clients that a test plays."""

import json
from pathlib import Path

import aiohttp
import pytest

from sfu.link_messages import ChangeTap, DeleteTap, PutTap, PutTransport, Reply
from sfu.recording_messages import (
    FileKnown,
    FileStored,
    FinishSegment,
    PutPeople,
    PutSegment,
    PutStage,
    RecorderLoad,
    RecorderReply,
    SegmentFailed,
)
from signalling.domain.room import Role, Room
from signalling.store import ArchiveFile, SessionSelection
from tests.support.link_node import TAP, link_node
from tests.support.link_recorder import link_recorder, until
from tests.support.offers import MEETING, small_offer
from tests.support.signalling import SECRET, RefusedByServerError, RpcClient, Signalling, running_signalling
from tests.support.webhook_receiver import Receiver


async def join(server: Signalling, client: RpcClient, room: Room, name: str, role: Role, connection: int = 0) -> str:
    """Join with microphone and camera; the client id."""
    offer = small_offer(MEETING, connection=connection)
    result = await client.call("join", token=server.token(room, name, role), offer=offer)
    client_id: str = result["client_id"]
    return client_id


async def begin(server: Signalling, ann: RpcClient, room: Room | None = None) -> Room:
    """Ann joins as the moderator and starts recording."""
    room = room or await server.room()
    await join(server, ann, room, "Ann", "moderator")
    await ann.call("start-record")
    return room


async def test_a_recording_from_start_to_stop_and_once_more(server: Signalling) -> None:
    async with link_node(server.url, secret=SECRET) as node, link_recorder(server) as recorder, server.client() as ann:
        await begin(server, ann)
        segments = []
        for number in (1, 2):
            put = await recorder.told(PutSegment, number)
            tap = await node.told(PutTap, number)
            assert (put.tap.tap_id, put.tap.token) == (tap.tap_id, tap.token)
            assert (put.tap.host, put.tap.port) == ("127.0.0.1", 50_000)
            assert (put.kind, put.segment, put.conf_num) == ("individual", number, tap.router_id)
            assert [(one.name, one.role) for one in put.people.values()] == [("Ann", "moderator")]
            segments.append(put.segment_id)
            await ann.call("stop-record")
            finished = await recorder.told(FinishSegment, number)
            assert finished.segment_id == put.segment_id
            assert (await node.told(DeleteTap, number)).tap_id == tap.tap_id
            if number == 1:
                await ann.call("start-record")
        assert len(set(segments)) == 2 and recorder.segments == []


async def test_the_end_of_the_session_ends_the_recording(server: Signalling) -> None:
    async with link_node(server.url, secret=SECRET) as node, link_recorder(server) as recorder, server.client() as ann:
        await begin(server, ann)
        await recorder.told(PutSegment)
        await ann.call("leave")
        await recorder.told(FinishSegment)
        await node.told(DeleteTap)


async def test_the_recorder_is_told_who_is_there_and_who_talks(server: Signalling) -> None:
    async with (
        link_node(server.url, secret=SECRET) as node,
        link_recorder(server) as recorder,
        server.client() as ann,
        server.client() as bob,
    ):
        room = await begin(server, ann)
        put = await recorder.told(PutSegment)
        bob_id = await join(server, bob, room, "Bob", "participant", 1)
        assert (await recorder.told(PutPeople)).people[bob_id].name == "Bob"
        await node.stage(put.conf_num, bob_id, speaking=(bob_id,))
        stage = await recorder.told(PutStage)
        assert (stage.stage, stage.speaking) == ((bob_id,), (bob_id,))
        await ann.call("switch-user-role", client_id=bob_id)
        assert (await recorder.told(PutPeople, 2)).people[bob_id].role == "moderator"
        await bob.call("leave")
        assert set((await recorder.told(PutPeople, 3)).people) == set(put.people)


async def test_pictures_of_some_roles_are_left_out_before_they_are_there(server: Signalling) -> None:
    room = await server.room(role_based_recording={"moderator": "audiovideo", "participant": "audio"})
    async with (
        link_node(server.url, secret=SECRET) as node,
        link_recorder(server) as recorder,
        server.client() as ann,
        server.client() as bob,
    ):
        await begin(server, ann, room)
        await recorder.told(PutSegment)
        bob_id = await join(server, bob, room, "Bob", "participant", 1)
        assert (await node.told(ChangeTap)).exclude == {bob_id: ("video",)}
        (of_bob,) = [one for one in node.all(PutTransport) if one.endpoint_id == bob_id]
        assert node.commands.index(node.all(ChangeTap)[0]) < node.commands.index(of_bob)
        await bob.call("leave")
        assert (await node.told(ChangeTap, 2)).exclude == {bob_id: ()}
        assert len(node.all(PutTap)) == 1


async def test_recording_begins_by_itself_when_a_recorder_comes(server: Signalling) -> None:
    room = await server.room(auto_recording=True)
    async with link_node(server.url, secret=SECRET), server.client() as ann:
        await join(server, ann, room, "Ann", "moderator")
        async with link_recorder(server) as recorder:
            await recorder.told(PutSegment)
            assert (await ann.event("room-record-on"))["moderatorId"] is None


async def test_another_recorder_goes_on_when_one_is_killed(server: Signalling) -> None:
    async with (
        link_node(server.url, secret=SECRET) as node,
        server.client() as ann,
        link_recorder(server, "r1") as first,
        link_recorder(server, "r2") as second,
    ):
        await begin(server, ann)
        lost = await first.told(PutSegment)
        first.vanish()
        put = await second.told(PutSegment)
        assert (put.segment, put.conf_num) == (2, lost.conf_num) and put.segment_id != lost.segment_id
        assert (await node.told(DeleteTap)).tap_id == lost.segment_id
        await ann.call("stop-record")
        await second.told(FinishSegment)


async def test_the_room_is_told_when_there_is_no_other_recorder(server: Signalling) -> None:
    async with link_node(server.url, secret=SECRET), server.client() as ann:
        async with link_recorder(server) as recorder:
            await begin(server, ann)
            await recorder.told(PutSegment)
            recorder.vanish()
            assert (await ann.event("room-record-failed"))["reason"] == "recorder-gone"
            assert (await ann.event("room-record-off"))["moderatorId"] is None
        with pytest.raises(RefusedByServerError, match="no-recorder"):
            await ann.call("start-record")


async def test_a_recorder_that_comes_back_in_time_goes_on(tmp_path: Path) -> None:
    async with (
        running_signalling(tmp_path, recorder_grace=10.0) as server,
        link_node(server.url, secret=SECRET),
        server.client() as ann,
    ):
        async with link_recorder(server) as recorder:
            await begin(server, ann)
            put = await recorder.told(PutSegment)
        await until(lambda: not server.recording.recorders())
        async with link_recorder(server, segments=(put.segment_id,)) as again:
            assert (await again.told(PutSegment)).segment_id == put.segment_id
            await ann.call("stop-record")
            await again.told(FinishSegment)


async def test_after_a_restart_of_signalling_old_segments_are_finished_and_old_taps_deleted(server: Signalling) -> None:
    async with (
        link_node(server.url, secret=SECRET, taps=("of-before",)) as node,
        link_recorder(server, segments=("of-before",)) as recorder,
    ):
        assert (await recorder.told(FinishSegment)).segment_id == "of-before"
        assert (await node.told(DeleteTap)).tap_id == "of-before"


@pytest.mark.parametrize("text", ["nonsense", "{}", '{"type":"recorder-load"}', '{"type":"recorder-hello"}'])
async def test_a_recorder_that_talks_nonsense_is_replaced(server: Signalling, text: str) -> None:
    async with (
        link_node(server.url, secret=SECRET),
        server.client() as ann,
        link_recorder(server, "r1") as first,
        link_recorder(server, "r2") as second,
    ):
        await begin(server, ann)
        await first.told(PutSegment)
        await first.socket.send_str(text)
        await first.closed()
        assert (await second.told(PutSegment)).segment == 2


async def test_a_recorder_that_does_not_answer_is_replaced(server: Signalling) -> None:
    async with (
        link_node(server.url, secret=SECRET),
        server.client() as ann,
        link_recorder(server, "r1") as first,
        link_recorder(server, "r2") as second,
    ):
        first.answer = lambda command: None
        await begin(server, ann)
        assert (await second.told(PutSegment)).segment == 2
        await first.closed()


async def test_a_segment_that_breaks_off_is_moved_and_then_given_up(server: Signalling) -> None:
    async with (
        link_node(server.url, secret=SECRET),
        server.client() as ann,
        link_recorder(server, "r1") as first,
        link_recorder(server, "r2") as second,
    ):
        await begin(server, ann)
        for recorder in (first, second):
            put = await recorder.told(PutSegment)
            await recorder.say(SegmentFailed(segment_id=put.segment_id, reason="disk-full", message="full"))
        failed = await ann.event("room-record-failed")
        assert (failed["reason"], failed["message"]) == ("storage-full", "The disk of the recorder is full.")


async def test_the_recording_goes_with_the_session_to_another_node(server: Signalling) -> None:
    async with link_recorder(server) as recorder, server.client() as ann:
        async with link_node(server.url, secret=SECRET, node_id="n1"):
            await begin(server, ann)
            first = await recorder.told(PutSegment)
        await ann.event("media-disconnected")
        elsewhere = TAP.model_copy(update={"port": 50_001})
        async with link_node(server.url, secret=SECRET, node_id="n2", tap=elsewhere) as node:
            await ann.call("negotiate", offer=small_offer(MEETING, connection=2))
            assert (await node.told(PutTap)).tap_id == first.segment_id
            again = await recorder.told(PutSegment, 2)
            assert (again.segment_id, again.tap.port) == (first.segment_id, 50_001)


async def test_a_node_that_returns_gets_its_tap_before_its_tracks(server: Signalling) -> None:
    async with link_recorder(server) as recorder, server.client() as ann:
        async with link_node(server.url, secret=SECRET) as node:
            await begin(server, ann)
            await recorder.told(PutSegment)
            transports = tuple(one.transport_id for one in node.all(PutTransport))
        async with link_node(server.url, secret=SECRET, transports=transports) as back:
            tap = await back.told(PutTap)
            transport = await back.told(PutTransport)
            assert back.commands.index(tap) < back.commands.index(transport)


async def test_a_node_that_takes_no_tap_fails_the_recording_but_not_the_session(server: Signalling) -> None:
    async with link_node(server.url, secret=SECRET) as node, link_recorder(server), server.client() as ann:
        node.answer = lambda command: Reply(
            request_id=command.request_id, error="invalid" if isinstance(command, PutTap) else None
        )
        await begin(server, ann)
        assert (await ann.event("room-record-failed"))["reason"] == "recorder-failed"
        await ann.call("ping")


PAGE = {"url": "https://example.com/layout", "layout": {"columns": 2}}


async def test_a_live_recording_shows_the_page_that_was_asked_for(server: Signalling) -> None:
    async with (
        link_node(server.url, secret=SECRET),
        server.client() as ann,
        link_recorder(server, "r1"),
        link_recorder(server, "r2", web_views=True) as recorder,
    ):
        await join(server, ann, await server.room(), "Ann", "moderator")
        await ann.call("start-live-recording", url_details=PAGE)
        put = await recorder.told(PutSegment)
        assert put.kind == "live" and put.web_view is not None
        assert (put.web_view.url, put.web_view.layout) == (PAGE["url"], PAGE["layout"])
        await ann.call("stop-live-recording")
        await recorder.told(FinishSegment)


async def test_a_live_recording_fails_where_no_browser_is(server: Signalling) -> None:
    async with link_node(server.url, secret=SECRET), link_recorder(server) as recorder, server.client() as ann:
        await join(server, ann, await server.room(), "Ann", "moderator")
        await ann.call("start-live-recording", url_details=PAGE)
        assert (await ann.event("room-live-recording-failed"))["reason"] == "layout-failed"
        recorder.answer = lambda command: RecorderReply(request_id=command.request_id, error="no-browser")
        await ann.call("start-live-recording")
        assert (await ann.event("room-live-recording-failed"))["reason"] == "layout-failed"


async def test_pages_of_other_hosts_are_refused(server: Signalling) -> None:
    async with link_recorder(server, web_views=True) as recorder, server.client() as ann:
        await ann.call("join", token=server.token(await server.room(), "Ann", "moderator"))
        with pytest.raises(RefusedByServerError, match="recording_web_hosts"):
            await ann.call("start-live-recording", url_details={"url": "http://169.254.169.254/latest"})
        assert recorder.commands == []


def stored(conf_num: str, file_id: str = "f1", **changes: object) -> FileStored:
    given = FileStored(
        file_id=file_id,
        conf_num=conf_num,
        segment=1,
        kind="transcoded",
        name="1.mp4",
        location=f"{conf_num}/1.mp4",
        content_type="video/mp4",
        size=7,
        sha256=64 * "a",
    )
    return given.model_copy(update=changes)


async def archive(server: Signalling, conf_num: str) -> list[ArchiveFile]:
    found = await server.store.archive_files.find(SessionSelection("app"), server.clock.wall(), 10)
    return [file for session, files in found for file in files if session.conf_num == conf_num]


async def test_a_stored_file_is_in_the_archive_once_and_announced_once(server: Signalling, backend: Receiver) -> None:
    room = await server.room()
    conf_num = await server.store.sessions.open(room.room_id, server.clock.wall())
    async with link_recorder(server) as recorder:
        for number in (1, 2):
            await recorder.say(stored(conf_num))
            assert (await recorder.told(FileKnown, number)).file_id == "f1"
        await recorder.say(stored(conf_num, "f2", name="1.webm", kind="live"))
        await recorder.told(FileKnown, 3)
    events = await backend.wait_for("file-ready", 2)
    files = await archive(server, conf_num)
    assert [(file.name, file.kind, file.location) for file in files] == [
        ("1.mp4", "transcoded", f"{conf_num}/1.mp4"),
        ("1.webm", "live", f"{conf_num}/1.mp4"),
    ]
    announced = next(one for one in events if one["event"] == "file-ready" and one["data"]["name"] == "1.mp4")
    assert announced["conf_num"] == conf_num
    assert announced["data"] == {
        "file_id": files[0].file_id, "kind": "transcoded", "name": "1.mp4", "size": 7, "sha256": 64 * "a",
    }  # fmt: skip


@pytest.mark.parametrize("changes", [{"conf_num": "CONF-999999"}, {"name": "../../etc/passwd"}])
async def test_a_file_that_can_never_be_in_the_archive_is_not_told_of_for_ever(
    server: Signalling, changes: dict[str, str]
) -> None:
    conf_num = await server.store.sessions.open((await server.room()).room_id, server.clock.wall())
    async with link_recorder(server) as recorder:
        await recorder.say(stored(conf_num, "refused").model_copy(update=changes))
        assert (await recorder.told(FileKnown)).file_id == "refused"
    assert await archive(server, conf_num) == []


async def test_recorders_are_in_the_metrics(server: Signalling) -> None:
    report = RecorderLoad(segments=1, composites_waiting=2, cpu=0.5, free_bytes=1 << 40, counters={"frames": 3})
    async with (
        link_node(server.url, secret=SECRET),
        link_recorder(server) as recorder,
        server.client() as ann,
        aiohttp.ClientSession() as session,
    ):
        await begin(server, ann)
        await recorder.told(PutSegment)
        await recorder.say(report)
        await until(lambda: server.recording.recorders()[0].load == report)
        async with session.get(f"{server.url}/metrics") as response:
            text = await response.text()
    for line in (
        "roomcast_signalling_recorders 1.0",
        'roomcast_signalling_recording_segments_total{outcome="begun"} 1.0',
        'roomcast_recorder_composites_waiting{recorder="r1"} 2.0',
        'roomcast_recorder_events_total{event="frames",recorder="r1"} 3.0',
    ):
        assert line in text


@pytest.mark.parametrize("header", ["", "Bearer wrong", SECRET])
async def test_without_the_secret_no_recorder_links(server: Signalling, header: str) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as raised:
            await session.ws_connect(f"{server.url}/link/recorder", headers={"Authorization": header})
    assert raised.value.status == 401


@pytest.mark.parametrize(
    "first",
    [
        "",
        "nonsense",
        json.dumps({"type": "recorder-hello", "version": 99, "recorder_id": "r", "capacity": 1, "encoder": ""}),
    ],
)
async def test_whoever_does_not_say_hello_properly_is_turned_away(server: Signalling, first: str) -> None:
    headers = {"Authorization": f"Bearer {SECRET}"}
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{server.url}/link/recorder", headers=headers) as socket,
    ):
        await socket.send_str(first)
        received = await socket.receive(timeout=60)
        assert received.type is aiohttp.WSMsgType.CLOSE
    assert server.recording.recorders() == []
