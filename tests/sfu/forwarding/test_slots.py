"""Slots stay unbroken across every change of source and layer."""

import gc
import itertools
import struct
import weakref

import pytest

from sfu.link_messages import SlotsFilled
from sfu.rtcp.packets import Nack
from sfu.rtp.packet import RtpPacket
from tests.support.forwarding import (
    AudioSource,
    Member,
    Session,
    VideoSource,
    camera,
    microphone,
    rtp,
    slots,
)


def numbers(packets: list[RtpPacket]) -> list[int]:
    return [packet.sequence_number for packet in packets]


def picture_ids(packets: list[RtpPacket]) -> list[int]:
    return [struct.unpack_from("!H", packet.payload, 2)[0] & 0x7FFF for packet in packets]


def tl0s(packets: list[RtpPacket]) -> list[int]:
    return [packet.payload[4] for packet in packets]


def resend(member: Member, wanted: list[int]) -> int:
    """Ask by NACK for packets of the first video slot. How many of them were sent again."""
    session, (slot, *_) = member.session, member.peer.slots_of("video")
    session.path.report()
    before = session.counters.totals().get("packets-resent", 0)
    member.peer.rtcp(Nack(1, slot.parameters.ssrc, tuple(wanted)).to_bytes(), session.now, session.now)
    session.path.report()
    return session.counters.totals().get("packets-resent", 0) - before


def assert_unbroken(packets: list[RtpPacket]) -> None:
    """Sequence numbers go up by one, timestamps, picture ids and TL0 never go back or jump."""
    assert packets
    for before, after in itertools.pairwise(packets):
        assert (after.sequence_number - before.sequence_number) & 0xFFFF == 1
        step = (after.timestamp - before.timestamp) & 0xFFFFFFFF
        assert step < 90_000
        same_frame = before.timestamp == after.timestamp
        assert (picture_ids([after])[0] - picture_ids([before])[0]) & 0x7FFF == (0 if same_frame else 1)
        assert (tl0s([after])[0] - tl0s([before])[0]) & 0xFF == (0 if same_frame else 1)


def test_first_keyframe_reaches_a_waiting_subscriber() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1))
    publisher = session.join("p", tracks=(camera("p"),))
    publisher.send(*VideoSource(1).frame(key=True))
    assert len(subscriber.received()) == 2


def test_nothing_is_sent_before_a_keyframe() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1))
    publisher = session.join("p", tracks=(camera("p"),))
    source = VideoSource(1)
    publisher.send(*source.frame())
    assert subscriber.received() == []
    assert publisher.peer.requests(session.now), "a keyframe is asked for"
    publisher.send(*source.frame(key=True))
    publisher.send(*source.frame())
    assert_unbroken(subscriber.received())


def test_change_of_talker_is_unbroken() -> None:
    session = Session(max_video_slots=1)
    subscriber = session.join("s", slots=slots(video=1))
    sources = {name: VideoSource(number, sequence=65_530, picture_id=0x7FFE) for number, name in enumerate("ab", 1)}
    voices = {name: AudioSource(number) for number, name in enumerate("ab", 11)}
    members = {name: session.join(name, tracks=(camera(name), microphone(name))) for name in "ab"}
    packets: list[RtpPacket] = []
    for turn in range(120):
        talking = "ab"[turn // 40 % 2]
        session.now += 0.033
        for name, member in members.items():
            key = bool(member.peer.requests(session.now)) or turn == 0
            member.send(*sources[name].frame(key=key), voices[name].packet(20 if name == talking else 127))
        if turn % 9 == 8:
            session.decide()
        packets += subscriber.received()
    assert_unbroken(packets)
    shown = [packet.payload[-1] for packet in packets]
    assert {1, 2} == set(shown), "both talkers were shown"
    changes = sum(1 for before, after in itertools.pairwise(shown) if before != after)
    assert changes == 2, "one switch each time the talker changes, none between"


def test_layers_switch_at_keyframes_while_the_old_one_flows() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1))
    publisher = session.join("p", tracks=(camera("p", rids=("q", "h")),))
    low = VideoSource(1, rid="q", height=180)
    high = VideoSource(2, rid="h", height=360, sequence=4000, timestamp=99, picture_id=5, tl0=200)
    publisher.send(*low.frame(key=True), *high.frame(key=True))
    (slot,) = subscriber.peer.slots_of("video")
    packets = subscriber.received()
    session.router.limit_slots("s", {slot.slot_id: 180})
    session.decide()
    for turn in range(6):
        session.now += 0.033
        key = turn == 3
        publisher.send(*low.frame(key=key), *high.frame())
        packets += subscriber.received()
    assert_unbroken(packets)
    shown = [packet.payload[-1] for packet in packets]
    assert shown[-2:] == [1, 1]
    assert shown[-6 - 2 : -6] == [2, 2], "the high layer flowed until the low one's keyframe"


