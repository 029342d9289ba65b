import errno
import resource
from contextlib import contextmanager

import pytest

from recorder.append_file import AppendFile
from recorder.ebml import element, padded, size_field, text, unsigned, void
from recorder.mkv import CLUSTER_SPAN, MkvFile, MkvTrack
from tests.support.probing import probe, sound
from tests.support.publishing import encode_tone, encode_video

TONE = encode_tone(2.0)
SOUND = MkvTrack("opus", "Ada (microphone)")
CAMERA = MkvTrack("VP8", "Ada (camera)", 320, 180)


@contextmanager
def room_for(size):
    """A disk on which no file gets larger than this."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def write_tone(file, number, *, begin=0.0):
    for index, packet in enumerate(TONE):
        file.write(number, begin + index * 0.02, packet.data, keyframe=True, duration=0.02)


@pytest.mark.parametrize(
    ("value", "encoded"),
    [(0, "80"), (126, "fe"), (127, "407f"), (16382, "7ffe"), (16383, "203fff"), (1 << 20, "300000")],
)
def test_sizes_never_look_like_the_unknown_one(value, encoded):
    assert size_field(value).hex() == encoded
    assert size_field(value, 8)[0] == 1


def test_elements_nest():
    assert element(0x1A45DFA3, unsigned(0xD7, 0), text(0x86, "é")) == bytes.fromhex("1a45dfa387d7810086 82c3a9")


@pytest.mark.parametrize("total", [2, 3, 15, 16, 17, 128, 129, 4096])
def test_a_void_element_has_the_size_asked_for(total):
    filler = void(total)
    assert len(filler) == total
    body = filler[2:] if filler[1] & 0x80 else filler[9:]
    assert int.from_bytes(filler[1 : -len(body) or None], "big") & 0x7F == len(body) & 0x7F


def test_what_does_not_fit_is_refused():
    assert padded(b"xx", 2) == b"xx"
    for total in (1, 3):
        with pytest.raises(ValueError, match="do not fit"):
            padded(b"xx", total)


def test_a_finished_file_has_tags_duration_and_places_to_seek_to(tmp_path):
    file = MkvFile(tmp_path / "a.mkv", "Ada", {"ARTIST": "Ada", "CLIENT_ID": "ab12"})
    write_tone(file, file.add_track(SOUND))
    file.finish()
    probed = probe(tmp_path / "a.mkv")
    assert probed.duration == pytest.approx(2.0, abs=0.001)
    assert probed.tags == {"title": "Ada", "ARTIST": "Ada", "CLIENT_ID": "ab12", "encoder": "roomcast"}
    assert probed.streams["audio"]["tags"]["title"] == "Ada (microphone)"
    assert len(sound(tmp_path / "a.mkv")) == 96_000
    assert file.size == (tmp_path / "a.mkv").stat().st_size


def test_a_track_can_be_added_while_the_file_is_written(tmp_path):
    file = MkvFile(tmp_path / "a.mkv", "Ada", {})
    write_tone(file, file.add_track(SOUND))
    camera = file.add_track(CAMERA)
    for index, frame in enumerate(encode_video("VP8", 10)):
        file.write(camera, 2.0 + index * 0.05, frame.data, keyframe=frame.keyframe)
    file.finish()
    probed = probe(tmp_path / "a.mkv")
    assert probed.packets["video"] == pytest.approx([2.0 + index * 0.05 for index in range(10)])
    assert (probed.streams["video"]["width"], probed.streams["video"]["height"]) == (320, 180)


def test_what_was_flushed_is_in_the_file_before_it_is_finished(tmp_path):
    file = MkvFile(tmp_path / "a.mkv", "Ada", {})
    write_tone(file, file.add_track(SOUND))
    assert probe(tmp_path / "a.mkv").packets["audio"][-1] > 1.98 - CLUSTER_SPAN
    assert file.pending
    file.flush()
    assert not file.pending
    assert probe(tmp_path / "a.mkv").packets["audio"][-1] == pytest.approx(1.98)
    assert probe(tmp_path / "a.mkv").duration == pytest.approx(2.0)
    file.abandon()


def test_time_never_goes_back_within_a_track(tmp_path):
    file = MkvFile(tmp_path / "a.mkv", "Ada", {})
    number = file.add_track(SOUND)
    for time in (0.5, 0.4, 0.4, 0.6):
        file.write(number, time, TONE[0].data, keyframe=True)
    file.finish()
    assert probe(tmp_path / "a.mkv").packets["audio"] == pytest.approx([0.5, 0.501, 0.502, 0.6])


def test_tracks_far_apart_in_time_go_into_clusters_of_their_own(tmp_path):
    file = MkvFile(tmp_path / "a.mkv", "Ada", {})
    number, other = file.add_track(SOUND), file.add_track(CAMERA)
    file.write(number, 100.0, TONE[0].data, keyframe=True)
    file.write(other, 10.0, encode_video("VP8", 1)[0].data, keyframe=True)
    file.finish()
    packets = probe(tmp_path / "a.mkv").packets
    assert packets == {"audio": [pytest.approx(100.0)], "video": [pytest.approx(10.0)]}


def test_no_file_is_overwritten(tmp_path):
    (tmp_path / "a.mkv").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        MkvFile(tmp_path / "a.mkv", "Ada", {})
    assert (tmp_path / "a.mkv").read_bytes() == b"mine"


def test_on_a_full_disk_the_file_ends_with_its_last_whole_cluster(tmp_path):
    path = tmp_path / "a.mkv"
    file = MkvFile(path, "Ada", {})
    with room_for(15_000), pytest.raises(OSError) as caught:
        write_tone(file, file.add_track(SOUND))
    assert caught.value.errno == errno.EFBIG
    assert path.stat().st_size == file.size < 15_000
    packets = probe(path).packets["audio"]
    assert file.duration == pytest.approx(packets[-1] + 0.02)
    file.abandon()


def test_a_file_that_cannot_even_begin_is_not_left_behind(tmp_path):
    with room_for(1000), pytest.raises(OSError, match="large"):
        MkvFile(tmp_path / "a.mkv", "Ada", {})
    assert list(tmp_path.iterdir()) == []


def test_of_a_piece_that_does_not_fit_nothing_is_kept(tmp_path):
    with AppendFile(tmp_path / "a") as file:
        file.append(b"x" * 900)
        with room_for(1000):
            with pytest.raises(OSError, match="large"):
                file.append(b"y" * 200)
            file.append(b"z" * 100)
        file.patch(0, b"head")
        assert file.size == 1000
    assert (tmp_path / "a").read_bytes() == b"head" + b"x" * 896 + b"z" * 100
