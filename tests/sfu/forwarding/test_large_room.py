"""A large room: what concerns everyone is spread over ticks, newcomers do not wait, and nobody is forgotten."""

from itertools import pairwise
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.forwarding import layer as layer_module
from sfu.forwarding import packet_path
from sfu.forwarding import router as router_module
from sfu.forwarding.peer import Peer
from sfu.forwarding.router import FILL_BATCH
from sfu.forwarding.scene import Scene
from sfu.link_messages import SlotsFilled
from sfu.rtp.packet import RtpPacket
from tests.support.forwarding import AudioSource, Member, Session, VideoSource, camera, microphone, slots

VIEWERS, PUBLISHERS = 7, 4


def shown(member: Member) -> tuple[set[str | None], set[str | None]]:
    audio, video = (
        {slot.track.track_id if slot.track else None for slot in member.peer.slots_of(use)}
        for use in ("audio", "video")
    )
    return audio, video


def catch_up(session: Session) -> None:
    """Some ticks pass."""
    session.decide()
    for _ in range(VIEWERS + PUBLISHERS):
        session.now += 0.01
        session.router.tend(session.now)
    session.path.flush()


class Room:
    """`steps` are done to it: who speaks, who is muted, who leaves and comes back."""

    def __init__(self) -> None:
        self.session = Session(max_video_slots=2)
        self.viewers = [self.session.join(f"v{n}", slots=slots(audio=2, video=2)) for n in range(VIEWERS)]
        self.publishers = [
            self.session.join(f"p{n}", tracks=(microphone(f"p{n}"), camera(f"p{n}")), slots=slots(audio=2, video=2))
            for n in range(PUBLISHERS)
        ]
        self.voices = [AudioSource(10 + n) for n in range(PUBLISHERS)]
        self.cameras = [VideoSource(20 + n) for n in range(PUBLISHERS)]

    def step(self, who: int, what: str) -> None:
        publisher = self.publishers[who]
        if what == "speak":
            for _ in range(20):
                self.session.now += 0.02
                publisher.send(self.voices[who].packet(), *self.cameras[who].frame(key=True))
        elif what == "mute":
            self.session.router.pause_tracks(publisher.name, {f"{publisher.name}-cam": True})
        elif what == "unmute":
            self.session.router.pause_tracks(publisher.name, {f"{publisher.name}-cam": False})
        self.session.decide()


@given(
    st.lists(
        st.tuples(st.integers(0, PUBLISHERS - 1), st.sampled_from(["speak", "mute", "unmute"])), min_size=1, max_size=8
    )
)
def test_after_some_ticks_everyone_has_what_filling_all_at_once_would_give(steps: list[tuple[int, str]]) -> None:
    results = []
    for batch in (1, 1000):
        with patch.object(router_module, "FILL_BATCH", batch):
            room = Room()
            for who, what in steps:
                room.step(who, what)
            catch_up(room.session)
            results.append([shown(member) for member in (*room.viewers, *room.publishers)])
    assert results[0] == results[1]


def test_a_newcomer_to_a_large_room_is_filled_at_once() -> None:
    session = Session()
    publisher = session.join("p", tracks=(microphone("p"),))
    publisher.send(AudioSource(1).packet())
    viewers = [session.join(f"v{number}", slots=slots(audio=1)) for number in range(2 * FILL_BATCH)]
    session.router.pause_tracks("p", {"p-mic": True})
    session.router.put(session.router.parameters.model_copy(update={"first": ("p",)}))
    session.told.clear()
    newcomer = session.join("n", slots=slots(audio=1))
    assert shown(newcomer)[0] == {"p-mic"}
    assert any("n" in message.transports for message in session.told if isinstance(message, SlotsFilled))
    assert all(shown(viewer)[0] == {"p-mic"} for viewer in viewers)


def test_a_change_for_everyone_takes_several_ticks() -> None:
    session = Session()
    viewers = [session.join(f"v{number}", slots=slots(audio=1)) for number in range(2 * FILL_BATCH + 1)]
    publisher = session.join("p", tracks=(microphone("p"),))
    session.told.clear()
    publisher.send(AudioSource(1).packet())
    filled = [sum(shown(viewer)[0] == {"p-mic"} for viewer in viewers)]
    for _ in range(3):
        session.now += 0.01
        session.router.tend(session.now)
        filled.append(sum(shown(viewer)[0] == {"p-mic"} for viewer in viewers))
    assert filled == sorted(filled)
    assert filled[0] <= FILL_BATCH
    assert filled[-1] == len(viewers)
    told = [message for message in session.told if isinstance(message, SlotsFilled)]
    assert sorted(name for message in told for name in message.transports) == sorted(v.name for v in viewers)


def test_slots_join_and_leave_a_few_at_a_time_and_nobody_misses_a_packet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packet_path, "JOINS", 1)
    monkeypatch.setattr(layer_module, "JOIN_BATCH", 1)
    monkeypatch.setattr(layer_module, "LEAVE_BATCH", 1)
    session = Session()
    viewers = [session.join(f"v{number}", slots=slots(video=1)) for number in range(5)]
    publisher = session.join("p", tracks=(camera("p"),))
    source = VideoSource(1, packets_per_frame=1)
    publisher.send(*source.frame())
    received: dict[str, list[RtpPacket]] = {viewer.name: [] for viewer in viewers}
    for paused in (False, True, False):
        session.router.pause_tracks("p", {"p-cam": paused})
        session.decide()
        for number in range(8):
            session.now += 0.03
            for packet in source.frame(key=number == 0):
                publisher.peer.ingress.receive(packet, session.now)
            session.path.advance()
            for viewer in viewers:
                received[viewer.name] += viewer.received()
        assert {viewer.peer.slots["video0"].layer is None for viewer in viewers} == {paused}
    for packets in received.values():
        assert len(packets) == 16
        first = packets[0].sequence_number
        assert [packet.sequence_number for packet in packets] == list(range(first, first + 16))
        steps = [(two.timestamp - one.timestamp) & 0xFFFFFFFF for one, two in pairwise(packets)]
        assert all(0 < step < 90_000 for step in steps)


def test_nothing_is_done_for_anybody_while_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session()
    for number in range(5):
        session.join(f"v{number}", slots=slots(audio=1))
    publisher = session.join("p", tracks=(microphone("p"),))
    publisher.send(AudioSource(1).packet())
    session.decide()
    filled: list[str] = []
    monkeypatch.setattr(router_module, "fill_peer", lambda peer, scene, now: not filled.append(peer.transport_id))
    for _ in range(3):
        session.now += 0.3
        session.decide()
    assert filled == []


def test_a_fault_with_one_participant_keeps_no_other_from_their_pictures() -> None:
    room = Room()
    room.step(0, "speak")
    real, failed = router_module.fill_peer, []

    def fill_peer(peer: Peer, scene: Scene, now: float) -> bool:
        if peer.endpoint_id == "v0" and not failed:
            failed.append(peer)
            raise RuntimeError("a fault")
        return real(peer, scene, now)

    room.step(1, "speak")
    catch_up(room.session)
    assert all("p1-cam" in shown(viewer)[1] for viewer in room.viewers)
    with patch.object(router_module, "fill_peer", fill_peer):
        room.session.router.pause_tracks("p1", {"p1-cam": True})
        with pytest.raises(RuntimeError, match="a fault"):
            room.session.router.decide(room.session.now)
        for _ in range(VIEWERS + PUBLISHERS):
            room.session.now += 0.01
            room.session.router.tend(room.session.now)
    assert not any("p1-cam" in shown(viewer)[1] for viewer in room.viewers[1:])
