"""Whole composites: made from files with known pictures and tones, judged by decoding them."""

from pathlib import Path

import numpy as np
import pytest

from recorder.composite.errors import CompositeError
from recorder.composite.segment import Choices, Progress, compose_segment
from recorder.layouts import SIZES, Rect, arrange
from recorder.timeline import FILE_NAME, FileBegan, FileEnded, PersonLeft, SourceShown, TalkersChanged
from tests.support.films import Watched, probe, watch
from tests.support.recordings import SMALL, Track, joined, write_file, write_timeline

RED, GREEN, BLUE = (200, 30, 30), (20, 160, 40), (40, 60, 200)
LD = SIZES["LD"]
QUICK = Choices(encoder="libx264")


def near(one: tuple[int, ...], other: tuple[int, ...], tolerance: int = 30) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(one, other, strict=True))


def rects(*people: str, screens: tuple[str, ...] = ()) -> dict[str, Rect]:
    return {tile.owner + "!" * tile.screen: tile.rect for tile in arrange(people, screens, (), LD)}


def composed(folder: Path) -> Watched:
    return watch(compose_segment(folder, choices=QUICK).path)


def test_each_picture_is_in_its_rectangle_and_each_tone_in_the_sound(tmp_path):
    for name, colour, tone, codec in (
        ("ada", RED, 400.0, "libvpx"),
        ("bob", GREEN, 900.0, "libx264"),
        ("eve", BLUE, 1700.0, "libvpx-vp9"),
    ):
        write_file(tmp_path / f"{name}-1.mkv", Track(3.0, (colour,), tone, 0.3, codec, audio=((0.0, 1.5),)))
    write_timeline(tmp_path, [*joined("ada"), *joined("bob"), *joined("eve")], end=3.0)

    told: list[Progress] = []
    made = compose_segment(tmp_path, choices=QUICK, progress=told.append)

    film = watch(made.path)
    for name, colour in (("ada", RED), ("bob", GREEN), ("eve", BLUE)):
        assert near(film.colour(1.5, rects("ada", "bob", "eve")[name]), colour), name
    for tone in (400.0, 900.0, 1700.0):
        assert film.level(tone, 0.3, 1.3) == pytest.approx(0.3, rel=0.25)
    assert film.level(600.0, 0.3, 1.3) < 0.01
    assert film.loudness(1.7, 2.9) < 0.001  # nobody speaks
    assert film.times == pytest.approx([tick / 25 for tick in range(75)])  # constant rate, no frame missing
    facts = probe(made.path)
    assert float(facts["format"]["duration"]) == pytest.approx(3.0, abs=0.1)
    assert (facts["video"]["codec_name"], facts["video"]["width"], facts["video"]["height"]) == ("h264", 640, 360)
    assert (facts["video"]["r_frame_rate"], facts["video"]["color_space"]) == ("25/1", "smpte170m")
    assert (facts["audio"]["codec_name"], facts["audio"]["sample_rate"]) == ("aac", "48000")
    assert made.path.read_bytes().find(b"moov") < made.path.read_bytes().find(b"mdat")  # plays before it is all there
    assert (told[0].percent, told[-1].percent, made.encoder) == (1, 100, "libx264")
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_pictures_move_as_they_did(tmp_path):
    write_file(tmp_path / "ada-1.mkv", Track(3.0, (RED,), rate=30))
    write_timeline(tmp_path, joined("ada"), end=3.0)

    film = composed(tmp_path)

    places = []
    for picture in film.pictures:
        bright = picture[76:104].min(axis=2) > 180
        columns = np.flatnonzero(bright.any(axis=0))
        places.append(columns.mean() / 2 if columns.size else np.inf)
    expected = [round(tick / 25 * 30) * 4 % 302 + 9 for tick in range(75)]
    wraps = 8  # the mark is in two places when it starts anew
    wrong = [tick for tick in range(75) if abs(places[tick] - expected[tick]) > 6]
    assert len(wrong) < wraps, (wrong, places)


def test_flash_and_beep_come_together(tmp_path):
    write_file(tmp_path / "ada-1.mkv", Track(3.0, flash=2.0, tone=1000.0, loudness=0.8))
    write_timeline(tmp_path, joined("ada", at=0.731), end=4.0)

    film = composed(tmp_path)

    bright = [film.colour(at, rects("ada")["ada"])[0] > 128 for at in film.times]
    flash, beep = film.times[bright.index(True)], np.flatnonzero(np.abs(film.sound) > 0.2)[0] / 48_000
    assert abs(flash - beep) < 0.04
    assert beep == pytest.approx(2.731, abs=0.005)


