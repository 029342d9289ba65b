"""A live film is what was published, where the layout says and when it was."""

from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import pytest

from recorder.errors import RecordingError
from recorder.layouts import Rect, arrange
from recorder.live.pictures import LivePictures
from recorder.live.segment import DELAY, LiveSegment
from tests.support.films import Watched, watch
from tests.support.live import BLUE, GREEN, GREY, RED, SIZE, Someone, film_of, live_segment
from tests.support.publishing import FRAME_RATE, Sent, encode_colours, encode_tone, feed

WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def record(folder: Path, people: list[Someone], sent: list[list[Sent]], seconds: float) -> Watched:
    with live_segment(folder) as segment:
        for someone in people:
            someone.join(segment)
        reports = list(chain.from_iterable(someone.reports() for someone in people))
        feed(segment, chain.from_iterable(sent), reports=reports, until=seconds)
        segment.finish(seconds)
    return watch(film_of(folder))


def rects(*people: str, screens: tuple[str, ...] = ()) -> list[Rect]:
    return [tile.rect for tile in arrange(people, screens, [], SIZE)]


def near(shown: tuple[int, int, int], wanted: tuple[int, int, int]) -> bool:
    return max(abs(one - other) for one, other in zip(shown, wanted, strict=True)) < 30


def test_each_picture_is_in_its_rectangle_and_each_tone_is_heard_whatever_the_codec(tmp_path: Path) -> None:
    colours = {"ada": RED, "bob": GREEN, "cyd": BLUE, "dan": GREY}
    tones = (440.0, 660.0, 880.0, 1320.0)
    people = [
        Someone(name, number, codec)
        for number, (name, codec) in enumerate(zip(colours, ("VP8", "VP9", "H264", "AV1"), strict=True))
    ]
    sent = [one.colour(colours[one.name], 2.0, tone) for one, tone in zip(people, tones, strict=True)]
    film = record(tmp_path, people, sent, 2.0)
    for rect, colour in zip(rects(*colours), colours.values(), strict=True):
        assert near(film.colour(1.5, rect), colour)
    assert all(film.level(tone, 0.5, 1.5) > 0.1 for tone in tones)
    assert film.level(550.0, 0.5, 1.5) < 0.01


def test_it_has_25_frames_a_second_and_the_length_of_the_recording(tmp_path: Path) -> None:
    ada = Someone("ada", 0)
    film = record(tmp_path, [ada], [ada.colour(RED, 2.0)], 2.0)
    assert len(film.times) == 50
    assert {round(later - earlier, 3) for earlier, later in pairwise(film.times)} == {0.04}
    assert film.sound.size / 48_000 == pytest.approx(2.0, abs=0.03)


def test_a_flash_and_a_beep_that_were_together_are_together(tmp_path: Path) -> None:
    ada = Someone("ada", 0, delay=0.15)
    flash = tuple(WHITE if 20 <= number < 24 else BLACK for number in range(40))
    sent = ada.sends(encode_colours("VP8", flash), encode_tone(2.0, 1000.0, (1.0, 1.2)))
    film = record(tmp_path, [ada], [sent], 2.0)
    [rect] = rects("ada")
    flashed = next(at for at in film.times if film.colour(at, rect)[0] > 128)
    beeped = np.argmax(np.abs(film.sound) > 0.05) / 48_000
    assert abs(flashed - beeped) < 0.04
    assert flashed == pytest.approx(1.0, abs=0.05)


def test_one_who_joins_late_and_one_who_leaves_are_shown_while_they_are_there(tmp_path: Path) -> None:
    ada, bob = Someone("ada", 0), Someone("bob", 1, begin=1.0)
    with live_segment(tmp_path) as segment:
        ada.join(segment)
        feed(segment, ada.colour(RED, 1.0), reports=ada.reports(), until=1.0)
        bob.join(segment)
        feed(segment, bob.colour(GREEN, 1.0, 880.0), reports=bob.reports(), until=2.0)
        segment.on_person_left("ada", 2.0)
        segment.tick(3.0)
        segment.finish(3.0)
    film = watch(film_of(tmp_path))
    alone, both = rects("ada")[0], rects("ada", "bob")
    assert near(film.colour(0.6, alone), RED)
    assert near(film.colour(1.6, both[0]), RED)
    assert near(film.colour(1.6, both[1]), GREEN)
    assert near(film.colour(2.6, alone), GREEN)
    assert film.level(880.0, 0.3, 0.9) < 0.01 < film.level(880.0, 1.2, 1.8)