def test_missing_layer_falls_back_to_the_nearest() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1))
    publisher = session.join("p", tracks=(camera("p", rids=("q", "h", "f")),))
    low, high = VideoSource(1, rid="q"), VideoSource(2, rid="h", height=360)
    publisher.send(*low.frame(key=True), *high.frame(key=True))
    session.decide()
    for _ in range(45):
        session.now += 0.033
        publisher.send(*low.frame(key=bool(publisher.peer.requests(session.now))))
        session.decide()
    assert subscriber.received()[-1].payload[-1] == 1


def test_nack_is_answered_exactly_across_a_switch() -> None:
    session = Session(max_video_slots=1)
    subscriber = session.join("s", slots=slots(video=1))
    first, second = (session.join(name, tracks=(camera(name),)) for name in "ab")
    one, two = VideoSource(1), VideoSource(2, sequence=9)
    for turn in range(4):
        session.now += 0.033
        first.send(*one.frame(key=turn == 0))
    first.peer.ingress.pause("a-cam", True)
    session.router.mark_stale()
    session.settle()
    for turn in range(4):
        session.now += 0.033
        second.send(*two.frame(key=turn == 0))
    original = {packet.sequence_number: packet for packet in subscriber.received()}
    assert len(original) == 16
    (slot,) = subscriber.peer.slots_of("video")
    assert resend(subscriber, list(original)) == 16
    for packet in subscriber.received():
        assert packet.ssrc == slot.parameters.rtx_ssrc
        assert packet.payload_type == 97
        lost = original[struct.unpack_from("!H", packet.payload)[0]]
        assert packet.payload[2:] == lost.payload
        assert (packet.timestamp, packet.marker) == (lost.timestamp, lost.marker)


def test_nack_for_what_was_never_sent_is_not_answered() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1))
    session.join("p", tracks=(camera("p"),)).send(*VideoSource(1).frame(key=True))
    first = subscriber.received()[0].sequence_number
    assert resend(subscriber, [(first - 1) & 0xFFFF, (first + 2) & 0xFFFF, (first + 20_000) & 0xFFFF]) == 0
    assert subscriber.received() == []


def test_without_rtx_the_packet_itself_is_sent_again() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1, rtx=False))
    session.join("p", tracks=(camera("p"),)).send(*VideoSource(1).frame(key=True))
    number = subscriber.received()[0].sequence_number
    assert resend(subscriber, [number]) == 1
    datagram = subscriber.socket.datagrams[-1]
    assert datagram == subscriber.socket.datagrams[0], "libsrtp encrypts the same packet to the same bytes"


def test_recovered_packet_is_forwarded_in_its_place() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1))
    publisher = session.join("p", tracks=(camera("p"),))
    source = VideoSource(1, packets_per_frame=3)
    publisher.send(*source.frame(key=True))
    first, lost, last = source.frame()
    publisher.send(first, last)
    publisher.send(lost)
    arrived = numbers(subscriber.received())
    assert sorted(arrived) == list(range(arrived[0], arrived[0] + 6))
    assert arrived[-1] == arrived[0] + 4
    publisher.send(lost)
    assert subscriber.received() == [], "a duplicate is dropped"


