"""How packets are handed to the kernel, and what happens when it does not take them."""

import errno
import os
import socket
from typing import Any

import pytest
from pylibsrtp import Policy

from sfu.forwarding import packet_path
from sfu.forwarding.compiled_flush import CompiledFlush
from sfu.forwarding.packet_path import kernel_has_segmentation
from sfu.forwarding.plain_flush import PlainFlush
from sfu.srtp import SrtpReceiver, SrtpSender
from tests.support.forwarding import (
    KEYS,
    AudioSource,
    RecordingSocket,
    Session,
    VideoSource,
    camera,
    microphone,
    slots,
)


def frames(session: Session, number: int, packets_per_frame: int = 6) -> None:
    publisher = session.join("p", tracks=(camera("p"),))
    source = VideoSource(1, packets_per_frame=packets_per_frame)
    for index in range(number):
        publisher.send(*source.frame(key=index == 0))


class Refusing(RecordingSocket):
    """Takes no segmented message, as a device without the feature."""

    def sendmsg(self, buffers: tuple[memoryview], ancillary: Any, flags: int, address: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))


class Full(RecordingSocket):
    def sendmsg(self, buffers: tuple[memoryview], ancillary: Any, flags: int, address: object) -> None:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    def sendto(self, data: memoryview, address: object) -> None:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))


def test_without_segmentation_each_packet_is_a_message() -> None:
    session = Session(segmentation=False)
    subscriber = session.join("s", slots=slots(video=1))
    frames(session, 3)
    assert len(subscriber.received()) == 18
    assert subscriber.socket.messages == 18


def test_sound_goes_out_with_the_picture_that_waits_for_the_same_participant() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(audio=1, video=1))
    publisher = session.join("p", tracks=(microphone("p"), camera("p")))
    sound, picture = AudioSource(2), VideoSource(1, packets_per_frame=3)
    publisher.send(sound.packet(), *picture.frame(key=True))
    session.decide()
    publisher.send(sound.packet(), *picture.frame(key=True))
    subscriber.received()
    before = subscriber.socket.messages
    publisher.send(sound.packet(), *picture.frame())
    packets = subscriber.received()
    assert [packet.payload_type for packet in packets] == [96] * 3 + [111]
    numbers = [packet.sequence_number for packet in packets[:3]]
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    assert subscriber.socket.messages - before == 1


def test_a_device_without_segmentation_gets_the_same_packets_singly() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1))
    subscriber.use(Refusing())
    frames(session, 3)
    packets = subscriber.received()
    assert [packet.sequence_number - packets[0].sequence_number for packet in packets] == list(range(18))


def test_a_full_socket_buffer_drops_and_counts_and_others_notice_nothing() -> None:
    session = Session()
    slow = session.join("slow", slots=slots(video=1))
    other = session.join("other", slots=slots(video=1))
    slow.use(Full())
    frames(session, 2)
    assert len(other.received()) == 12
    assert session.counters.totals()["send-failed"] == 2


def test_a_packet_that_cannot_be_encrypted_is_not_sent() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1))
    subscriber.peer.egress.protect_with(OfAnotherStream())
    frames(session, 1)
    assert subscriber.received() == []
    assert session.counters.totals()["srtp-protect-failed"] == 6


class OfAnotherStream(SrtpSender):
    """A session that refuses every SSRC but one that nobody has."""

    def __init__(self) -> None:
        self._open(Policy(key=KEYS.local, ssrc_type=Policy.SSRC_SPECIFIC, ssrc_value=1, srtp_profile=KEYS.profile))


def test_tcp_peers_get_each_packet_in_a_frame() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1))
    written: list[bytes] = []
    subscriber.peer.egress.write_to(written.append)
    frames(session, 2)
    receiver = SrtpReceiver(KEYS, session.counters.count)
    assert len(written) == 12
    assert all(receiver.unprotect_rtp(frame) is not None for frame in written)


