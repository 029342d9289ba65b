import errno
import random

import pytest

from recorder.errors import RecordingError
from recorder.segment import Segment
from recorder.timeline import FileBegan, SegmentBegan, SourceShown, read_timeline
from recorder.track_files import Group
from tests.recorder.test_mkv import room_for
from tests.support.probing import pictures, probe, sound
from tests.support.publishing import (
    OPUS,
    VIDEO,
    Stream,
    brightness,
    disordered,
    encode_tone,
    encode_video,
    feed,
)

BEGAN = SegmentBegan(conf_num="123", segment=1, started_at="2026-11-22T00:00:00Z", room_name="Room")
VP8 = VIDEO["VP8"]


@pytest.fixture
def segment(tmp_path):
    return Segment(tmp_path / "1", BEGAN, 0.0)


def put(segment, stream, client_id="ada", source=None, *, track_id=None, now=0.0):
    source = source or ("microphone" if stream.codec is OPUS else "camera")
    kind = "audio" if stream.codec is OPUS else "video"
    segment.on_track(
        ssrc=stream.ssrc,
        track_id=track_id or f"{client_id}-{source}-{kind}",
        client_id=client_id,
        source=source,
        kind=kind,
        codec=stream.codec,
        now=now,
    )


def timeline(segment, kind):
    return [line for line in read_timeline(segment.folder / "timeline.jsonl") if isinstance(line, kind)]


def check_pictures(shown, numbers):
    assert len(shown) == len(numbers)
    for one, number in zip(shown, numbers, strict=True):
        assert abs(one.brightness - brightness(number)) < 4


@pytest.mark.parametrize("codec", VIDEO)
def test_microphone_and_camera_are_recorded_as_they_came_though_out_of_order(segment, codec):
    sound_stream, camera = Stream(OPUS, 2), Stream(VIDEO[codec], 1)
    segment.on_person_joined("ada", "Ada Lovelace", "moderator", 0.0)
    put(segment, sound_stream)
    put(segment, camera)
    sent = disordered(camera.video(encode_video(codec, 60), 1.0), 1) + disordered(
        sound_stream.audio(encode_tone(4.0)), 2
    )
    feed(segment, sent, reports=[(0.1, sound_stream.report(0.1)), (1.1, camera.report(1.1))], until=4.5)
    (file,) = segment.finish(5.0)
    assert (file.file, file.client_id, file.screen) == ("ada-1.mkv", "ada", False)
    probed = probe(segment.folder / file.file)
    assert file.size == (segment.folder / file.file).stat().st_size
    assert file.duration == pytest.approx(4.0, abs=0.01)
    assert probed.duration == pytest.approx(file.duration, abs=0.001)
    assert probed.packets["audio"] == pytest.approx([index * 0.02 for index in range(200)], abs=0.002)
    assert probed.packets["video"] == pytest.approx([1.0 + index * 0.05 for index in range(60)], abs=0.002)
    assert probed.tags["ARTIST"] == "Ada Lovelace"
    check_pictures(pictures(segment.folder / file.file), range(60))
    assert len(sound(segment.folder / file.file)) == 200 * 960


@pytest.mark.parametrize("codec", VIDEO)
def test_after_lost_packets_no_picture_is_shown_before_the_next_keyframe(segment, codec):
    camera = Stream(VIDEO[codec], 1)
    put(segment, camera)
    frames = [encode_video(codec, 20, interval=99, first=20 * part) for part in range(4)]
    sent = camera.video([frame for part in frames for frame in part])
    chance = random.Random(codec)
    # Of the second clip one packet of a picture in the middle, of the third its keyframe's first one.
    times = sorted({one.packet.timestamp for one in sent}, key=lambda at: (at - sent[0].packet.timestamp) % 2**32)
    victims = [[one for one in sent if one.packet.timestamp == times[number]] for number in (27, 40)]
    lost = {id(chance.choice(victims[0])), id(victims[1][0])}
    feed(segment, [one for one in sent if id(one) not in lost], until=6.0)
    (file,) = segment.finish(6.0)
    check_pictures(pictures(segment.folder / file.file), [*range(27), *range(60, 80)])
    counters = segment.counters()
    assert counters["packets-lost"] == 2
    # Of the 33 pictures that are not shown, two may have had no other packet.
    assert counters["frames-broken"] + counters["frames-undecodable"] >= 31


