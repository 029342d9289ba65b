"""What a router costs, however its publishers behave."""

import pytest

from sfu.forwarding.router import Router
from sfu.link_messages import Fingerprint, Ice, PutTransport
from tests.support.forwarding import AudioSource, Session, VideoSource, camera, microphone, slots


@pytest.fixture
def refreshes(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When slots were filled anew."""
    times: list[float] = []
    refresh = Router.refresh

    def count(self: Router, now: float) -> None:
        times.append(now)
        refresh(self, now)

    monkeypatch.setattr(Router, "refresh", count)
    return times


def test_a_publisher_that_changes_its_ssrc_with_each_packet_does_not_stall_the_router(refreshes: list[float]) -> None:
    session = Session()
    for number in range(50):
        session.join(f"s{number}", slots=slots(audio=2))
    publisher = session.join("p", tracks=(microphone("p"),))
    voices = AudioSource(1), AudioSource(2)
    refreshes.clear()
    for turn in range(2000):
        session.now += 0.001
        publisher.peer.ingress.receive(voices[turn % 2].packet(), session.now)
        if session.router.is_due(session.now):
            session.router.refresh(session.now)
    assert len(refreshes) * 50 < 30_000, "peers looked at in two seconds"


def test_a_refresh_that_was_put_off_comes(refreshes: list[float]) -> None:
    session = Session()
    for number in range(50):
        session.join(f"s{number}")
    session.router.mark_stale()
    while session.router.is_due(session.now):
        session.router.refresh(session.now)
        session.router.mark_stale()
    assert len(refreshes) > 10
    session.now += 0.1
    assert session.router.is_due(session.now)


def test_a_newcomers_layers_are_let_in_with_their_first_packets(refreshes: list[float]) -> None:
    session = Session()
    subscribers = [session.join(f"s{number}", slots=slots(audio=2, video=2)) for number in range(20)]
    publisher = session.join("p", tracks=(camera("p"), microphone("p")))
    publisher.send(*VideoSource(1).frame(key=True), AudioSource(2).packet())
    assert [len(subscriber.received()) for subscriber in subscribers] == [3] * 20


def test_however_much_was_refreshed_it_is_soon_affordable_again() -> None:
    session = Session()
    for number in range(50):
        session.join(f"s{number}")
    for _ in range(1000):
        session.decide()
    session.router.mark_stale()
    assert not session.router.is_due(session.now)
    assert session.router.is_due(session.now + 1.0)


def test_of_two_microphones_of_one_endpoint_the_unmuted_one_is_heard() -> None:
    session = Session()
    subscriber = session.join("s", slots=slots(audio=1))
    first = session.join("a", tracks=(microphone("a"),))
    first.send(AudioSource(1).packet())
    second = session.router.put_transport(
        PutTransport(
            request_id=0,
            router_id="r",
            transport_id="a-2",
            endpoint_id="a",
            ice=Ice(local_ufrag="ijkl", local_pwd="x" * 22, remote_ufrag="mnop"),
            fingerprints=(Fingerprint(algorithm="sha-256", value=":".join(["00"] * 32)),),
            tracks=(microphone("a-2"),),
        ),
        session.now,
    )
    voice = AudioSource(2)
    second.ingress.receive(voice.packet(), session.now)
    first.peer.ingress.pause("a-mic", True)
    session.decide()
    subscriber.received()
    second.ingress.receive(voice.packet(), session.now)
    session.settle()
    assert [packet.payload[-1] for packet in subscriber.received()] == [2]
