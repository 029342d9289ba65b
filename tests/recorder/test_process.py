"""The whole recorder in a process of its own, with a scripted signalling; media are real."""

import asyncio
import hashlib
import json
import subprocess
from pathlib import Path

from recorder.timeline import PersonJoined, PersonLeft, TalkersChanged, read_timeline
from sfu.recording_messages import (
    CompositeProgress,
    FileStored,
    Person,
    RecorderCommand,
    RecorderHello,
    RecorderLoad,
    SegmentFailed,
    TapTarget,
)
from tests.support.forwarding import VideoSource, camera
from tests.support.probing import probe
from tests.support.recorder_process import recorder_process
from tests.support.recorder_signalling import (
    ADA,
    finish_segment,
    linked,
    put_people,
    put_segment,
    put_stage,
    scripted_signalling,
)
from tests.support.tap_port import tap_port
from tests.support.tapped_node import Camera, joined, publishing, tapped_node
from tests.support.taps import TOKEN


async def eventually_gone(recorder) -> None:
    async with asyncio.timeout(60):
        while recorder.segments():
            await asyncio.sleep(0.05)


async def test_a_segment_becomes_files_in_the_archive_and_one_film(tmp_path: Path) -> None:
    async with (
        scripted_signalling() as signalling,
        tap_port() as tap,
        recorder_process(tmp_path, signalling, recorder_browser="none") as recorder,
    ):
        hello = await linked(signalling)
        assert (hello.recorder_id, hello.segments, hello.web_views) == ("r1", (), False)
        assert hello.encoder
        assert (await signalling.order(put_segment(tap.target))).error is None
        assert (await signalling.order(put_segment(tap.target))).error is None, "said twice it does no harm"
        await recorder.recorded(1.5)
        load = await signalling.told(RecorderLoad)
        assert load.segments == 1
        assert load.free_bytes > 0
        assert (await signalling.order(finish_segment())).error is None
        film = await signalling.told(FileStored, 2)
        single = signalling.all(FileStored)[0]
        await eventually_gone(recorder)
        assert (single.kind, single.name, single.content_type) == (
            "recording",
            "segment-1-ada-1.mkv",
            "video/x-matroska",
        )
        assert (film.kind, film.name, film.content_type) == ("transcoded", "segment-1.mp4", "video/mp4")
        for stored in (single, film):
            content = (recorder.archive / stored.location).read_bytes()
            assert stored.location == f"CONF-1/{stored.name}"
            assert (stored.size, stored.sha256) == (len(content), hashlib.sha256(content).hexdigest())
            probed = probe(recorder.archive / stored.location)
            assert probed.duration >= 1.4
            assert set(probed.streams) == {"audio", "video"}
        assert sorted(path.name for path in (recorder.archive / "CONF-1").iterdir()) == sorted((single.name, film.name))
        assert not signalling.all(SegmentFailed)
        assert await recorder.stop() == 0
        assert "the secret" not in recorder.log()


async def test_what_cannot_be_done_is_answered_and_harms_nothing(tmp_path: Path) -> None:
    async with (
        scripted_signalling() as signalling,
        tap_port() as tap,
        recorder_process(tmp_path, signalling, recorder_capacity="1") as recorder,
    ):
        assert (await linked(signalling)).capacity == 1

        async def error(command: RecorderCommand) -> str | None:
            reply = await signalling.order(command)
            assert bool(reply.detail) == bool(reply.error), "each error has a sentence"
            return reply.error

        good = put_segment(tap.target, composite=False)
        assert await error(put_people({"ada": ADA})) == "unknown-segment"
        assert await error(put_stage("ada")) == "unknown-segment"
        assert await error(finish_segment()) == "unknown-segment"
        for bad in ("../../CONF-1", "", "a/b", ".hidden"):
            await signalling.say(good.model_copy(update={"conf_num": bad, "request_id": 900}).model_dump_json())
            assert (await signalling.reply(900)).error == "invalid"
            signalling.messages.clear()
        await signalling.say("no json")
        await signalling.say('{"type": "put-segment", "request_id": 901, "kind": 7}')
        assert (await signalling.reply(901)).error == "invalid"
        assert await error(good) is None
        other = good.model_copy(update={"segment_id": "other"})
        assert await error(other) == "overloaded"
        bob = Person(name="Bob", role="participant")
        assert await error(put_people({"ada": ADA, "bob": bob})) is None
        assert await error(put_people({"ada": ADA})) is None
        assert await error(put_stage("ada")) is None
        signalling.knowing = False
        assert [path.name.split("-")[:2] for path in recorder.segments()] == [["CONF", "1"]]
        timeline = list(read_timeline(recorder.segments()[0] / "timeline.jsonl"))
        assert [line.client_id for line in timeline if isinstance(line, PersonJoined)] == ["ada", "bob"]
        assert [line.client_id for line in timeline if isinstance(line, PersonLeft)] == ["bob"]
        assert [line.stage for line in timeline if isinstance(line, TalkersChanged)] == [("ada",)]
        await recorder.recorded(0.5)
        assert await error(finish_segment()) is None
        assert await error(finish_segment()) is None
        assert await error(good) == "invalid", "it is over"
        await signalling.know(await signalling.told(FileStored))
        await eventually_gone(recorder)
        assert await error(other) is None