def test_late_keyframe_lets_in_and_catches_up() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1))
    publisher = session.join("p", tracks=(camera("p"),))
    source = VideoSource(1, packets_per_frame=4)
    publisher.send(*source.frame())
    start, *rest = source.frame(key=True)
    publisher.send(*rest)
    assert subscriber.received() == []
    publisher.send(start)
    assert_unbroken(subscriber.received())
    publisher.send(*source.frame())
    assert len(subscriber.received()) == 4


def test_late_packet_from_before_a_switch_is_not_forwarded() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1))
    publisher = session.join("p", tracks=(camera("p"),))
    source = VideoSource(1)
    publisher.send(*source.frame())
    old, lost = source.frame()
    publisher.send(old)
    publisher.send(*source.frame(key=True))
    assert len(subscriber.received()) == 2
    publisher.send(lost)
    assert subscriber.received() == []


def test_muted_track_is_not_forwarded_whatever_the_client_sends() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(audio=1))
    publisher = session.join("p", tracks=(microphone("p"),))
    voice = AudioSource(1)
    publisher.send(voice.packet())
    assert len(subscriber.received()) == 1
    publisher.peer.ingress.pause("p-mic", True)
    muted = [voice.packet() for _ in range(5)]
    publisher.send(*muted)
    assert subscriber.received() == []
    publisher.peer.ingress.pause("p-mic", False)
    publisher.send(voice.packet())
    assert len(subscriber.received()) == 1
    publisher.send(*muted)
    assert subscriber.received() == [], "what was said while muted does not come out later"
    assert session.counters.totals()["track-paused"] == 5


def test_long_mute_with_wrapping_numbers_resumes() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1))
    publisher = session.join("p", tracks=(camera("p"),))
    source = VideoSource(1)
    publisher.send(*source.frame(key=True))
    publisher.peer.ingress.pause("p-cam", True)
    session.router.mark_stale()
    session.settle()
    source.sequence = (source.sequence + 40_000) & 0xFFFF
    session.now += 600
    publisher.peer.ingress.pause("p-cam", False)
    publisher.send(*source.frame(key=True))
    assert len(numbers(subscriber.received())) == 4


def test_nobody_sees_themself_and_all_see_all_others() -> None:
    session = Session()
    names = [f"m{number}" for number in range(5)]
    members = {
        name: session.join(name, tracks=(camera(name), microphone(name)), slots=slots(audio=5, video=16))
        for name in names
    }
    for number, member in enumerate(members.values(), 1):
        member.send(*VideoSource(number).frame(key=True), AudioSource(100 + number).packet())
    filled: dict[str, dict[str, str | None]] = {name: {} for name in names}
    for message in session.told:
        if isinstance(message, SlotsFilled):
            for name, changes in message.transports.items():
                filled[name].update(changes)
    for name in names:
        occupants = {track for track in filled[name].values() if track}
        assert occupants == {f"{other}-{kind}" for other in names if other != name for kind in ("cam", "mic")}
        for index in range(5):
            audio, video = filled[name].get(f"audio{index}"), filled[name].get(f"video{index}")
            assert (audio or "-").split("-")[0] == (video or "-").split("-")[0], "slot k is paired with slot k"


def test_sender_reports_line_up_different_publishers_clocks() -> None:
    """Two publishers whose NTP clocks differ by an hour: the slots' reports speak of the node's clock."""
    session = Session()
    subscriber = session.join("s", slots=slots(audio=2))
    reports = []
    for number, (name, skew) in enumerate((("a", 0.0), ("b", 3600.0)), 1):
        publisher = session.join(name, tracks=(microphone(name),))
        voice = AudioSource(number)
        publisher.send(voice.packet())
        for layer in publisher.peer.ingress.tracks[f"{name}-mic"].layers.values():
            layer.clock.sender_report(1_000_000 + skew, voice.timestamp, session.now + 0.05)
    for slot in subscriber.peer.slots_of("audio"):
        report = slot.sender_report(session.now + 1.05)
        last = slot._current().timestamp
        assert report is not None
        reports.append((report[0] - last) & 0xFFFFFFFF)
    assert reports == [48_000, 48_000]