def test_a_keyframe_is_wanted_until_it_comes(segment):
    camera = Stream(VP8, 1)
    put(segment, camera)
    put(segment, Stream(OPUS, 2))
    assert segment.keyframes_wanted() == ["ada-camera-video"]
    sent = camera.video(encode_video("VP8", 20))
    whole = next(index for index, one in enumerate(sent) if one.packet.marker) + 1
    feed(segment, sent[: whole - 1], until=0.1)
    assert segment.keyframes_wanted() == ["ada-camera-video"]
    segment.on_rtp(sent[whole - 1].packet, 0.1)
    assert segment.keyframes_wanted() == []
    segment.on_rtp(sent[whole + 1].packet, 0.2)
    segment.tick(0.9)
    assert segment.keyframes_wanted() == ["ada-camera-video"]
    segment.on_paused("ada-camera-video", 1.0)
    assert segment.keyframes_wanted() == []


def test_sound_and_pictures_of_several_people_line_up_by_sender_reports(segment):
    """A flash and a beep of one moment, on paths of different delays, are at one moment of the segment."""
    streams = {
        "ada": (Stream(OPUS, 1, delay=0.01), Stream(VP8, 2, delay=0.4)),
        "bob": (Stream(OPUS, 3, delay=0.2), Stream(VP8, 4, delay=0.05)),
    }
    sent, reports = [], []
    for client_id, (sound_stream, camera) in streams.items():
        put(segment, sound_stream, client_id)
        put(segment, camera, client_id)
        sent += sound_stream.audio(encode_tone(3.0), 0.5) + camera.video(encode_video("VP8", 60), 0.5)
        for second in range(1, 4):
            # The node writes all reports on its own clock, and they come 10 ms later.
            reports += [(second * 0.8 + 0.01, stream.report(second * 0.8)) for stream in (sound_stream, camera)]
    feed(segment, sent, reports=reports, until=5.0)
    began = {line.client_id: line.at for line in (segment.finish(5.0), timeline(segment, FileBegan))[1]}
    for client_id in streams:
        packets = probe(segment.folder / f"{client_id}-1.mkv").packets
        assert began[client_id] + packets["audio"][100] == pytest.approx(0.5 + 2.0 + 0.01, abs=0.01)
        assert began[client_id] + packets["video"][40] == pytest.approx(0.5 + 2.0 + 0.01, abs=0.01)


def test_a_late_sender_report_corrects_without_going_backwards(segment):
    sound_stream, other = Stream(OPUS, 1, delay=0.3), Stream(OPUS, 2, delay=0.0)
    put(segment, sound_stream)
    put(segment, other, "bob")
    sent = sound_stream.audio(encode_tone(3.0))
    feed(segment, sent, reports=[(0.0, other.report(0.0)), (1.5, sound_stream.report(1.5))], until=3.5)
    segment.finish(4.0)
    packets = probe(segment.folder / "ada-1.mkv").packets["audio"]
    assert packets == sorted(set(packets))
    (began,) = timeline(segment, FileBegan)
    assert began.at + packets[50] == pytest.approx(1.3, abs=0.01)
    assert began.at + packets[-1] == pytest.approx(2.98, abs=0.01)


