"""What a recorder gets of a session, whatever happens in it. No network here."""

import itertools

import pytest

from sfu.forwarding.layer import LIVE_TIMEOUT
from sfu.link_messages import ChangeTap, Codec, Track
from sfu.rtcp.packets import SenderReport
from sfu.rtp.packet import RtpPacket
from sfu.tap.tap import STALL_LIMIT
from sfu.tap.tapped_track import FALL, REPAIR_PERIOD
from sfu.tap_messages import (
    AUDIO_LEVEL_ID,
    KeyframeWanted,
    TapAccepted,
    TapClosed,
    TrackBegan,
    TrackEnded,
    TrackPaused,
    TrackResumed,
)
from tests.support.forwarding import (
    LEVEL,
    OPUS,
    VP8,
    AudioSource,
    Member,
    Session,
    VideoSource,
    camera,
    microphone,
    rtp,
    slots,
)
from tests.support.taps import NTP_OFFSET, add_tap, assert_continuous, dial, of, of_track, put_tap

RED = Codec(format="red", name="red", payload_type=63, clock_rate=48000)


def wants_keyframe(publisher: Member) -> bool:
    return bool(publisher.peer.requests(publisher.session.now))


def test_every_track_is_announced_before_its_first_packet() -> None:
    session = Session()
    recorder = dial(session, add_tap(session))
    publisher = session.join("p", tracks=(camera("p"), microphone("p")))
    publisher.send(*VideoSource(1).frame(key=True), AudioSource(2).packet())
    items = recorder.taken()
    assert items[0] == TapAccepted(at=session.now + NTP_OFFSET)
    assert [(frame.track_id, frame.endpoint_id, frame.source, frame.kind) for frame in of(TrackBegan, items)] == [
        ("p-cam", "p", "camera", "video"),
        ("p-mic", "p", "microphone", "audio"),
    ]
    assert len(of_track("p-cam", items)) == 2
    assert len(of_track("p-mic", items)) == 1


def test_packets_are_in_plain_text_and_keep_the_audio_level() -> None:
    session = Session()
    recorder = dial(session, add_tap(session))
    publisher = session.join("p", tracks=(microphone("p"),))
    publisher.send(AudioSource(7).packet(level=33))
    (packet,) = of(RtpPacket, recorder.taken())
    assert packet.payload == b"\xfc" + bytes([7]) * 60
    assert packet.extensions == ((AUDIO_LEVEL_ID, bytes([33 | 0x80])),)


def test_without_a_recorder_nothing_is_tapped_and_no_keyframe_asked_for() -> None:
    session = Session()
    add_tap(session)
    publisher = session.join("p", tracks=(camera("p"),))
    publisher.send(*VideoSource(1).frame())
    session.decide()
    assert not wants_keyframe(publisher)
    assert "packets-forwarded" not in session.counters.totals()


def test_a_recorder_that_comes_late_starts_at_a_keyframe_it_asks_for() -> None:
    session = Session()
    tap = add_tap(session)
    publisher = session.join("p", tracks=(camera("p"),))
    source = VideoSource(1)
    publisher.send(*source.frame(key=True))
    recorder = dial(session, tap)
    publisher.send(*source.frame())
    assert of(RtpPacket, recorder.taken()) == []
    assert wants_keyframe(publisher)
    publisher.send(*source.frame(key=True))
    assert len(of_track("p-cam", recorder.taken())) == 2


def test_the_highest_layer_is_sent_in_one_stream_whatever_layers_come_and_go() -> None:
    session = Session()
    recorder = dial(session, add_tap(session))
    publisher = session.join("p", tracks=(camera("p", rids=("q", "h")),))
    low = VideoSource(1, rid="q", height=180, sequence=65_530)
    high = VideoSource(2, rid="h", height=360, sequence=4000, timestamp=99, picture_id=0x7FFE, tl0=254)
    for turn in range(240):
        session.now += 0.033
        key = wants_keyframe(publisher) or turn == 0
        publisher.send(*low.frame(key=key))
        if 40 <= turn < 100 or turn >= 180:
            publisher.send(*high.frame(key=key))
        if turn % 9 == 8:
            session.decide()
    items = recorder.taken()
    packets = of_track("p-cam", items)
    assert_continuous(packets)
    assert [source for source, _ in itertools.groupby(packet.payload[-1] for packet in packets)] == [1, 2, 1, 2]
    assert len(of(TrackBegan, items)) == 1


