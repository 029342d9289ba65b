"""Padding that lets packets of almost one size go in one message."""

from sfu.forwarding.padding import MAX_PADDING, level
from sfu.forwarding.wire_format import Canonical
from sfu.rtp.packet import parse_rtp
from tests.support.forwarding import Session, VideoSource, camera, slots


def canonical(size: int) -> Canonical:
    data = b"\x80\x60" + bytes(10) + bytes(range(256)) * 9
    return Canonical(data[:size], 0, 0, 0, 0, 0, 0, 0, 0, 0)


def sizes(packets: list[Canonical]) -> list[int]:
    return [len(packet.data) for packet in packets]


def test_the_smaller_packets_of_a_frame_are_padded_and_their_payload_stays() -> None:
    packets = [canonical(size) for size in (1000, 1000, 1001, 1001)]
    leveled = level(packets)
    assert sizes(leveled) == [1001] * 4
    assert [parse_rtp(packet.data).payload for packet in leveled] == [
        parse_rtp(packet.data).payload for packet in packets
    ]


def test_what_goes_in_one_message_anyway_stays_as_it_is() -> None:
    packets = [canonical(size) for size in (1001, 1001, 990)]
    assert level(packets) == packets


def test_a_smaller_packet_in_the_middle_does_not_close_the_message() -> None:
    assert sizes(level([canonical(size) for size in (1001, 990, 1001)])) == [1001] * 3


def test_packets_of_other_sizes_are_left_alone() -> None:
    for given in ([1000, 1001 + MAX_PADDING], [1000, 600, 1100], [100, 101, 102], [499, 500], [1200]):
        assert sizes(level([canonical(size) for size in given])) == given
    assert level([]) == []


def test_a_frame_as_browsers_split_it_is_one_message_and_arrives_as_it_was() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1))
    publisher = session.join("p", tracks=(camera("p"),))
    source = VideoSource(1, packets_per_frame=4, payload_size=900)
    publisher.send(*source.frame(key=True))
    subscriber.received()
    before = subscriber.socket.messages
    frame = [data + bytes(index // 2) for index, data in enumerate(source.frame())]
    publisher.send(*frame)
    assert subscriber.socket.messages == before + 1
    received = [packet.payload[6:] for packet in subscriber.received()]
    assert received == [parse_rtp(data).payload[6:] for data in frame]
