"""What a publisher sends: SSRCs are learned, retransmissions unwrapped, and nothing bad gets through."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from sfu.rtcp.packets import Nack, Pli, TransportFeedback, parse_rtcp
from tests.support.forwarding import (
    MID,
    REPAIRED_RID,
    RID,
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


def retransmission(original: bytes, ssrc: int, sequence: int, extensions: list[tuple[int, bytes]]) -> bytes:
    payload = original[2:4] + original[12 + 4 + 4 * struct.unpack_from("!H", original, 14)[0] :]
    timestamp = struct.unpack_from("!I", original, 4)[0]
    return rtp(97, sequence, timestamp, ssrc, payload, bool(original[1] & 0x80), extensions)


def publisher_of(session: Session, rids: tuple[str, ...] = ()) -> Member:
    return session.join("p", tracks=(camera("p", rids=rids), microphone("p")))


def test_a_new_ssrc_without_mid_is_dropped_and_counted() -> None:
    session = Session()
    publisher_of(session).send(rtp(96, 1, 1, 5, b"\x10\x00\x00\x00"))
    assert session.counters.totals() == {"unknown-ssrc": 1}


def test_an_ssrc_stays_known_after_mid_and_rid_stop() -> None:
    session = Session()
    publisher = publisher_of(session, rids=("q",))
    source = VideoSource(1, rid="q")
    publisher.send(*source.frame(key=True))
    subscriber = session.join("s", slots=slots(video=1))
    bare = rtp(96, source.sequence + 1, source.timestamp + 3000, 1, b"\x10\x00\x00\x00\x9d\x01\x2a\x00\x01\x00\x01")
    publisher.send(bare)
    assert len(subscriber.received()) == 1


def test_a_mid_or_rid_that_was_not_negotiated_is_dropped() -> None:
    session = Session()
    publisher = publisher_of(session, rids=("q",))
    publisher.send(*VideoSource(1, mid="7", packets_per_frame=1).frame())
    publisher.send(*VideoSource(2, rid="x", packets_per_frame=1).frame())
    publisher.send(*VideoSource(3, packets_per_frame=1).frame())
    assert session.counters.totals() == {"unknown-ssrc": 2, "unknown-rid": 1}


def test_a_lost_packet_is_asked_for_and_its_retransmission_forwarded() -> None:
    session = Session()
    publisher = publisher_of(session, rids=("q",))
    subscriber = session.join("s", slots=slots(video=1))
    source = VideoSource(1, rid="q", packets_per_frame=3)
    publisher.send(*source.frame(key=True))
    first, lost, last = source.frame()
    publisher.send(first, last)
    session.now += 0.02
    (nack,) = parse_rtcp(publisher.peer.requests(session.now))
    assert isinstance(nack, Nack)
    assert nack.media_ssrc == 1
    assert nack.sequence_numbers == (struct.unpack_from("!H", lost, 2)[0],)
    before = subscriber.received()
    publisher.send(retransmission(lost, 2, 9, [(MID, b"1"), (REPAIRED_RID, b"q")]))
    (recovered,) = subscriber.received()
    assert recovered.sequence_number == (before[-1].sequence_number - 1) & 0xFFFF
    assert recovered.payload[6:] == before[-1].payload[6:]


def test_lost_sound_is_asked_for_and_its_repetition_forwarded() -> None:
    session = Session()
    publisher = publisher_of(session)
    subscriber = session.join("s", slots=slots(audio=1))
    source = AudioSource(1)
    publisher.send(source.packet())
    lost, last = source.packet(), source.packet()
    publisher.send(last)
    session.now += 0.02
    (nack,) = parse_rtcp(publisher.peer.requests(session.now))
    assert isinstance(nack, Nack)
    assert (nack.media_ssrc, nack.sequence_numbers) == (1, (struct.unpack_from("!H", lost, 2)[0],))
    before = subscriber.received()
    publisher.send(lost)
    (recovered,) = subscriber.received()
    assert recovered.sequence_number == (before[-1].sequence_number - 1) & 0xFFFF
    session.now += 0.02
    assert publisher.peer.requests(session.now) == b"", "no keyframe of sound"


def test_padding_probes_make_no_layer() -> None:
    session = Session()
    publisher = publisher_of(session, rids=("q", "h"))
    probe = rtp(97, 1, 0, 50, b"\x00" * 254 + b"\xff", False, [(MID, b"1"), (REPAIRED_RID, b"h")])
    publisher.send(bytes([probe[0] | 0x20]) + probe[1:])
    assert publisher.peer.ingress.tracks["p-cam"].layers == {}
    assert session.counters.totals() == {"rtx-before-media": 1}


def test_keyframe_requests_are_paced_and_end_with_the_keyframe() -> None:
    session = Session()
    publisher = publisher_of(session)
    source = VideoSource(1)
    publisher.send(*source.frame())
    session.join("s", slots=slots(video=1))
    asked = []
    for _ in range(50):
        session.now += 0.02
        asked += [
            packet for packet in parse_rtcp_or_none(publisher.peer.requests(session.now)) if isinstance(packet, Pli)
        ]
    assert len(asked) == 4, "each 305 ms within a second, the first at once"
    publisher.send(*source.frame(key=True))
    session.now += 1
    assert publisher.peer.requests(session.now) == b""


def parse_rtcp_or_none(data: bytes) -> list[object]:
    return list(parse_rtcp(data)) if data else []


def test_transport_wide_feedback_tells_what_arrived() -> None:
    session = Session()
    track = camera("p").model_copy(update={"extensions": {"mid": MID, "rid": RID, "transport-wide-cc": 4}})
    publisher = session.join("p", tracks=(track,))
    for number in (65_534, 65_535, 1):
        extensions = [(MID, b"1"), (4, struct.pack("!H", number))]
        publisher.send(rtp(VP8.payload_type, number, 0, 1, b"\x10\x01\x00\x00", False, extensions))
    (feedback,) = publisher.peer.ingress.feedback(session.now + 0.1)
    (packet,) = parse_rtcp(feedback)
    assert isinstance(packet, TransportFeedback)
    assert packet.base_sequence == 65_534
    assert [delta is not None for delta in packet.deltas] == [True, True, False, True]


def test_a_track_that_is_no_longer_offered_ends() -> None:
    session = Session()
    publisher = publisher_of(session)
    subscriber = session.join("s", slots=slots(audio=1, video=1))
    publisher.send(*VideoSource(1).frame(key=True), AudioSource(2).packet())
    publisher.put((microphone("p"),), ())
    session.settle()
    (slot,) = subscriber.peer.slots_of("video")
    assert slot.track is None
    assert slot.layer is None


def test_a_publisher_that_counts_anew_is_followed() -> None:
    session = Session()
    publisher = publisher_of(session)
    subscriber = session.join("s", slots=slots(video=1))
    source = VideoSource(1, sequence=40_000)
    publisher.send(*source.frame(key=True))
    before = subscriber.received()
    source.sequence = 20_000
    publisher.send(*source.frame(), *source.frame(key=True))
    after = subscriber.received()
    assert [(packet.sequence_number - before[-1].sequence_number) & 0xFFFF for packet in after] == [1, 2]


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_random_datagrams_are_counted_and_raise_nothing(datagrams: list[bytes]) -> None:
    session = Session()
    publisher = publisher_of(session, rids=("q",))
    session.join("s", slots=slots(audio=1, video=1))
    publisher.send(*datagrams)
    for datagram in datagrams:
        publisher.peer.rtcp(datagram, session.now, session.now)


@given(st.integers(0, 250), st.integers(0, 255), st.booleans())
def test_a_mutated_packet_never_stops_the_next_one(position: int, value: int, key: bool) -> None:
    session = Session()
    publisher = publisher_of(session, rids=("q",))
    subscriber = session.join("s", slots=slots(video=1))
    source = VideoSource(1, rid="q", packets_per_frame=1)
    publisher.send(*source.frame(key=True))
    subscriber.received()
    (packet,) = source.frame(key=key)
    mutated = bytearray(packet)
    mutated[position % len(mutated)] = value
    publisher.send(bytes(mutated))
    subscriber.received()
    publisher.send(*source.frame(key=True))
    session.now += 0.5
    session.decide()
    publisher.send(*source.frame(key=True))
    assert subscriber.received()


def test_a_track_that_is_published_again_is_known_by_its_ssrcs() -> None:
    """Browsers name MID and RID only until the first receiver report."""
    session = Session()
    tracks = (camera("p", rids=("q", "h")),)
    publisher = session.join("p", tracks=tracks)
    subscriber = session.join("s", slots=slots(video=1))
    source = VideoSource(1, rid="q")
    publisher.send(*source.frame(key=True))
    publisher.put((), ())
    session.settle()
    publisher.put(tracks, ())
    session.settle()
    subscriber.received()
    publisher.send(bare(source.frame(key=True)[0]))
    assert len(subscriber.received()) == 1
    assert "unknown-ssrc" not in session.counters.totals()


def bare(packet: bytes) -> bytes:
    """The packet without its header extensions."""
    return bytes([packet[0] & 0xEF]) + packet[1:12] + packet[12 + 4 + 4 * struct.unpack_from("!H", packet, 14)[0] :]


def test_a_retransmission_of_what_was_sent_while_muted_is_not_forwarded() -> None:
    session = Session()
    publisher = publisher_of(session, rids=("q",))
    subscriber = session.join("s", slots=slots(video=1))
    source = VideoSource(1, rid="q", packets_per_frame=1)
    rtx = [(MID, b"1"), (REPAIRED_RID, b"q")]
    publisher.send(*source.frame(key=True))
    publisher.send(retransmission(source.frame()[0], 2, 8, rtx))
    publisher.peer.ingress.pause("p-cam", True)
    (hidden,) = source.frame(key=True)
    publisher.send(hidden)
    publisher.peer.ingress.pause("p-cam", False)
    session.router.mark_stale()
    session.settle()
    subscriber.received()
    publisher.send(retransmission(hidden, 2, 9, rtx))
    assert subscriber.received() == []
    publisher.send(*source.frame(key=True))
    assert len(subscriber.received()) == 1


def test_a_keyframe_of_one_layer_does_not_satisfy_who_needs_another_layers() -> None:
    session = Session()
    publisher = publisher_of(session, rids=("q", "h"))
    small, large = (session.join(name, slots=slots(video=1)) for name in ("small", "large"))
    low, high = VideoSource(1, rid="q"), VideoSource(2, rid="h", height=360)
    session.router.limit_slots("small", {"video0": 180})
    publisher.send(*low.frame(key=True), *high.frame(key=True))
    session.decide()
    session.now += 1
    publisher.peer.requests(session.now)
    publisher.send(*low.frame(key=True), *high.frame(key=True))
    for member in (small, large):
        member.peer.rtcp(Pli(1, member.received()[-1].ssrc).to_bytes(), session.now, 0.0)
    session.now += 1
    asked = parse_rtcp_or_none(publisher.peer.requests(session.now))
    assert asked == [Pli(1, 1), Pli(1, 2)]
    publisher.send(*high.frame(key=True))
    session.now += 1
    assert parse_rtcp_or_none(publisher.peer.requests(session.now)) == [Pli(1, 1)]
    publisher.send(*low.frame(key=True))
    session.now += 1
    assert publisher.peer.requests(session.now) == b""