def test_all_at_full_scale_do_not_clip(tmp_path):
    tones = (300.0, 500.0, 700.0, 1100.0)
    lines = []
    for number, tone in enumerate(tones):
        write_file(tmp_path / f"p{number}-1.mkv", Track(3.0, tone=tone, loudness=0.99, video=()))
        lines += joined(f"p{number}")
    write_timeline(tmp_path, lines, end=3.0)

    film = composed(tmp_path)

    assert 0.7 < film.loudness(0.5, 2.9) < 0.99
    for tone in tones:
        assert film.level(tone, 0.5, 2.5) > 0.15
    assert film.level(200.0, 0.5, 2.5) < 0.02  # the limiter turns it down, it does not distort


def test_people_come_and_go_mute_and_share(tmp_path):
    for name, colour in (("ada", RED), ("bob", GREEN)):
        write_file(tmp_path / f"{name}-1.mkv", Track(3.0, (colour,)))
    write_file(tmp_path / "bob-screen-1.mkv", Track(0.6, (BLUE,), codec="libsvtav1", audio=()))
    bob = joined("bob", at=0.5)
    events = [
        FileBegan(at=1.0, client_id="bob", file="bob-screen-1.mkv", screen=True),
        SourceShown(at=1.0, client_id="bob", source="screen", live=True),
        SourceShown(at=1.5, client_id="bob", source="screen", live=False),
        FileEnded(at=1.5, file="bob-screen-1.mkv"),
        SourceShown(at=2.0, client_id="ada", source="camera", live=False),
        PersonLeft(at=2.5, client_id="bob"),
    ]
    write_timeline(tmp_path, [*joined("ada"), *bob, *events], end=3.0)

    film = composed(tmp_path)

    assert near(film.colour(0.25, rects("ada")["ada"]), RED)
    two = rects("ada", "bob")
    assert near(film.colour(0.75, two["ada"]), RED) and near(film.colour(0.75, two["bob"]), GREEN)
    shared = rects("ada", "bob", screens=("bob",))
    assert near(film.colour(1.3, shared["bob!"]), BLUE)
    assert near(film.colour(1.3, shared["ada"]), RED) and near(film.colour(1.3, shared["bob"]), GREEN)
    assert near(film.colour(1.75, two["bob"]), GREEN)
    assert not near(film.colour(2.25, two["ada"]), RED)  # the avatar
    assert near(film.colour(2.25, two["bob"]), GREEN)
    assert not near(film.colour(2.75, rects("ada")["ada"]), RED)


def test_who_speaks_has_a_green_border(tmp_path):
    write_file(tmp_path / "ada-1.mkv", Track(1.0, (BLUE,)))
    talking = TalkersChanged(at=0.0, stage=("ada",), speaking=("ada",))
    write_timeline(tmp_path, [*joined("ada"), talking, talking.model_copy(update={"at": 0.5, "speaking": ()})], end=1.0)

    film = composed(tmp_path)

    assert film.colour(0.2, Rect(200, 0, 200, 2))[1] > 150
    assert film.colour(0.8, Rect(200, 0, 200, 2))[1] < 60


def test_resolution_changes_within_a_file(tmp_path):
    sizes = (SMALL, Rect(0, 0, 640, 360), Rect(0, 0, 180, 320))
    track = Track(3.0, (RED, GREEN, BLUE), sizes=sizes)
    write_file(tmp_path / "ada-1.mkv", track)
    write_timeline(tmp_path, joined("ada"), end=3.0)

    film = composed(tmp_path)

    assert near(film.colour(0.5, rects("ada")["ada"]), RED)
    assert near(film.colour(1.5, rects("ada")["ada"]), GREEN)
    assert near(film.colour(2.5, Rect(220, 0, 200, 360)), BLUE)
    assert max(film.colour(2.5, Rect(0, 0, 200, 360))) < 40  # nothing left of the wider picture before