def test_a_fault_in_a_flush_keeps_nobody_out_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session()
    publisher = session.join("p", tracks=(camera("p"),))
    subscribers = [session.join(name, slots=slots(video=1)) for name in ("a", "b")]
    source = VideoSource(1)
    publisher.send(*source.frame(key=True))
    with monkeypatch.context() as patched:
        patched.setattr(PlainFlush, "_emit", broken)
        patched.setattr(CompiledFlush, "_fill", broken)
        with pytest.raises(ZeroDivisionError):
            # A keyframe: other packets may never come near Python.
            publisher.send(*source.frame(key=True))
    # Of the frame that the fault was in, some got packets and some did not.
    publisher.send(*source.frame())
    for subscriber in subscribers:
        subscriber.received()
    publisher.send(*source.frame())
    assert [len(subscriber.received()) for subscriber in subscribers] == [2, 2]
    session.router.remove_transport("a")
    publisher.send(*source.frame())
    assert len(subscribers[1].received()) == 2


def test_what_is_sent_in_parts_stays_in_order_whoever_comes_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packet_path, "TURN", 1)
    session = Session()
    publisher = session.join("p", tracks=(camera("p"),))
    members = [session.join(name, slots=slots(video=1)) for name in ("a", "b", "c")]
    source = VideoSource(1)
    publisher.send(*source.frame(key=True))

    def receive(*, key: bool = False) -> None:
        for packet in source.frame(key=key):
            publisher.peer.ingress.receive(packet, session.now)

    receive()
    assert session.path.advance() == 1
    session.now += 0.003
    assert session.path.advance() == 3000  # microseconds: one of three still has to get them
    receive()
    session.router.remove_transport("b")
    late = session.join("late", slots=slots(video=1))
    receive(key=True)
    turns = 0
    while session.path.advance():
        turns += 1
    assert turns
    for member in (members[0], members[2]):
        numbers = [packet.sequence_number for packet in member.received()]
        assert numbers == list(range(numbers[0], numbers[0] + 8))
    assert len(members[1].received()) < 6
    assert len(late.received()) == 2


def test_a_slow_machine_sends_less_in_a_turn_and_a_quick_one_no_more_than_was_meant() -> None:
    pace = 1.0
    for _ in range(60):
        pace = packet_path.paced(pace, effort := round(packet_path.TURN * pace), took=effort * 4e-6)
    assert abs(packet_path.TURN * pace * 4 - packet_path.TURN) < 10
    for _ in range(60):
        pace = packet_path.paced(pace, effort=1000, took=0.0001)
    assert 0.99 < pace <= 1.0
    assert packet_path.paced(pace, effort=1000, took=0.0) == pace


def broken(*_: object) -> None:
    raise ZeroDivisionError


def test_a_peer_that_is_not_connected_yet_gets_nothing() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(video=1))
    subscriber.peer.egress.close()
    frames(session, 2)
    assert subscriber.received() == []


@pytest.mark.skipif(not kernel_has_segmentation(), reason="this kernel has no UDP_SEGMENT")
def test_the_kernel_cuts_a_message_as_meant() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(60)
        session = Session()
        subscriber = session.join("s", slots=slots(video=1))
        subscriber.peer.egress.send_to(sender, receiver.getsockname())
        frames(session, 1, packets_per_frame=20)
        decrypted = SrtpReceiver(KEYS, session.counters.count)
        for _ in range(20):
            assert decrypted.unprotect_rtp(receiver.recv(4096)) is not None


class Narrow(RecordingSocket):
    """A path whose MTU no segment fits into: the kernel refuses to segment, and would fragment single packets."""

    def sendmsg(self, buffers: tuple[memoryview], ancillary: Any, flags: int, address: object) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))


def test_packets_over_the_mtu_of_one_path_do_not_end_segmentation_for_all() -> None:
    session = Session()
    narrow = session.join("narrow", slots=slots(video=1))
    narrow.use(Narrow())
    other = session.join("other", slots=slots(video=1))
    frames(session, 2)
    assert len(narrow.received()) == 12
    assert len(other.received()) == 12
    assert other.socket.messages == 2
