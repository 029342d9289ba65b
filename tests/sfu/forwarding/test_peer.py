"""RTCP of one participant: its NACKs and keyframe requests, the reports that it gets."""

import struct

from sfu.link_messages import Codec
from sfu.rtcp.packets import (
    Bye,
    Fir,
    Nack,
    Pli,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
    parse_rtcp,
)
from tests.support.forwarding import OPUS, AudioSource, Session, VideoSource, camera, microphone, rtp, slots

NTP = 3_900_000_000.0


def test_nack_over_rtcp_is_answered_by_rtx() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1))
    session.join("p", tracks=(camera("p"),)).send(*VideoSource(1).frame(key=True))
    first, second = subscriber.received()
    subscriber.peer.rtcp(Nack(1, first.ssrc, (second.sequence_number,)).to_bytes(), session.now, NTP)
    (resent,) = subscriber.received()
    assert resent.ssrc == first.ssrc + 1
    assert struct.unpack_from("!H", resent.payload)[0] == second.sequence_number
    session.path.report()
    assert session.counters.totals()["packets-resent"] == 1


def test_pli_and_fir_of_a_subscriber_reach_the_publisher() -> None:
    for request in (Pli, lambda sender, ssrc: Fir(sender, ((ssrc, 1),))):
        session = Session()
        subscriber = session.join("s", slots=slots(video=1))
        publisher = session.join("p", tracks=(camera("p"),))
        publisher.send(*VideoSource(1).frame(key=True))
        session.now += 1
        assert publisher.peer.requests(session.now) == b""
        ssrc = subscriber.received()[0].ssrc
        subscriber.peer.rtcp(request(1, ssrc).to_bytes(), session.now, NTP)
        (asked,) = parse_rtcp(publisher.peer.requests(session.now))
        assert asked == Pli(1, 1)


def test_reports_name_what_was_sent_and_received() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(audio=1))
    publisher = session.join("p", tracks=(microphone("p"),))
    voice = AudioSource(5)
    for _ in range(3):
        publisher.send(voice.packet())
    report = SenderReport(5, 1000 * 2**32, voice.timestamp, 3, 99)
    publisher.peer.rtcp(report.to_bytes(), session.now, NTP)
    (received,) = publisher.peer.reports(session.now + 0.5, NTP)
    receiver, description = parse_rtcp(received)
    assert isinstance(receiver, ReceiverReport)
    assert isinstance(description, SourceDescription)
    (block,) = receiver.reports
    assert (block.ssrc, block.packets_lost, block.delay_since_last_sr) == (5, 0, 32768)
    (sent,) = subscriber.peer.reports(session.now + 0.5, NTP)
    sender = parse_rtcp(sent)[0]
    assert isinstance(sender, SenderReport)
    assert sender.ntp_time == int(NTP * 2**32)
    assert sender.packet_count == 3
    assert sender.octet_count == 3 * 61


def test_round_trip_time_is_learned_from_report_blocks() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1))
    (slot,) = subscriber.peer.slots_of("video")
    middle = round((NTP - 0.5) * 65536) & 0xFFFFFFFF
    block = ReportBlock(slot.parameters.ssrc, last_sr=middle, delay_since_last_sr=round(0.3 * 65536))
    subscriber.peer.rtcp(ReceiverReport(1, (block,)).to_bytes(), session.now, NTP)
    assert abs(subscriber.peer.rtt - 0.2) < 0.001
    subscriber.peer.rtcp(ReceiverReport(1, (block,)).to_bytes(), session.now, NTP + 0.4)
    assert abs(subscriber.peer.rtt - 0.3) < 0.001


def test_bye_makes_the_slot_idle() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1))
    publisher = session.join("p", tracks=(camera("p"),))
    publisher.send(*VideoSource(1).frame(key=True))
    (slot,) = subscriber.peer.slots_of("video")
    assert slot.layer is not None
    publisher.peer.rtcp(Bye((1,)).to_bytes(), session.now, NTP)
    assert slot.layer is None


def test_malformed_rtcp_is_counted() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1))
    subscriber.peer.rtcp(b"\x80\xc8\xff\xff", session.now, NTP)
    assert session.counters.totals() == {"rtcp-malformed": 1}


def test_red_that_is_cut_off_is_counted_and_not_kept_for_nacks() -> None:
    red = Codec(format="red", name="red", payload_type=63, clock_rate=48000)
    session = Session()
    subscriber = session.join("s", slots=slots(audio=1))
    track = microphone("p").model_copy(update={"codecs": (OPUS, red)})
    publisher = session.join("p", tracks=(track,))
    voice = AudioSource(1)
    publisher.send(voice.packet())
    (first,) = subscriber.received()
    one_redundant_block_of_1000_bytes = bytes([0x80 | 111, 0, 3, 0xE8, 111]) + b"\xfc"
    publisher.send(rtp(63, voice.sequence + 1, voice.timestamp, 1, one_redundant_block_of_1000_bytes))
    lost = (first.sequence_number + 1) & 0xFFFF
    subscriber.peer.rtcp(Nack(1, first.ssrc, (lost,)).to_bytes(), session.now, NTP)
    assert subscriber.received() == []
    assert session.counters.totals()["payload-malformed"] == 1