def test_of_a_microphone_that_is_off_nothing_is_reported_after_two_reports() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(audio=1))
    publisher = session.join("p", tracks=(microphone("p"),))
    voice = AudioSource(1)
    publisher.send(voice.packet())
    (layer,) = publisher.peer.ingress.tracks["p-mic"].layers.values()
    layer.clock.sender_report(1_000_000, voice.timestamp, session.now)
    (slot,) = subscriber.peer.slots_of("audio")

    def reported() -> int | None:
        session.now += 1.0
        report = slot.sender_report(session.now)
        return None if report is None else report[1]

    assert [reported() for _ in range(4)] == [1, 1, None, None]
    publisher.send(voice.packet())
    assert [reported() for _ in range(3)] == [2, 2, None]


def test_equal_packets_of_one_batch_leave_in_one_message() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1))
    publisher = session.join("p", tracks=(camera("p"),))
    publisher.send(*VideoSource(1, packets_per_frame=40).frame(key=True))
    assert len(subscriber.received()) == 40
    assert subscriber.socket.messages == 1


@pytest.mark.parametrize("sizes", [[100, 100, 60, 100], [60, 100], [100, 60, 60], [100] * 130])
def test_unequal_sizes_arrive_whole_and_in_order(sizes: list[int]) -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1))
    publisher = session.join("p", tracks=(camera("p"),))
    source = VideoSource(1, packets_per_frame=1)
    batch = []
    for index, size in enumerate(sizes):
        source.payload_size = size
        batch += source.frame(key=index == 0)
    publisher.send(*batch)
    packets = subscriber.received()
    assert [len(packet.payload) for packet in packets] == sizes
    assert_unbroken(packets)


def without_tl0(packet: bytes) -> bytes:
    """The same packet as an encoder without temporal layers writes it: only a picture id."""
    start = 12 + 4 + 4 * struct.unpack_from("!H", packet, 14)[0]
    payload = packet[start:]
    return packet[:start] + payload[:1] + b"\x80" + payload[2:4] + payload[6:]


def test_padding_before_a_switch_does_not_turn_picture_ids_back() -> None:
    session = Session(max_video_slots=1)
    subscriber = session.join("s", slots=slots(video=1))
    first, second = (session.join(name, tracks=(camera(name),)) for name in "ab")
    one, two = VideoSource(1), VideoSource(2, sequence=9)
    first.send(*one.frame(key=True))
    for _ in range(5):
        session.now += 0.033
        first.send(*one.frame())
    packets = subscriber.received()
    one.sequence += 1
    first.send(rtp(96, one.sequence, one.timestamp, 1, b""))
    (padding,) = subscriber.received()
    assert (padding.sequence_number - packets[-1].sequence_number) & 0xFFFF == 1
    first.peer.ingress.pause("a-cam", True)
    session.router.mark_stale()
    session.settle()
    session.now += 0.033
    second.send(*two.frame(key=True))
    after = subscriber.received()
    assert picture_ids(after) == [(picture_ids(packets)[-1] + 1) & 0x7FFF] * 2
    assert tl0s(after) == [(tl0s(packets)[-1] + 1) & 0xFF] * 2


def test_a_publisher_that_negotiates_anew_leaves_its_slots_unbroken() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1))
    publisher = session.join("p", tracks=(camera("p"),))
    source = VideoSource(1)
    packets: list[RtpPacket] = []
    for turn in range(6):
        session.now += 0.033
        publisher.send(*map(without_tl0, source.frame(key=turn == 0)))
        publisher.put((camera("p"), microphone("p")), ())
        session.settle()
        packets += subscriber.received()
    assert_unbroken(packets)