def test_a_muted_camera_leaves_a_gap_while_sound_goes_on_and_is_written(segment):
    sound_stream, camera = Stream(OPUS, 2), Stream(VP8, 1)
    put(segment, sound_stream)
    put(segment, camera)
    reports = [(0.0, sound_stream.report(0.0)), (0.0, camera.report(0.0))]
    before, after = camera.video(encode_video("VP8", 20)), camera.video(encode_video("VP8", 20, first=20), 7.0)
    tone = sound_stream.audio(encode_tone(9.0))
    feed(segment, before + [one for one in tone if one.at < 2], reports=reports, until=2.0)
    segment.on_paused("ada-camera-video", 2.0)
    feed(segment, [one for one in tone if 2 <= one.at < 7], until=7.0)
    assert probe(segment.folder / "ada-1.mkv").packets["audio"][-1] > 6.5
    segment.on_resumed("ada-camera-video", 7.0)
    feed(segment, after + [one for one in tone if one.at >= 7], until=9.5)
    segment.finish(9.5)
    path = segment.folder / "ada-1.mkv"
    assert probe(path).packets["video"][19:21] == pytest.approx([0.95, 7.0], abs=0.002)
    check_pictures(pictures(path), range(40))
    assert [(line.source, line.live, line.at) for line in timeline(segment, SourceShown)[2:]] == [
        ("camera", False, 2.0),
        ("camera", True, 7.0),
    ]


def test_all_that_came_before_a_mute_is_in_the_file_at_once(segment):
    sound_stream = Stream(OPUS, 2)
    put(segment, sound_stream)
    feed(segment, sound_stream.audio(encode_tone(1.0)), until=1.0)
    segment.on_paused("ada-microphone-audio", 1.02)
    assert len(probe(segment.folder / "ada-1.mkv").packets["audio"]) == 50


@pytest.mark.parametrize("codec", VIDEO)
def test_a_change_of_resolution_at_a_keyframe_plays(segment, codec):
    camera = Stream(VIDEO[codec], 1)
    put(segment, camera)
    frames = [*encode_video(codec, 10), *encode_video(codec, 10, 160, 90, first=10), *encode_video(codec, 10, first=20)]
    feed(segment, camera.video(frames), reports=[(0.1, camera.report(0.1))], until=3.0)
    (file,) = segment.finish(3.0)
    shown = pictures(segment.folder / file.file)
    check_pictures(shown, range(30))
    assert [one.width for one in shown] == [320] * 10 + [160] * 10 + [320] * 10


def test_another_codec_begins_another_file_for_both_tracks(segment):
    sound_stream, camera = Stream(OPUS, 2), Stream(VP8, 1)
    put(segment, sound_stream)
    put(segment, camera)
    tone = sound_stream.audio(encode_tone(4.0))
    feed(segment, camera.video(encode_video("VP8", 40)) + [one for one in tone if one.at < 2], until=2.0)
    camera.codec = VIDEO["H264"]
    put(segment, camera, now=2.0)
    feed(segment, camera.video(encode_video("H264", 40), 2.0) + [one for one in tone if one.at >= 2], until=4.5)
    assert [file.file for file in segment.finish(4.5)] == ["ada-1.mkv", "ada-2.mkv"]
    second = probe(segment.folder / "ada-2.mkv")
    assert second.streams["video"]["codec_name"] == "h264"
    check_pictures(pictures(segment.folder / "ada-1.mkv"), range(40))
    check_pictures(pictures(segment.folder / "ada-2.mkv"), range(40))
    assert len(probe(segment.folder / "ada-1.mkv").packets["audio"]) + len(second.packets["audio"]) == 200


