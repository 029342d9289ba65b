"""What a whole recorder makes of a segment besides the plain film: a watermark, one WebM for two, and a failure."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from PIL import Image

from recorder.layouts import SIZES, Rect
from sfu.recording_messages import CompositeFailed, FileStored, Person
from tests.support.films import probe, watch
from tests.support.recorder_process import recorder_process
from tests.support.recorder_signalling import ADA, finish_segment, linked, put_segment, scripted_signalling
from tests.support.tap_port import tap_port

MAGENTA = (230, 0, 230)
BOB = Person(name="Bob", role="participant")


def watermark(folder: Path, side: int) -> str:
    path = folder / "mark.png"
    Image.new("RGB", (side, side), MAGENTA).save(path)
    return str(path)


def has_watermark(film: Path) -> bool:
    size = SIZES["LD"]
    picture = watch(film).pictures[10]
    corners = [Rect(x, y, 24, 24) for x in (16, size.width - 40) for y in (16, size.height - 40)]
    means = [
        picture[one.y : one.y + one.height, one.x : one.x + one.width].reshape(-1, 3).mean(axis=0) for one in corners
    ]
    return any(sum(abs(mean - MAGENTA)) < 90 for mean in means)


async def test_films_bear_the_watermark_and_two_people_become_one_webm_at_once(tmp_path: Path) -> None:
    async with (
        scripted_signalling() as signalling,
        tap_port("ada", "bob") as tap,
        recorder_process(tmp_path, signalling, watermark=watermark(tmp_path, 140)) as recorder,
    ):
        await linked(signalling)
        both = {"ada": ADA, "bob": BOB}
        plain = put_segment(tap.target, people=both, watermark=True)
        single = put_segment(
            tap.target, people=both, segment_id="CONF-2/1", conf_num="CONF-2", webm=True, composite=False
        )
        for order in (plain, single):
            assert (await signalling.order(order)).error is None
        await recorder.recorded(2.0, files=4)
        for order in (single, plain):
            await signalling.order(finish_segment(order.segment_id))
        await signalling.told(FileStored, 6)
        films = {one.conf_num: one for one in signalling.all(FileStored) if one.kind == "transcoded"}
        webm, film = films["CONF-2"], films["CONF-1"]
        assert (webm.name, webm.content_type) == ("segment-1.webm", "video/webm")
        told = probe(recorder.archive / webm.location)
        assert (told["video"]["codec_name"], told["audio"]["codec_name"]) == ("vp8", "opus")
        heard = watch(recorder.archive / webm.location)
        assert all(heard.level(tone, 0.6, 1.4) > 0.05 for tone in (440, 880)), "both are in it"
        assert not has_watermark(recorder.archive / webm.location)
        assert has_watermark(recorder.archive / film.location)


async def test_a_watermark_that_is_too_large_keeps_the_recorder_from_starting_and_says_why(tmp_path: Path) -> None:
    async with (
        scripted_signalling() as signalling,
        recorder_process(tmp_path, signalling, watermark=watermark(tmp_path, 141)) as recorder,
    ):
        assert await recorder.process.wait() == 2
        assert "make it at most 140x140" in recorder.log()


async def test_a_segment_whose_film_failed_is_kept_and_delivered_once_it_is_made_by_hand(tmp_path: Path) -> None:
    mark = watermark(tmp_path, 140)
    async with (
        scripted_signalling() as signalling,
        tap_port() as tap,
        recorder_process(tmp_path, signalling, watermark=mark) as recorder,
    ):
        await linked(signalling)
        await signalling.order(put_segment(tap.target, watermark=True))
        await recorder.recorded(1.0)
        Path(mark).write_text("no picture any more")
        await signalling.order(finish_segment())
        failed = await signalling.told(CompositeFailed)
        assert "mark.png is not a PNG" in failed.message
        (folder,) = recorder.segments()
        async with asyncio.timeout(60):
            while json.loads((folder / "job.json").read_text())["phase"] != "kept":
                await asyncio.sleep(0.05)
        told = (await recorder.logged(r"roomcast compose [^\"]*")).group()
    command = [sys.executable, "-m", *told.split()]
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 0
    watermark(tmp_path, 140)
    async with scripted_signalling() as signalling, recorder_process(tmp_path, signalling, watermark=mark) as recorder:
        film = await signalling.told(FileStored)
        assert (film.kind, film.name) == ("transcoded", "segment-1.mp4")
        assert float(probe(recorder.archive / film.location)["format"]["duration"]) > 0.5
        async with asyncio.timeout(60):
            while folder.exists():
                await asyncio.sleep(0.05)