def test_when_the_highest_layer_dies_the_next_one_is_recorded_before_anybody_else_gives_it_up() -> None:
    session = Session()
    tap = add_tap(session)
    recorder = dial(session, tap)
    publisher = session.join("p", tracks=(camera("p", rids=("q", "h")),))
    low, high = VideoSource(1, rid="q", height=180), VideoSource(2, rid="h", height=360)
    died, switched = None, None
    for turn in range(60):
        session.now += 0.05
        key = wants_keyframe(publisher) or turn == 0
        publisher.send(*low.frame(key=key))
        if turn < 20:
            publisher.send(*high.frame(key=key))
            died = session.now
        if turn % 2:
            tap.tick(session.now)
            session.settle()
        sources = {packet.payload[-1] for packet in of(RtpPacket, recorder.taken())}
        if turn >= 20 and 1 in sources and switched is None:
            switched = session.now
        elif 10 <= turn < 20:
            assert sources <= {2}
    assert died is not None and switched is not None
    assert FALL <= switched - died < LIVE_TIMEOUT - 0.2


def test_a_mute_is_told_once_and_numbers_go_on_after_it() -> None:
    session = Session()
    recorder = dial(session, add_tap(session))
    publisher = session.join("p", tracks=(camera("p"),))
    source = VideoSource(1)
    publisher.send(*source.frame(key=True))
    before = recorder.taken()
    publisher.peer.ingress.pause("p-cam", True)
    session.router.mark_stale()
    session.now += 0.5
    publisher.send(*source.frame(key=True))
    session.decide()
    assert recorder.taken() == [TrackPaused(track_id="p-cam", at=session.now + NTP_OFFSET)]
    publisher.peer.ingress.pause("p-cam", False)
    session.router.mark_stale()
    session.now += 0.25
    publisher.send(*source.frame(key=True))
    after = recorder.taken()
    assert after[0] == TrackResumed(track_id="p-cam", at=session.now + NTP_OFFSET)
    assert_continuous(of_track("p-cam", [*before, *after]))
    first, last = of(RtpPacket, before)[0], of(RtpPacket, after)[0]
    assert last.timestamp - first.timestamp == pytest.approx(0.75 * 90_000, abs=2)


def test_a_track_that_ends_is_told_of_and_a_new_one_has_an_ssrc_of_its_own() -> None:
    session = Session()
    recorder = dial(session, add_tap(session))
    publisher = session.join("p", tracks=(camera("p"),))
    publisher.send(*VideoSource(1).frame(key=True))
    publisher.put((), ())
    session.settle()
    assert recorder.taken()[-1] == TrackEnded(track_id="p-cam")
    other = session.join("o", tracks=(camera("o"),))
    other.send(*VideoSource(2).frame(key=True))
    (began,) = of(TrackBegan, recorder.taken())
    assert (began.track_id, began.ssrc) == ("o-cam", 2)
    session.router.remove_transport("o")
    session.settle()
    assert recorder.taken() == [TrackEnded(track_id="o-cam")]