def test_gaps_of_a_mute_are_silent_and_what_follows_is_in_time(tmp_path):
    spans = ((0.0, 1.0), (2.0, 3.0))
    write_file(tmp_path / "ada-1.mkv", Track(3.0, (RED, GREEN, BLUE), audio=spans, video=spans))
    off = SourceShown(at=1.0, client_id="ada", source="camera", live=False)
    write_timeline(tmp_path, [*joined("ada"), off, off.model_copy(update={"at": 2.0, "live": True})], end=3.0)

    film = composed(tmp_path)

    assert film.level(440.0, 0.1, 0.9) == pytest.approx(0.4, rel=0.2)
    assert film.loudness(1.1, 1.95) < 0.01
    assert film.level(440.0, 2.1, 2.9) == pytest.approx(0.4, rel=0.2)
    assert near(film.colour(0.5, rects("ada")["ada"]), RED)
    assert not near(film.colour(1.5, rects("ada")["ada"]), RED)
    assert near(film.colour(2.5, rects("ada")["ada"]), BLUE)


def test_a_file_that_was_cut_off_plays_as_far_as_it_goes_and_needs_no_end(tmp_path):
    whole = write_file(tmp_path / "whole.mkv", Track(6.0, (RED,), options={"b": "400k"})).read_bytes()
    (tmp_path / "ada-1.mkv").write_bytes(whole[: len(whole) * 2 // 3])
    write_timeline(tmp_path, joined("ada"), end=None)

    made = compose_segment(tmp_path, choices=QUICK)

    assert 2.0 < made.duration < 5.5
    film = watch(made.path)
    assert near(film.colour(made.duration / 2, rects("ada")["ada"]), RED)
    assert film.level(440.0, 0.5, 1.5) > 0.2


def test_files_that_cannot_be_opened_are_left_out_and_named(tmp_path):
    write_file(tmp_path / "ada-1.mkv", Track(1.0, (RED,)))
    (tmp_path / "bob-1.mkv").write_bytes(b"not a film" * 100)
    write_timeline(tmp_path, [*joined("ada"), *joined("bob"), *joined("eve")], end=1.0)

    made = compose_segment(tmp_path, choices=QUICK)

    assert set(made.left_out) == {"bob-1.mkv", "eve-1.mkv"}
    assert near(watch(made.path).colour(0.5, rects("ada", "bob", "eve")["ada"]), RED)


def test_a_picture_that_becomes_visible_late_is_sought(tmp_path):
    write_file(tmp_path / "ada-1.mkv", Track(5.0, (RED, GREEN), options={"g": "25"}))
    camera = SourceShown(at=0.0, client_id="ada", source="camera", live=False)
    write_timeline(tmp_path, [*joined("ada"), camera, camera.model_copy(update={"at": 4.0, "live": True})], end=5.0)

    film = composed(tmp_path)

    assert not near(film.colour(3.9, rects("ada")["ada"]), GREEN)
    assert near(film.colour(4.04, rects("ada")["ada"]), GREEN)


def test_what_cannot_be_composed_says_why(tmp_path):
    def code(**arguments):
        with pytest.raises(CompositeError) as caught:
            compose_segment(tmp_path, **arguments)
        return caught.value.code

    assert code() == "no-timeline"
    (tmp_path / FILE_NAME).write_text("")
    assert code() == "nothing-recorded"
    (tmp_path / FILE_NAME).write_text('{"type": "what"}\n')
    assert code() == "bad-timeline"
    write_timeline(tmp_path, joined("ada"), end=1.0)
    assert code() == "nothing-recorded"
    write_file(tmp_path / "ada-1.mkv", Track(0.5))
    assert code(output=tmp_path / "ada-1.mkv") == "cannot-write"
    assert code(output=tmp_path / "missing" / "film.mp4", choices=QUICK) == "cannot-write"
    assert code(choices=Choices(encoder="h264_imagined")) == "no-encoder"


def test_whoever_stops_it_finds_no_half_file(tmp_path):
    write_file(tmp_path / "ada-1.mkv", Track(2.0))
    write_timeline(tmp_path, joined("ada"), end=2.0)

    def stop(progress: Progress) -> None:
        if progress.percent > 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compose_segment(tmp_path, choices=QUICK, progress=stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ada-1.mkv", FILE_NAME]


def test_a_webm_of_two(tmp_path):
    for name, colour in (("ada", RED), ("bob", GREEN)):
        write_file(tmp_path / f"{name}-1.mkv", Track(1.0, (colour,)))
    write_timeline(tmp_path, [*joined("ada"), *joined("bob")], end=1.0)

    made = compose_segment(tmp_path, tmp_path / "both.webm")

    facts = probe(made.path)
    assert (facts["video"]["codec_name"], facts["audio"]["codec_name"], made.encoder) == ("vp8", "opus", "libvpx")
    assert near(watch(made.path).colour(0.5, rects("ada", "bob")["bob"]), GREEN)