def test_a_whole_frame_that_comes_late_keeps_its_place_among_the_frames() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1))
    publisher = session.join("p", tracks=(camera("p"),))
    source = VideoSource(1, packets_per_frame=1)
    frames = [without_tl0(source.frame(key=turn == 0)[0]) for turn in range(4)]
    publisher.send(frames[0], frames[1], frames[3])
    publisher.send(frames[2])
    assert_unbroken(sorted(subscriber.received(), key=lambda packet: packet.sequence_number))


def test_unmuting_keeps_ones_place() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(audio=2, video=2))
    for number, name in enumerate("ab", 1):
        member = session.join(name, tracks=(camera(name), microphone(name)))
        member.send(*VideoSource(number).frame(key=True), AudioSource(10 + number).packet())
    ingress = session.router.peers["a"].ingress
    ingress.pause("a-mic", True)
    session.decide()
    before = [slot.track for slot in subscriber.peer.slots_of("audio")]
    assert [track and track.track_id for track in before] == ["a-mic", "b-mic"]
    ingress.pause("a-mic", False)
    session.decide()
    assert [slot.track for slot in subscriber.peer.slots_of("audio")] == before


def test_what_nobody_can_ask_for_any_more_is_not_kept() -> None:
    session = Session(max_video_slots=1)
    subscriber = session.join("s", slots=slots(video=1))
    layers = []
    for number in range(1, 4):
        publisher = session.join(f"p{number}", tracks=(camera(f"p{number}"),))
        publisher.send(*VideoSource(number).frame(key=True))
        layers.append(weakref.ref(publisher.peer.ingress.tracks[f"p{number}-cam"].layers[""]))
        session.router.remove_transport(f"p{number}")
        session.settle()
    del publisher
    session.now += 1
    subscriber.peer.reports(session.now, 0.0)
    assert all(layer() is not None for layer in layers), "the last packets may still be asked for"
    session.now += 60
    subscriber.peer.reports(session.now, 0.0)
    gc.collect()
    assert [layer() for layer in layers] == [None] * 3


def test_packets_are_repeated_for_a_second_and_the_last_ones_however_old_they_are() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1))
    publisher = session.join("p", tracks=(camera("p"),))
    source = VideoSource(1, packets_per_frame=1)
    sent = []
    for turn in range(200):
        session.now += 0.01
        publisher.send(*source.frame(key=turn == 0))
        sent += numbers(subscriber.received())
        if turn % 10 == 9:
            publisher.peer.ingress.police(session.now)
    assert resend(subscriber, [sent[0], sent[60], sent[120], sent[199]]) == 2, "those of the last second"
    for _ in range(20):
        session.now += 1
        publisher.peer.ingress.police(session.now)
    assert resend(subscriber, [sent[120], sent[-65], sent[-64], sent[-1]]) == 2, "the last 64"


def test_what_was_just_sent_again_is_not_sent_once_more() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1))
    publisher = session.join("p", tracks=(camera("p"),))
    source = VideoSource(1)
    for turn in range(3):
        publisher.send(*source.frame(key=turn == 0))
    wanted = numbers(subscriber.received())[1::2]
    assert [resend(subscriber, wanted) for _ in range(2)] == [3, 0]
    session.now += 0.019
    assert resend(subscriber, wanted) == 0
    session.now += 0.002
    assert resend(subscriber, wanted) == 3


def test_nacks_of_one_slot_are_answered_as_far_as_its_budget_goes() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1))
    publisher = session.join("p", tracks=(camera("p"),))
    source = VideoSource(1, packets_per_frame=10)
    for turn in range(30):
        publisher.send(*source.frame(key=turn == 0))
    wanted = [number for number in numbers(subscriber.received()) if number % 10]
    found = []
    for _ in range(4):
        session.now += 0.1
        found.append(resend(subscriber, wanted))
    assert found == [200, 200, 100, 0], "200 at once, 500 each second"
    session.now += 0.1
    subscriber.peer.reports(session.now, 0.0)
    assert resend(subscriber, wanted) == 200