def test_excluded_sources_and_kinds_are_left_out_and_may_come_and_go() -> None:
    session = Session()
    tap = add_tap(session, exclude={"p": ["video"], "o": ["microphone"]})
    recorder = dial(session, tap)
    members = {name: session.join(name, tracks=(camera(name), microphone(name))) for name in "po"}
    sources = {name: (VideoSource(number), AudioSource(number + 10)) for number, name in enumerate("po", 1)}

    def publish() -> None:
        for name, member in members.items():
            member.send(*sources[name][0].frame(key=True), sources[name][1].packet())

    publish()
    before = recorder.taken()
    assert {frame.track_id for frame in of(TrackBegan, before)} == {"p-mic", "o-cam"}
    tap.change(ChangeTap(request_id=2, tap_id="tap", exclude={"p": (), "o": ("video",)}))
    session.settle()
    publish()
    after = recorder.taken()
    assert of(TrackEnded, after) == [TrackEnded(track_id="o-cam")]
    assert {frame.track_id for frame in of(TrackBegan, after)} == {"p-cam", "o-mic"}
    assert [len(of_track(track, [*before, *after])) for track in ("p-cam", "p-mic", "o-cam")] == [2, 2, 2]
    tap.put(put_tap(exclude={"p": ["video"]}))
    session.settle()
    publish()
    assert of(TrackEnded, (last := recorder.taken())) == [TrackEnded(track_id="p-cam")], "all of it is said anew"
    assert "o-cam" in {frame.track_id for frame in of(TrackBegan, last)}


def test_a_packet_that_was_lost_and_recovered_comes_late_under_its_own_number() -> None:
    session = Session()
    recorder = dial(session, add_tap(session))
    publisher = session.join("p", tracks=(camera("p"),))
    source = VideoSource(1, packets_per_frame=3)
    first, lost, last = source.frame(key=True)
    publisher.send(first, last)
    publisher.send(lost)
    packets = of_track("p-cam", recorder.taken())
    start = packets[0].sequence_number
    assert [packet.sequence_number - start for packet in packets] == [0, 2, 1]


def test_red_is_unwrapped_and_a_change_of_codec_is_announced() -> None:
    session = Session()
    recorder = dial(session, add_tap(session))
    track = microphone("p").model_copy(update={"codecs": (RED, OPUS)})
    publisher = session.join("p", tracks=(track,))
    block = bytes([0x80 | OPUS.payload_type, 0, 0, 3, OPUS.payload_type]) + b"old" + b"new"
    mid = [(3, b"0"), (LEVEL, b"\x10")]
    publisher.send(rtp(RED.payload_type, 1, 960, 5, block, extensions=mid))
    publisher.send(rtp(OPUS.payload_type, 2, 1920, 5, b"plain", extensions=mid))
    items = recorder.taken()
    assert [packet.payload for packet in of_track("p-mic", items)] == [b"new", b"plain"]
    assert [frame.codec.format for frame in of(TrackBegan, items)] == ["opus"]


def test_packets_of_two_codecs_in_one_batch_each_follow_their_announcement() -> None:
    session = Session()
    recorder = dial(session, add_tap(session))
    h264 = Codec(format="H264/42e0/1", name="H264", payload_type=102, clock_rate=90000, rtx_payload_type=103)
    track = camera("p").model_copy(update={"codecs": (VP8, h264)})
    publisher = session.join("p", tracks=(track,))
    source = VideoSource(1)
    keyframe = source.frame(key=True)
    slice_ = rtp(102, source.sequence + 1, source.timestamp + 3000, 1, b"\x41\x9a\x00\x00", marker=True)
    publisher.send(*keyframe, slice_)
    items = recorder.taken()
    kinds = [item.codec.name if isinstance(item, TrackBegan) else "packet" for item in items[1:]]
    assert kinds == ["VP8", "packet", "packet", "H264", "packet"]
    assert len(of_track("p-cam", items)) == 3
    began = of(TrackBegan, items)
    assert began[0].ssrc == began[1].ssrc
    assert all(frame.codec.rtx_payload_type is None for frame in began)