def test_who_speaks_has_a_green_border(tmp_path: Path) -> None:
    ada, bob = Someone("ada", 0), Someone("bob", 1)
    with live_segment(tmp_path) as segment:
        for one in (ada, bob):
            one.join(segment)
        segment.on_talkers(("ada", "bob"), ("ada",), 0.0)
        feed(segment, [], until=1.0)
        segment.on_talkers(("ada", "bob"), ("bob",), 1.0)
        for step in range(20):
            segment.tick(1.0 + step / 20)
        segment.finish(2.0)
    film = watch(film_of(tmp_path))

    def edge(at: float, rect: Rect) -> tuple[int, int, int]:
        picture = film.pictures[round(at * 25)]
        red, green, blue = picture[rect.y, rect.x + rect.width // 2]
        return int(red), int(green), int(blue)

    first, second = rects("ada", "bob")
    for at, speaker, other in ((0.5, first, second), (1.5, second, first)):
        assert edge(at, speaker)[1] > 150 > edge(at, other)[1]


def test_a_screen_is_large_and_goes_when_it_ends(tmp_path: Path) -> None:
    ada = Someone("ada", 0)
    screen = Someone("ada", 5)
    with live_segment(tmp_path) as segment:
        ada.join(segment)
        ada.put(segment, "screen", screen.camera)
        sent = ada.colour(RED, 2.0) + screen.camera.video(encode_colours("VP8", (BLUE,) * FRAME_RATE))
        reports = [*ada.reports(), screen.reports()[0]]
        feed(segment, [one for one in sent if one.at < 1.0], reports=reports, until=1.0)
        segment.on_track_ended("ada-screen", 1.0)
        feed(segment, [one for one in sent if one.at >= 1.0 and one.packet.ssrc != screen.camera.ssrc], until=2.0)
        segment.finish(2.0)
    film = watch(film_of(tmp_path))
    large, beside = rects("ada", screens=("ada",))
    assert near(film.colour(0.7, large), BLUE)
    assert near(film.colour(0.7, beside), RED)
    assert near(film.colour(1.7, rects("ada")[0]), RED)


def test_a_muted_camera_is_an_avatar_and_is_back_with_its_first_picture(tmp_path: Path) -> None:
    ada = Someone("ada", 0)
    with live_segment(tmp_path) as segment:
        ada.join(segment)
        sent = ada.colour(RED, 3.0)
        feed(segment, [one for one in sent if one.at < 1.0], reports=ada.reports(), until=1.0)
        segment.on_paused("ada-camera", 1.0)
        muted = [one for one in sent if 1.0 <= one.at < 2.0 and one.packet.ssrc == ada.microphone.ssrc]
        feed(segment, muted, until=2.0)
        segment.on_resumed("ada-camera", 2.0)
        feed(segment, [one for one in sent if one.at >= 2.0], until=3.0)
        segment.finish(3.0)
    film = watch(film_of(tmp_path))
    [rect] = rects("ada")
    assert [near(film.colour(at, rect), RED) for at in (0.7, 1.6, 2.2, 2.7)] == [True, False, True, True]
    assert film.level(440.0, 1.2, 1.8) > 0.1


def test_without_time_for_drawing_pictures_are_held_and_sound_and_length_stay_right(tmp_path: Path) -> None:
    ada = Someone("ada", 0)
    with live_segment(tmp_path) as segment:
        ada.join(segment)
        sent = ada.colour(RED, 3.0)
        feed(segment, [one for one in sent if one.at < 1.0], reports=ada.reports(), until=1.0)
        assert not segment.counters().get("pictures-held")
        for one in sent:
            if one.at >= 1.0:
                segment.on_rtp(one.packet, one.at)
        segment.tick(3.0)
        assert segment.counters()["pictures-held"] > 25
        segment.finish(3.0)
    film = watch(film_of(tmp_path))
    assert len(film.times) == 75 - segment.counters()["pictures-held"]
    assert film.times[-1] == pytest.approx(2.96)
    assert film.sound.size / 48_000 == pytest.approx(3.0, abs=0.03)
    assert all(film.level(440.0, start, start + 0.4) > 0.1 for start in (0.2, 1.0, 1.5, 2.0, 2.5))
    assert near(film.colour(2.8, rects("ada")[0]), RED)


def test_what_was_due_before_the_film_began_has_its_pictures(tmp_path: Path) -> None:
    ada = Someone("ada", 0, begin=1.5)
    with live_segment(tmp_path) as segment:
        ada.join(segment)
        feed(segment, ada.colour(RED, 1.0), reports=ada.reports(), until=2.5)
        segment.finish(2.5)
        assert not segment.counters().get("pictures-held")
    film = watch(film_of(tmp_path))
    assert len(film.times) == 62
    assert near(film.colour(2.2, rects("ada")[0]), RED)


def test_what_nobody_sees_is_not_decoded_and_a_keyframe_is_asked_for_when_it_comes_into_view(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recorder.layouts.MAX_PEOPLE", 1)
    decoded: list[LivePictures] = []
    decode = LivePictures._decode

    def counting(self: LivePictures, timed) -> None:
        decoded.append(self)
        decode(self, timed)

    monkeypatch.setattr(LivePictures, "_decode", counting)
    ada, bob = Someone("ada", 0), Someone("bob", 1)
    with live_segment(tmp_path) as segment:
        for one in (ada, bob):
            one.join(segment)
        segment.on_talkers(("ada", "bob"), (), 0.0)
        # One keyframe in 6 seconds.
        frames = [encode_colours("VP8", (colour,) * 20) for colour in (RED, GREEN)]
        sent = [one.camera.video([frames[who][0], *frames[who][1:20] * 6]) for who, one in enumerate((ada, bob))]
        feed(segment, chain.from_iterable(sent), reports=[ada.reports()[0], bob.reports()[0]], until=5.0)
        assert len(set(decoded)) == 1
        assert segment.keyframes_wanted() == []
        segment.on_talkers(("bob", "ada"), ("bob",), 5.0)
        segment.tick(5.0 + DELAY + 0.1)
        assert segment.keyframes_wanted() == ["bob-camera"]
        segment.finish(6.0)


def test_a_full_disk_is_told_once_and_what_was_written_plays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = Someone("ada", 0)

    def full(self, piece: bytes) -> None:
        raise OSError(28, "No space left on device")

    def fails(segment: LiveSegment) -> str:
        for number in range(100):
            try:
                segment.tick(2.0 + number / 25)
            except RecordingError as error:
                return error.code
        return ""

    with live_segment(tmp_path) as segment:
        ada.join(segment)
        feed(segment, ada.colour(RED, 2.0), reports=ada.reports(), until=2.0)
        monkeypatch.setattr("recorder.append_file.AppendFile.append", full)
        assert fails(segment) == "disk-full"
        assert fails(segment) == ""
        segment.finish(6.0)
    film = watch(film_of(tmp_path))
    assert film.times[-1] > 0.6
    assert near(film.colour(0.5, rects("ada")[0]), RED)
