"""The figures that a transport is reported with: they match what was sent and received."""

import pytest

from sfu.forwarding.meter import FlowMeter, Tally
from sfu.forwarding.router import TOLD_BATCH
from sfu.link_messages import Flow, TransportFigures, TransportStats
from sfu.rtcp.packets import ReceiverReport, ReportBlock
from tests.support.forwarding import AudioSource, Member, Session, VideoSource, camera, microphone, slots

VOICE_OCTETS = 61
NTP = 3_900_000_000.0


def second(session: Session, *members: Member) -> None:
    """A second passes, at the end of which everyone's totals are read."""
    session.now += 1.0
    for member in members:
        member.peer.measure(session.now)


def figures(member: Member) -> TransportFigures:
    found = member.peer.figures()
    assert found is not None
    return found


def test_bitrates_and_counts_match_what_was_sent() -> None:
    session = Session()
    listener = session.join("s", slots=slots(audio=2, video=1))
    speaker = session.join("p", tracks=(microphone("p"), camera("p")), slots=slots(audio=2))
    voice, picture = AudioSource(5), VideoSource(6)
    for turn in range(5):
        speaker.send(*(voice.packet() for _ in range(50)), *picture.frame(key=turn == 0))
        second(session, listener, speaker)
    told = figures(speaker)
    assert not told.sent
    audio, video = told.received["audio"], told.received["video"]
    assert (audio.packets, audio.octets, audio.lost) == (250, 250 * VOICE_OCTETS, 0)
    assert (audio.seconds, audio.bitrate, audio.streams) == (4.0, 50 * VOICE_OCTETS * 8, 1.0)
    assert (video.packets, video.seconds, video.streams) == (10, 4.0, 1.0)
    heard = figures(listener)
    assert not heard.received
    assert heard.sent["audio"] == audio.model_copy(update={"jitter": 0.0})
    assert heard.sent["video"].packets == len([one for one in listener.received() if one.payload_type == 96])
    assert heard.sent["video"].bitrate == pytest.approx(video.bitrate, rel=0.05)


def test_a_transport_without_traffic_has_nothing_to_tell() -> None:
    session = Session()
    listener = session.join("s", slots=slots(audio=2))
    second(session, listener)
    assert listener.peer.figures() is None


def test_each_message_tells_only_what_is_new() -> None:
    session = Session()
    speaker = session.join("p", tracks=(microphone("p"),))
    voice = AudioSource(5)
    speaker.send(voice.packet())
    second(session, speaker)
    assert figures(speaker).received["audio"].packets == 1
    speaker.send(voice.packet(), voice.packet())
    second(session, speaker)
    assert figures(speaker).received["audio"].packets == 2


def test_a_muted_track_has_no_bitrate_and_one_that_stopped_coming_has_one_of_zero() -> None:
    session = Session()
    speaker = session.join("p", tracks=(microphone("p"),))
    voice = AudioSource(5)
    speaker.send(voice.packet())
    second(session, speaker)
    second(session, speaker)
    assert figures(speaker).received["audio"].bitrate == 0
    second(session, speaker)
    outage = figures(speaker).received["audio"]
    assert (outage.packets, outage.seconds, outage.bitrate) == (0, 1.0, 0)
    speaker.peer.ingress.pause("p-mic", True)
    second(session, speaker)
    speaker.send(voice.packet())
    second(session, speaker)
    assert speaker.peer.figures() is None


def test_the_second_in_which_a_track_begins_does_not_lower_the_bitrate() -> None:
    session = Session()
    speaker = session.join("p", tracks=(microphone("p"),))
    voice = AudioSource(5)
    session.now += 0.9
    speaker.send(*(voice.packet() for _ in range(5)))
    session.now -= 0.9
    second(session, speaker)
    speaker.send(*(voice.packet() for _ in range(50)))
    second(session, speaker)
    audio = figures(speaker).received["audio"]
    assert (audio.packets, audio.seconds, audio.bitrate) == (55, 1.0, 50 * VOICE_OCTETS * 8)


def test_losses_of_both_directions_are_told() -> None:
    session = Session()
    listener = session.join("s", slots=slots(audio=1))
    speaker = session.join("p", tracks=(microphone("p"),))
    voice = AudioSource(5)
    packets = [voice.packet() for _ in range(10)]
    speaker.send(*packets[:4], *packets[6:])
    ssrc = listener.received()[0].ssrc
    report = ReceiverReport(1, (ReportBlock(ssrc, 0, 3, 0, 480), ReportBlock(999, 0, 70, 0, 4800)))
    listener.peer.rtcp(report.to_bytes(), session.now, NTP)
    second(session, listener, speaker)
    assert figures(speaker).received["audio"].lost == 2
    sent = figures(listener).sent["audio"]
    assert (sent.lost, sent.jitter) == (3, 0.01)


def test_what_slots_sent_that_are_gone_is_told_too() -> None:
    session = Session()
    listener = session.join("s", slots=slots(audio=1))
    speaker = session.join("p", tracks=(microphone("p"),))
    voice = AudioSource(5)
    speaker.send(voice.packet(), voice.packet())
    listener.put((), ())
    second(session, listener)
    assert figures(listener).sent["audio"].packets == 2


def test_what_tracks_brought_that_are_gone_is_told_too() -> None:
    session = Session()
    speaker = session.join("p", tracks=(microphone("p"),))
    speaker.send(AudioSource(5).packet())
    speaker.put((), ())
    second(session, speaker)
    assert figures(speaker).received["audio"].packets == 1


def test_a_large_session_is_told_in_several_messages() -> None:
    session = Session()
    speakers = [session.join(f"p{number}", tracks=(microphone(f"p{number}"),)) for number in range(TOLD_BATCH + 1)]
    for number, speaker in enumerate(speakers):
        speaker.send(AudioSource(5 + number).packet())
    second(session, *speakers)
    session.told.clear()
    session.router.begin_stats()
    for _ in range(3):
        session.router.tell_stats()
    told = [message for message in session.told if isinstance(message, TransportStats)]
    assert [len(message.transports) for message in told] == [TOLD_BATCH, 1]
    assert {name for message in told for name in message.transports} == {speaker.name for speaker in speakers}


def test_losses_that_were_none_do_not_make_the_figures_negative() -> None:
    meter = FlowMeter()
    meter.sample(Tally(10, 100, 2), 1, 0.0, 1.0)
    assert meter.take() == Flow(packets=10, octets=100, lost=2)
    meter.sample(Tally(12, 120, 0), 1, 0.0, 2.0)
    assert meter.take() == Flow(packets=2, octets=20, lost=0, seconds=1.0, bitrate=160, streams=1.0)