def test_a_payload_type_may_mean_another_codec_after_a_negotiation() -> None:
    session = Session()
    recorder = dial(session, add_tap(session))
    publisher = session.join("p", tracks=(camera("p"),))
    source = VideoSource(1)
    publisher.send(*source.frame(key=True))
    for packet in source.frame():
        publisher.peer.ingress.receive(packet, session.now)  # and waits for the next flush
    vp9 = Codec(format="VP9/0", name="VP9", payload_type=VP8.payload_type, clock_rate=90000)
    publisher.put((camera("p").model_copy(update={"codecs": (vp9,)}),), ())
    session.settle()
    publisher.send(rtp(96, source.sequence + 1, source.timestamp + 3000, 1, b"\x0c\x82\x49\x83\x42\x00\x00", True))
    items = recorder.taken()
    kinds = [item.codec.name if isinstance(item, TrackBegan) else "packet" for item in items[1:]]
    assert kinds == ["VP8", *["packet"] * 4, "VP9", "packet"]
    publisher.put((camera("p").model_copy(update={"codecs": (vp9, VP8.model_copy(update={"payload_type": 98}))}),), ())
    session.settle()
    publisher.send(rtp(96, source.sequence + 2, source.timestamp + 6000, 1, b"\x0c\x82\x49\x83\x42\x00\x00", True))
    assert [type(item) for item in recorder.taken()] == [RtpPacket], "its codec is the same"


def test_a_payload_type_that_looks_like_rtcp_is_left_out() -> None:
    session = Session()
    recorder = dial(session, add_tap(session))
    publisher = session.join("p", tracks=(_track_with(payload_type=72),))
    publisher.send(rtp(72, 1, 960, 5, b"opus", extensions=[(3, b"0")]))
    assert of(RtpPacket, recorder.taken()) == []


def test_sender_reports_speak_of_the_nodes_clock_and_follow_each_change_of_layer() -> None:
    session = Session()
    tap = add_tap(session)
    recorder = dial(session, tap)
    skew = 500_000.0
    publishers = {name: session.join(name, tracks=(microphone(name),)) for name in "ab"}
    for number, (name, publisher) in enumerate(publishers.items(), 1):
        voice = AudioSource(number)
        publisher.send(voice.packet())
        layer = publisher.peer.ingress.tracks[f"{name}-mic"].layers[""]
        layer.clock.sender_report(session.now + skew * number, voice.timestamp, session.now)
    tap.tick(session.now)
    items = recorder.taken()
    reports = {report.ssrc: report for report in of(SenderReport, items)}
    packets = {packet.ssrc: packet for packet in of(RtpPacket, items)}
    assert reports.keys() == packets.keys() == {1, 2}
    for ssrc, report in reports.items():
        assert report.ntp_time / 2**32 == pytest.approx(session.now + NTP_OFFSET, abs=1e-6)
        assert report.rtp_time == packets[ssrc].timestamp
    session.now += 0.5
    tap.tick(session.now)
    assert recorder.taken() == [], "one report each second"
    session.now += 0.5
    tap.tick(session.now)
    assert len(of(SenderReport, recorder.taken())) == 2
    ingress = publishers["a"].peer.ingress
    ingress.pause("a-mic", True)
    ingress.pause("a-mic", False)
    publishers["a"].send(AudioSource(1).packet())
    tap.tick(session.now)
    assert [report.ssrc for report in of(SenderReport, recorder.taken())] == [1], "its numbers may have moved"


def test_a_recorder_that_comes_back_gets_its_tracks_anew_under_the_same_ssrcs() -> None:
    session = Session()
    tap = add_tap(session)
    first = dial(session, tap)
    publisher = session.join("p", tracks=(camera("p"), microphone("p")))
    source, voice = VideoSource(1), AudioSource(2)
    publisher.send(*source.frame(key=True), voice.packet())
    publisher.peer.ingress.pause("p-mic", True)
    session.decide()
    before = first.taken()
    first.abort()
    publisher.send(*source.frame())
    second = dial(session, tap)
    began = of(TrackBegan, second.items)
    assert {frame.track_id: frame.ssrc for frame in began} == {
        frame.track_id: frame.ssrc for frame in of(TrackBegan, before)
    }
    assert [frame.track_id for frame in of(TrackPaused, second.items)] == ["p-mic"]
    assert wants_keyframe(publisher)
    publisher.send(*source.frame(key=True))
    assert_continuous([*of_track("p-cam", before), *of_track("p-cam", second.taken())])