async def test_a_disk_without_room_takes_no_segment(tmp_path: Path) -> None:
    async with (
        scripted_signalling() as signalling,
        tap_port() as tap,
        recorder_process(tmp_path, signalling, recorder_min_free_bytes=str(1 << 60)) as recorder,
    ):
        await linked(signalling)
        assert (await signalling.order(put_segment(tap.target))).error == "disk-full"
        assert not recorder.segments()


async def test_two_recorders_do_not_work_in_one_folder(tmp_path: Path) -> None:
    async with scripted_signalling() as signalling, recorder_process(tmp_path, signalling) as first:
        await linked(signalling)
        async with recorder_process(tmp_path, signalling) as second:
            assert await second.process.wait() == 2
            assert "recorder_dir" in second.log()
        assert first.process.returncode is None


async def test_a_segment_of_a_real_room_is_recorded(tmp_path: Path) -> None:
    async with (
        scripted_signalling() as signalling,
        tapped_node() as node,
        joined(node, "ada", tracks=(camera("ada"),)) as peer,
        publishing(Camera(peer, {"": VideoSource(1)}, {""})),
        recorder_process(tmp_path, signalling) as recorder,
    ):
        await linked(signalling)
        address = node.listener.address
        tap = TapTarget(
            host=address.host, port=address.port, fingerprint=address.fingerprint, tap_id="tap", token=TOKEN
        )
        await signalling.order(put_segment(tap, composite=False))
        await recorder.recorded(1.5)
        await signalling.order(finish_segment())
        stored = await signalling.told(FileStored)
        command = ["ffprobe", "-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv"]
        found = subprocess.run([*command, recorder.archive / stored.location], capture_output=True, text=True)
        assert int(found.stdout.split(",")[1]) > 50


async def test_a_killed_recorder_loses_at_most_the_last_second_and_delivers_the_rest_when_it_is_back(
    tmp_path: Path,
) -> None:
    async with scripted_signalling() as signalling, tap_port() as tap:
        async with recorder_process(tmp_path, signalling) as recorder:
            await linked(signalling)
            await signalling.order(put_segment(tap.target))
            await recorder.recorded(1.5)
            await recorder.kill()
        async with recorder_process(tmp_path, signalling) as recorder:
            hello = await signalling.told(RecorderHello, 2)
            assert hello.segments == ()
            film = await signalling.told(FileStored, 2)
            assert film.kind == "transcoded"
            await eventually_gone(recorder)
            for stored in signalling.all(FileStored):
                assert probe(recorder.archive / stored.location).duration >= 1.4


async def test_what_was_made_without_signalling_is_told_when_it_is_back(tmp_path: Path) -> None:
    async with tap_port() as tap:
        async with scripted_signalling() as signalling:
            signalling.knowing = False
            port = signalling.port
            recorder_context = recorder_process(tmp_path, signalling)
            recorder = await recorder_context.__aenter__()
            await linked(signalling)
            await signalling.order(put_segment(tap.target))
            await recorder.recorded(1.0)
            await signalling.order(finish_segment())
            await signalling.told(CompositeProgress)
        try:
            composite = recorder.archive / "CONF-1" / "segment-1.mp4"
            async with asyncio.timeout(60):
                while not composite.exists():
                    await asyncio.sleep(0.05)
            assert recorder.segments()
            async with scripted_signalling(port) as signalling:
                film = await signalling.told(FileStored, 2)
                assert {stored.kind for stored in signalling.all(FileStored)} == {"recording", "transcoded"}
                assert (film.size, film.location) == (composite.stat().st_size, "CONF-1/segment-1.mp4")
                await eventually_gone(recorder)
        finally:
            await recorder_context.__aexit__(None, None, None)


async def test_a_recorder_that_is_stopped_amid_everything_leaves_whole_files_and_goes_on_later(tmp_path: Path) -> None:
    async with scripted_signalling() as signalling, tap_port() as tap:
        signalling.knowing = False
        async with recorder_process(tmp_path, signalling) as recorder:
            await linked(signalling)
            await signalling.order(put_segment(tap.target))
            await recorder.recorded(1.5)
            assert await recorder.stop() == 0
            folder = recorder.segments()[0]
            assert json.loads((folder / "job.json").read_text())["phase"] == "over"
            assert probe(folder / "ada-1.mkv").duration >= 1.4
        signalling.knowing = True
        async with recorder_process(tmp_path, signalling) as recorder:
            assert (await signalling.told(FileStored, 2)).kind == "transcoded"
            await eventually_gone(recorder)
