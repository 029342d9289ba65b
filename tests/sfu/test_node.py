"""The node carries out commands, whatever their order, and lets go of what is gone."""

from typing import Any

import pytest

from sfu import node as node_module
from sfu.dtls import Certificate
from sfu.forwarding.router import Router
from sfu.link_messages import (
    Command,
    DeleteRouter,
    DeleteTap,
    DeleteTransport,
    Fingerprint,
    Ice,
    LimitSlots,
    NodeMessage,
    PauseTracks,
    PutRouter,
    PutTransport,
    SlotsFilled,
    TransportState,
)
from sfu.metrics import Counters
from sfu.node import DECISION_TICKS, REPORT_TICKS, TICK, MediaNode
from sfu.rtcp.packets import Nack, parse_rtcp
from sfu.srtp import SrtpSender
from sfu.transport.mux import Mux
from tests.support.forwarding import KEYS, AudioSource, camera, microphone, slots
from tests.support.taps import put_tap

CERTIFICATE = Certificate.generate()


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


class Node:
    """A node on a real port, whose clock stands still."""

    def __init__(self) -> None:
        self.told: list[NodeMessage] = []
        self.clock = Clock()
        self.counters = Counters()
        self.node = MediaNode(CERTIFICATE, self.counters, self.told.append, self.clock)

    async def __aenter__(self) -> "Node":
        self.mux = await Mux.open(self.node, self.counters.count, hosts=("127.0.0.1",), clock=self.clock)
        self.node.bind(self.mux)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.mux.close()

    def error(self, command: Command) -> str | None:
        return self.node.obey(command).error


def put_router(name: str = "r") -> PutRouter:
    return PutRouter(request_id=1, router_id=name)


def put_transport(name: str, router: str = "r", **changes: Any) -> PutTransport:
    return PutTransport(
        request_id=2,
        router_id=router,
        transport_id=name,
        endpoint_id=changes.pop("endpoint", name),
        ice=Ice(local_ufrag=changes.pop("ufrag", f"ufrag-{name}"), local_pwd="p" * 24, remote_ufrag="remote"),
        fingerprints=(Fingerprint(algorithm="sha-256", value=":".join(["AB"] * 32)),),
        **changes,
    )


async def test_a_transport_needs_its_router() -> None:
    async with Node() as node:
        assert node.error(put_transport("t")) == "unknown-router"
        assert node.error(put_router()) is None
        assert node.error(put_transport("t")) is None
        assert node.node.transport_ids == ("t",)


async def test_the_same_command_twice_changes_nothing() -> None:
    async with Node() as node:
        for command in (put_router(), put_transport("t", tracks=(camera("t"),), slots=slots(video=1))) * 2:
            assert node.error(command) is None
        assert node.node.transport_ids == ("t",)


async def test_a_transport_cannot_move_to_another_router() -> None:
    async with Node() as node:
        for command in (put_router("a"), put_router("b"), put_transport("t", "a")):
            assert node.error(command) is None
        assert node.error(put_transport("t", "b")) == "invalid"


async def test_two_transports_cannot_share_credentials() -> None:
    async with Node() as node:
        assert node.error(put_router()) is None
        assert node.error(put_transport("one", ufrag="same-ufrag")) is None
        assert node.error(put_transport("two", ufrag="same-ufrag")) == "invalid"
        assert node.node.transport_ids == ("one",)


async def test_commands_for_unknown_transports_are_refused() -> None:
    async with Node() as node:
        assert node.error(PauseTracks(request_id=1, transport_id="x", paused={})) == "unknown-transport"
        assert node.error(LimitSlots(request_id=1, transport_id="x", max_heights={})) == "unknown-transport"


async def test_deleting_is_idempotent_and_takes_the_routers_transports_along() -> None:
    async with Node() as node:
        for command in (put_router(), put_transport("one"), put_transport("two")):
            assert node.error(command) is None
        assert node.error(DeleteTransport(request_id=1, transport_id="one")) is None
        assert node.error(DeleteTransport(request_id=1, transport_id="one")) is None
        assert node.node.transport_ids == ("two",)
        assert node.error(DeleteRouter(request_id=1, router_id="r")) is None
        assert node.error(DeleteRouter(request_id=1, router_id="r")) is None
        assert node.node.transport_ids == ()
        node.node.tick()


async def test_a_large_session_is_closed_a_few_transports_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_module, "CLOSE_BATCH", 1)
    async with Node() as node:
        for command in (put_router(), *(put_transport(name) for name in ("one", "two", "three", "four"))):
            assert node.error(command) is None
        assert node.error(DeleteRouter(request_id=1, router_id="r")) is None
        assert node.node.transport_ids == ("two", "three", "four")
        node.node.tick()
        assert node.node.transport_ids == ("three", "four")
        # Who comes back meanwhile is not closed with the others.
        for command in (put_router("other"), put_transport("three", "other")):
            assert node.error(command) is None
        for _ in range(DECISION_TICKS):
            node.node.tick()
        assert node.node.transport_ids == ("three",)


