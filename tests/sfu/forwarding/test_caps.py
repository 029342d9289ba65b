"""The cap of a track holds whatever its publisher sends, and a stream that goes by it again is forwarded again."""

from sfu.link_messages import Cap, Track, TrackLimited
from sfu.rtcp.packets import Pli
from sfu.rtp.packet import RtpPacket
from tests.support.forwarding import Member, Session, VideoSource, camera, slots

SD = Cap(long_side=640, short_side=480, bitrate=1_000_000)


def capped(*rids: str, cap: Cap = SD) -> Track:
    return camera("ann", rids=rids).model_copy(update={"cap": cap})


def meet(track: Track) -> tuple[Session, Member, Member]:
    session = Session()
    return session, session.join("ann", tracks=(track,)), session.join("bob", slots=slots(video=1))


def limits(session: Session) -> list[dict[str, str]]:
    return [dict(one.layers) for one in session.told if isinstance(one, TrackLimited)]


def play(session: Session, ann: Member, source: VideoSource, seconds: float, *, keyframes: bool = False) -> None:
    """Ten frames a second, each followed by what the node does every 100 ms; keyframes as they are asked for."""
    for _ in range(round(seconds * 10)):
        session.now += 0.1
        ann.peer.ingress.police(session.now)
        session.settle()
        asked = [one for one in ann.peer.ingress.requests(0.1, session.now) if isinstance(one, Pli)]
        ann.send(*source.frame(key=keyframes and source.ssrc in [one.media_ssrc for one in asked]))


def sources(packets: list[RtpPacket]) -> set[int]:
    """Which publisher's SSRCs the packets are of: the test's payloads end with it."""
    return {packet.payload[-1] for packet in packets}


def test_a_picture_that_is_too_large_is_not_forwarded() -> None:
    session, ann, bob = meet(capped())
    large = VideoSource(0x11, height=720)
    ann.send(*large.frame(key=True), *large.frame(), *large.frame())
    assert bob.received() == []
    assert limits(session) == [{"": "resolution"}]
    assert session.counters.totals()["over-cap-resolution"] == 6
    assert session.router.peers["bob"].slots["video0"].track is None


def test_a_smaller_layer_serves_instead() -> None:
    session, ann, bob = meet(capped("q", "f"))
    small, large = VideoSource(0x11, rid="q", height=360), VideoSource(0x22, rid="f", height=720)
    for _ in range(3):
        ann.send(*small.frame(key=True), *large.frame(key=True))
        ann.send(*small.frame(), *large.frame())
        session.now += 0.4
        session.decide()
    assert sources(bob.received()) == {0x11}
    assert limits(session) == [{"f": "resolution"}]


def test_a_stream_that_grows_too_large_stops_at_that_very_keyframe_and_goes_on_when_it_shrinks() -> None:
    session, ann, bob = meet(capped())
    source = VideoSource(0x11, height=360)
    ann.send(*source.frame(key=True), *source.frame())
    assert len(bob.received()) == 4
    source.height = 1080
    ann.send(*source.frame(key=True), *source.frame())
    assert bob.received() == []
    source.height = 180
    ann.send(*source.frame(key=True))
    ann.send(*source.frame())
    ann.send(*source.frame(key=True), *source.frame())
    assert len(bob.received()) == 4
    assert limits(session) == [{"": "resolution"}, {}]


def test_a_keyframe_is_asked_for_to_see_whether_a_large_picture_has_shrunk() -> None:
    session, ann, bob = meet(capped())
    source = VideoSource(0x11, height=1080)
    ann.send(*source.frame(key=True))
    source.height = 360
    play(session, ann, source, 4.0, keyframes=True)
    assert bob.received()
    assert limits(session) == [{"": "resolution"}, {}]


def test_a_stream_above_the_bitrate_is_withheld_and_counted_until_it_is_below() -> None:
    session, ann, bob = meet(capped())
    # At ten frames a second: 3.2 Mb/s.
    source = VideoSource(0x11, height=360, packets_per_frame=40, payload_size=1000)
    ann.send(*source.frame(key=True))
    play(session, ann, source, 5.0, keyframes=True)
    bob.received()
    play(session, ann, source, 5.0, keyframes=True)
    assert bob.received() == []
    assert limits(session) == [{"": "bitrate"}]
    assert session.counters.totals()["over-cap-bitrate"] >= 100
    source.packets_per_frame = 10
    play(session, ann, source, 6.0, keyframes=True)
    assert bob.received()[0].payload[0] & 0x10, "the first packet starts a frame"
    assert limits(session) == [{"": "bitrate"}, {}]


def test_only_the_layer_that_is_too_much_is_withheld() -> None:
    session, ann, bob = meet(capped("q", "f"))
    small, large = (
        VideoSource(0x11, rid="q", height=180),
        VideoSource(0x22, rid="f", height=360, packets_per_frame=40, payload_size=1000),
    )
    ann.send(*small.frame(key=True), *large.frame(key=True))
    for _ in range(60):
        play(session, ann, large, 0.1, keyframes=True)
        ann.send(*small.frame(key=True))
        session.decide()
    bob.received()
    ann.send(*small.frame(key=True), *large.frame(key=True))
    assert sources(bob.received()) == {0x11}
    assert limits(session) == [{"f": "bitrate"}]


def test_a_new_ssrc_is_no_new_allowance() -> None:
    session, ann, bob = meet(capped("q"))
    for turn in range(30):
        source = VideoSource(0x100 + turn, rid="q", height=360, packets_per_frame=40, payload_size=1000)
        ann.send(*source.frame(key=True))
        play(session, ann, source, 0.5, keyframes=True)
    bob.received()
    source = VideoSource(0x200, rid="q", height=360, packets_per_frame=40, payload_size=1000)
    ann.send(*source.frame(key=True), *source.frame())
    assert bob.received() == []


def test_muting_and_unmuting_is_none_either() -> None:
    session, ann, bob = meet(capped())
    source = VideoSource(0x11, height=360, packets_per_frame=40, payload_size=1000)
    ann.send(*source.frame(key=True))
    play(session, ann, source, 5.0, keyframes=True)
    bob.received()
    ann.peer.ingress.pause("ann-cam", True)
    ann.peer.ingress.pause("ann-cam", False)
    ann.send(*source.frame(key=True), *source.frame())
    assert bob.received() == []


def test_without_sides_any_size_is_forwarded() -> None:
    session, ann, bob = meet(capped(cap=Cap(bitrate=1_000_000)))
    source = VideoSource(0x11, height=2160)
    ann.send(*source.frame(key=True), *source.frame())
    assert len(bob.received()) == 4
    assert limits(session) == []


def test_without_a_cap_nothing_is_withheld() -> None:
    session, ann, bob = meet(camera("ann"))
    source = VideoSource(0x11, height=2160, packets_per_frame=40, payload_size=1000)
    ann.send(*source.frame(key=True))
    play(session, ann, source, 10.0)
    bob.received()
    ann.send(*source.frame())
    assert len(bob.received()) == 40
    assert limits(session) == []