def test_each_screen_share_is_a_file_of_its_own(segment):
    camera = Stream(VP8, 1)
    put(segment, camera)
    feed(segment, camera.video(encode_video("VP8", 20)), until=1.0)
    for number, begin in enumerate((1.0, 3.0)):
        screen, screen_sound = Stream(VP8, 10 + number), Stream(OPUS, 20 + number)
        put(segment, screen, source="screen", track_id=f"screen{number}", now=begin)
        put(segment, screen_sound, source="screen", track_id=f"sound{number}", now=begin)
        sent = screen.video(encode_video("VP8", 20), begin) + screen_sound.audio(encode_tone(1.0), begin)
        feed(segment, sent, until=begin + 1.5)
        segment.on_track_ended(f"screen{number}", begin + 1.5)
        segment.on_track_ended(f"sound{number}", begin + 1.5)
    files = {file.file: file.screen for file in segment.finish(5.0)}
    assert files == {"ada-screen-1.mkv": True, "ada-screen-2.mkv": True, "ada-1.mkv": False}
    assert set(probe(segment.folder / "ada-screen-2.mkv").streams) == {"audio", "video"}


def test_who_leaves_and_comes_back_gets_another_file(segment):
    for number in (0, 2):
        sound_stream = Stream(OPUS, number)
        segment.on_person_joined("ada", "Ada", "participant", number)
        put(segment, sound_stream, now=number)
        feed(segment, sound_stream.audio(encode_tone(1.0), number), until=number + 1.2)
        segment.on_person_left("ada", number + 1.2)
    assert [file.file for file in segment.finish(4.0)] == ["ada-1.mkv", "ada-2.mkv"]
    assert [line.at for line in timeline(segment, FileBegan)] == pytest.approx([0.02, 2.02], abs=0.001)


def test_packets_of_nobody_or_of_another_payload_type_are_counted_and_dropped(segment):
    sound_stream = Stream(OPUS, 1)
    put(segment, sound_stream)
    segment.on_rtp(Stream(OPUS, 9).audio(encode_tone(1.0))[0].packet, 0.0)
    segment.on_sender_report(Stream(OPUS, 9).report(0.0), 0.0)
    segment.on_rtp(Stream(VP8, 1).video(encode_video("VP8", 1))[0].packet, 0.0)
    segment.on_paused("nobody's", 0.0)
    segment.on_track_ended("nobody's", 0.0)
    assert segment.finish(1.0) == ()
    counters = segment.counters()
    assert (counters["strangers"], counters["packets-foreign"]) == (2, 1)


@pytest.mark.parametrize("client_id", ["../../etc/passwd", "a/b", ".hidden", "", "x" * 300, "nul\0", "ä"])
def test_no_client_id_leaves_the_folder(segment, client_id):
    sound_stream = Stream(OPUS, 1)
    put(segment, sound_stream, client_id)
    feed(segment, sound_stream.audio(encode_tone(0.5)), until=1.0)
    (file,) = segment.finish(1.0)
    assert {path.name for path in segment.folder.iterdir()} == {"timeline.jsonl", file.file}
    assert [line.file for line in timeline(segment, FileBegan)] == [file.file]
    assert Group(client_id, "").stem != Group(client_id + "y", "").stem


def test_on_a_full_disk_the_segment_fails_once_and_its_files_are_intact(segment):
    sound_stream = Stream(OPUS, 1)
    put(segment, sound_stream)
    tone = sound_stream.audio(encode_tone(4.0))
    with room_for(20_000), pytest.raises(RecordingError) as caught:
        feed(segment, tone, until=4.0)
    assert caught.value.code == "disk-full"
    assert caught.value.__cause__.errno == errno.EFBIG
    (file,) = segment.finish(5.0)
    probed = probe(segment.folder / file.file)
    assert file.duration == pytest.approx(probed.packets["audio"][-1] + 0.02, abs=0.001)
    assert file.size == (segment.folder / file.file).stat().st_size
    put(segment, sound_stream, "bob")
    feed(segment, tone, until=4.0)
    assert len(list(segment.folder.iterdir())) == 2


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(RecordingError) as caught:
        Segment(tmp_path / "file" / "1", BEGAN, 0.0)
    assert caught.value.code == "write-failed"


def test_a_folder_that_holds_a_segment_is_refused(segment):
    with pytest.raises(RecordingError, match="exists"):
        Segment(segment.folder, BEGAN, 0.0)
