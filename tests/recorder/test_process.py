"""The whole recorder in a process of its own, with a scripted signalling; media are real."""

import asyncio
import hashlib
import json
from pathlib import Path

from recorder.timeline import PersonJoined, PersonLeft, TalkersChanged, read_timeline
from sfu.recording_messages import (
    CompositeProgress,
    FileStored,
    Person,
    RecorderHello,
    RecorderLoad,
    SegmentFailed,
)
from tests.support.link_recorder import (
    ADA,
    finish_segment,
    linked,
    put_people,
    put_segment,
    put_stage,
    scripted_signalling,
)
from tests.support.probing import probe
from tests.support.recorder_process import recorder_process
from tests.support.tap_port import tap_port


async def eventually_gone(recorder) -> None:
    async with asyncio.timeout(20):
        while recorder.segments():
            await asyncio.sleep(0.05)


async def test_a_segment_becomes_files_in_the_archive_and_one_film(tmp_path: Path) -> None:
    async with scripted_signalling() as signalling, tap_port() as tap, recorder_process(tmp_path, signalling) as recorder:
        hello = await linked(signalling)
        assert (hello.recorder_id, hello.segments, hello.web_views) == ("r1", (), False)
        assert hello.encoder
        assert (await signalling.order(put_segment(tap.target))).error is None
        assert (await signalling.order(put_segment(tap.target))).error is None, "said twice it does no harm"
        await asyncio.sleep(3.0)
        load = await signalling.told(RecorderLoad)
        assert load.segments == 1
        assert load.free_bytes > 0
        assert (await signalling.order(finish_segment())).error is None
        film = await signalling.told(FileStored, 2)
        single = signalling.all(FileStored)[0]
        await eventually_gone(recorder)
        assert (single.kind, single.name, single.content_type) == ("recording", "segment-1-ada-1.mkv", "video/x-matroska")
        assert (film.kind, film.name, film.content_type) == ("transcoded", "segment-1.mp4", "video/mp4")
        for stored in (single, film):
            content = (recorder.archive / stored.location).read_bytes()
            assert stored.location == f"CONF-1/{stored.name}"
            assert (stored.size, stored.sha256) == (len(content), hashlib.sha256(content).hexdigest())
            probed = probe(recorder.archive / stored.location)
            assert probed.duration > 2.5
            assert set(probed.streams) == {"audio", "video"}
        assert sorted(path.name for path in (recorder.archive / "CONF-1").iterdir()) == sorted((single.name, film.name))
        assert not signalling.all(SegmentFailed)
        assert "the secret" not in recorder.log()
        assert await recorder.stop() == 0
