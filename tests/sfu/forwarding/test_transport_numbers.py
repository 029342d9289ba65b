"""Transport-wide sequence numbers on the way down: one running number over all that one participant gets."""

from sfu.link_messages import ExtensionName, Slot
from sfu.rtcp.packets import Nack, TransportFeedback
from sfu.rtp.extensions import read_sequence16
from sfu.rtp.packet import RtpPacket
from tests.support.forwarding import AudioSource, Member, Session, VideoSource, camera, microphone, slots

NUMBER: ExtensionName = "transport-wide-cc"
ID = 5


def numbered_slots(audio: int, video: int) -> tuple[Slot, ...]:
    return tuple(slot.model_copy(update={"extensions": {NUMBER: ID}}) for slot in slots(audio=audio, video=video))


def numbers(packets: list[RtpPacket]) -> list[int]:
    values = [packet.extension(ID) for packet in packets]
    assert None not in values
    return [read_sequence16(value) for value in values if value is not None]


class Call:
    """Somebody with microphone and camera, and somebody who gets both with numbers."""

    def __init__(self) -> None:
        self.session = Session()
        self.publisher = self.session.join("p", tracks=(microphone("p"), camera("p")))
        self.subscriber: Member = self.session.join("s", slots=numbered_slots(audio=1, video=1))
        self.audio, self.video = AudioSource(7), VideoSource(8)

    def feedback(self, base: int, deltas: tuple[int | None, ...]) -> None:
        message = TransportFeedback(1, 2, base & 0xFFFF, 0, 0, deltas)
        self.subscriber.peer.rtcp(message.to_bytes(), self.session.now, self.session.now)


def test_audio_and_video_share_one_running_number() -> None:
    call = Call()
    call.publisher.send(call.audio.packet(), *call.video.frame(key=True), call.audio.packet(), *call.video.frame())
    packets = call.subscriber.received()
    assert numbers(packets) == [0, 1, 2, 3, 4, 5]
    assert len({packet.ssrc for packet in packets}) == 2


def test_a_retransmission_gets_a_number_of_its_own() -> None:
    call = Call()
    call.publisher.send(*call.video.frame(key=True))
    first, second = call.subscriber.received()
    nack = Nack(1, first.ssrc, (second.sequence_number,))
    call.subscriber.peer.rtcp(nack.to_bytes(), call.session.now, call.session.now)
    (repeated,) = call.subscriber.received()
    assert repeated.ssrc == first.ssrc + 1
    assert numbers([repeated]) == [2]
    assert repeated.payload == second.sequence_number.to_bytes(2, "big") + second.payload


def test_a_packet_that_comes_late_gets_the_next_number() -> None:
    call = Call()
    call.publisher.send(*call.video.frame(key=True))
    late, last = call.video.frame()
    call.publisher.send(last)
    call.publisher.send(late)
    assert numbers(call.subscriber.received()) == [0, 1, 2, 3]


def test_who_did_not_negotiate_numbers_gets_none() -> None:
    call = Call()
    plain = call.session.join("plain", slots=slots(video=1))
    call.publisher.send(*call.video.frame(key=True))
    assert all(packet.extension(ID) is None for packet in plain.received())
    assert numbers(call.subscriber.received()) == [0, 1]
    assert plain.peer.egress.history is None


def test_feedback_becomes_figures() -> None:
    call = Call()
    call.subscriber.peer.measure(call.session.now)
    call.publisher.send(*call.video.frame(key=True), *call.video.frame())
    sizes = [len(datagram) for datagram in call.subscriber.socket.datagrams]
    call.session.now += 1
    call.feedback(0, (0, 0, None, 0))
    call.subscriber.peer.measure(call.session.now)
    figures = call.subscriber.peer.figures()
    assert figures is not None
    assert figures.delivery is not None
    assert (figures.delivery.packets, figures.delivery.lost) == (3, 1)
    assert figures.delivery.bitrate == 8 * (sum(sizes) - sizes[2])


def test_feedback_of_who_gets_no_numbers_is_ignored() -> None:
    session = Session()
    plain = session.join("plain", slots=slots(video=1))
    plain.peer.rtcp(TransportFeedback(1, 2, 0, 0, 0, (0, 0)).to_bytes(), session.now, session.now)
    assert plain.peer.figures() is None