def test_a_second_recorder_with_the_same_credentials_replaces_the_first() -> None:
    session = Session()
    tap = add_tap(session)
    first = dial(session, tap)
    second = dial(session, tap)
    assert first.ended == "aborted"
    first.taken()
    publisher = session.join("p", tracks=(microphone("p"),))
    publisher.send(AudioSource(1).packet())
    assert len(of_track("p-mic", second.taken())) == 1
    assert first.taken() == []


def test_a_new_token_cuts_off_who_came_in_with_the_old_one() -> None:
    session = Session()
    tap = add_tap(session)
    recorder = dial(session, tap)
    tap.put(put_tap())
    assert recorder.ended == ""
    tap.put(put_tap(token="another token of the tap"))
    assert recorder.ended == "closed"
    assert recorder.taken()[-1] == TapClosed()
    assert not tap.connected
    assert tap.accepts("another token of the tap")
    assert not tap.accepts(put_tap().token)


def test_after_drops_a_keyframe_is_asked_for_but_not_more_often_than_the_room_can_bear() -> None:
    session = Session()
    tap = add_tap(session)
    recorder = dial(session, tap)
    publisher = session.join("p", tracks=(camera("p"),))
    source = VideoSource(1)
    publisher.send(*source.frame(key=True))
    requests = 0
    for _ in range(round(10 * REPAIR_PERIOD)):
        session.now += 0.1
        recorder.stalled = True
        publisher.send(*source.frame(key=requests > 0 and wants_keyframe(publisher)))
        tap.tick(session.now)
        recorder.stalled = False
        tap.tick(session.now)
        if wants_keyframe(publisher):
            requests += 1
            publisher.send(*source.frame(key=True))
    assert 1 <= requests <= 2


def test_a_recorder_may_ask_for_a_keyframe_of_its_tracks_as_often_as_it_likes() -> None:
    session = Session()
    tap = add_tap(session)
    recorder = dial(session, tap)
    publisher = session.join("p", tracks=(camera("p"),))
    source = VideoSource(1)
    publisher.send(*source.frame(key=True))
    session.now += REPAIR_PERIOD
    assert not wants_keyframe(publisher)
    requests = 0
    for track_id in ("p-mic", "p-cam"):
        for _ in range(round(10 * REPAIR_PERIOD)):
            session.now += 0.1
            recorder.heard(KeyframeWanted(track_id=track_id).model_dump_json().encode())
            tap.tick(session.now)
            if wants_keyframe(publisher):
                assert track_id == "p-cam"
                requests += 1
                publisher.send(*source.frame(key=True))
    assert 1 <= requests <= 2
    assert recorder.ended == ""
    recorder.heard(b'{"type":"news"}')
    assert recorder.ended == "aborted"


def test_a_recorder_that_reads_nothing_for_long_is_cut_off() -> None:
    session = Session()
    tap = add_tap(session)
    recorder = dial(session, tap)
    recorder.stalled = True
    tap.tick(session.now)
    session.now += STALL_LIMIT - 1
    tap.tick(session.now)
    assert tap.connected
    session.now += 1
    tap.tick(session.now)
    assert not tap.connected
    assert session.counters.totals()["tap-stalled"] == 1


def test_a_stalled_recorder_costs_the_participants_nothing() -> None:
    session = Session()
    recorder = dial(session, add_tap(session))
    recorder.stalled = True
    subscriber = session.join("s", slots=slots(video=1))
    publisher = session.join("p", tracks=(camera("p"),))
    source = VideoSource(1)
    for turn in range(50):
        publisher.send(*source.frame(key=turn == 0))
    assert_continuous(subscriber.received())


def _track_with(payload_type: int) -> Track:
    codec = OPUS.model_copy(update={"payload_type": payload_type})
    return microphone("p").model_copy(update={"codecs": (codec,)})