async def test_credentials_are_free_again_after_a_delete() -> None:
    async with Node() as node:
        assert node.error(put_router()) is None
        assert node.error(put_transport("one", ufrag="same-ufrag")) is None
        assert node.error(DeleteTransport(request_id=1, transport_id="one")) is None
        assert node.error(put_transport("two", ufrag="same-ufrag")) is None


async def test_a_peer_that_never_comes_is_told_as_failed_and_forgotten() -> None:
    async with Node() as node:
        assert node.error(put_router()) is None
        assert node.error(put_transport("t", tracks=(microphone("t"),), slots=slots(audio=1))) is None
        node.clock.now += 120
        node.mux.check_timers(node.clock.now)
        (told,) = [message for message in node.told if isinstance(message, TransportState)]
        assert (told.transport_id, told.state, told.reason) == ("t", "failed", "ice-timeout")
        assert node.node.transport_ids == ()
        node.node.tick()


async def test_the_state_names_every_transport_for_a_link_that_came_back() -> None:
    async with Node() as node:
        for command in (put_router(), put_transport("one", slots=slots(audio=1)), put_transport("two")):
            assert node.error(command) is None
        told = [message for message in node.node.state() if isinstance(message, SlotsFilled)]
        assert [set(message.transports) for message in told] == [{"one", "two"}]


async def test_routers_whose_sessions_may_have_ended_are_dropped_before_a_new_link() -> None:
    async with Node() as node:
        for command in (put_router("used"), put_router("empty"), put_transport("t", "used")):
            assert node.error(command) is None
        node.node.forget_empty_routers()
        assert [message.router_id for message in node.node.state() if isinstance(message, SlotsFilled)] == ["used"]
        assert node.error(put_transport("t", "used")) is None
        assert node.error(put_transport("u", "empty")) == "unknown-router"


async def test_a_tap_needs_its_router_and_cannot_move_to_another() -> None:
    async with Node() as node:
        assert node.error(put_tap()) == "unknown-router"
        for command in (put_router(), put_router("other"), put_tap(), put_tap(), put_transport("t", "other")):
            assert node.error(command) is None
        assert node.error(put_tap(router_id="other")) == "invalid"
        assert node.node.taps.ids == ("tap",)
        for _ in range(2):
            assert node.error(DeleteTap(request_id=3, tap_id="tap")) is None
        assert node.node.taps.ids == ()
        assert node.error(put_tap(router_id="other")) is None


async def test_taps_end_with_their_router() -> None:
    async with Node() as node:
        for router in ("deleted", "empty", "used"):
            for command in (put_router(router), put_tap(router_id=router, tap_id=f"of-{router}")):
                assert node.error(command) is None
        assert node.error(put_transport("t", "used")) is None
        assert node.error(DeleteRouter(request_id=3, router_id="deleted")) is None
        assert node.node.taps.ids == ("of-empty", "of-used")
        node.node.forget_empty_routers()
        assert node.node.taps.ids == ("of-used",)
        for _ in range(DECISION_TICKS):
            node.node.tick()


async def test_a_fault_in_one_session_is_counted_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Node() as node:
        for command in (put_router("bad"), put_router("good")):
            assert node.error(command) is None
        decided: list[str] = []

        def decide(router: Router, now: float) -> None:
            if router.parameters.router_id == "bad":
                raise ZeroDivisionError
            decided.append(router.parameters.router_id)

        monkeypatch.setattr(Router, "decide", decide)
        for _ in range(DECISION_TICKS):
            node.node.tick()
        assert decided == ["good"]
        assert node.counters.totals()["fault"] == 1


async def test_a_fault_in_a_command_refuses_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Node() as node:
        monkeypatch.setattr(Router, "__init__", lambda *_, **__: 1 / 0)
        assert node.error(put_router()) == "invalid"
        assert node.counters.totals()["fault"] == 1


async def test_lost_sound_is_asked_for_again_of_who_sends_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Node() as node:
        for command in (put_router(), put_transport("t", tracks=(microphone("t"),))):
            assert node.error(command) is None
        transport, _ = node.node._transports["t"]
        transport.context.egress.protect_with(SrtpSender(KEYS))
        sent: list[bytes] = []
        monkeypatch.setattr(transport, "send_rtcp", sent.append)
        source = AudioSource(7)
        packets = [source.packet() for _ in range(3)]
        for packet in (packets[0], packets[2]):
            node.node.rtp(transport, packet, node.clock.now)
        node.node.batch_done()
        for _ in range(REPORT_TICKS):
            node.clock.now += TICK
            node.node.tick()
        asked = [packet for data in sent for packet in parse_rtcp(data) if isinstance(packet, Nack)]
        assert {(nack.media_ssrc, nack.sequence_numbers) for nack in asked} == {(7, (source.sequence - 1,))}


async def test_a_fault_in_one_session_holds_up_no_packets_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Node() as node:
        for command in (put_router(), put_transport("t", slots=slots(audio=1))):
            assert node.error(command) is None
        flushed: list[bool] = []
        monkeypatch.setattr(Router, "attend", lambda *_: 1 / 0)
        monkeypatch.setattr(node.node._path, "advance", lambda: flushed.append(True))
        node.node.batch_done()
        assert flushed
        assert node.counters.totals()["fault"] == 1
