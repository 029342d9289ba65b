"""What connections are measured to have published, sent and received."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sfu.link_messages import Flow, Source, TransportFigures
from signalling.domain.effects import DeleteTransport, PauseTracks, PutTransport, RecordJoin, RecordLeave
from signalling.domain.hard_mutes import HardMuteUser
from signalling.domain.media import LoseNode, Mute, Negotiate, Publish, Unmute, Unpublish
from signalling.domain.presence import Leave, LoseConnection, Tick
from signalling.domain.session import Session
from signalling.reports import FlowUsage, SessionMeter, Usage
from tests.support.sessions import make_join, make_track, moderated

GOOD = Flow(packets=250, octets=20_000, seconds=5, bitrate=32_000, streams=1)


class Measured:
    """A session of `mod` and `ann` under a meter."""

    def __init__(self) -> None:
        self.session: Session = moderated()
        self.meter = SessionMeter()
        self.meter.follow([RecordJoin("mod", "Mod", "moderator", "ref")], 0.0)
        self.at(0.0, make_join("ann"))

    def at(self, now: float, given: Any) -> None:
        self.meter.follow(self.session.handle(given, now), now)

    def negotiate(self, now: float, *sources: Source, transport_id: str = "t1") -> None:
        tracks = tuple(make_track(f"{transport_id}-{source}", source) for source in sources)
        self.at(now, Negotiate("ann", transport_id, tracks, ()))

    def leave(self, now: float) -> Usage:
        self.at(now, Leave("ann"))
        return self.meter.leave("ann", now)


@pytest.fixture
def measured() -> Measured:
    return Measured()


def published(usage: Usage) -> tuple[float, float]:
    return usage.published_seconds, usage.screen_seconds


def test_who_publishes_nothing_has_published_nothing(measured: Measured) -> None:
    measured.negotiate(1.0)
    assert measured.leave(61.0) == Usage()


def test_published_time_runs_while_a_microphone_or_a_camera_is_live(measured: Measured) -> None:
    measured.negotiate(10.0, "microphone", "camera")
    measured.at(20.0, Mute("ann", "microphone"))
    measured.at(30.0, Mute("ann", "camera"))
    measured.at(50.0, Unmute("ann", "camera"))
    usage = measured.leave(60.0)
    assert published(usage) == (30.0, 0.0)
    assert usage.published == ("audio", "video")


def test_what_a_moderator_mutes_is_not_published(measured: Measured) -> None:
    measured.negotiate(10.0, "microphone")
    measured.at(15.0, HardMuteUser("mod", "ann", "audio", True))
    assert published(measured.leave(60.0)) == (5.0, 0.0)


def test_a_screen_has_a_time_of_its_own(measured: Measured) -> None:
    measured.negotiate(10.0, "camera")
    measured.negotiate(20.0, "camera", "screen")
    measured.at(45.0, Unpublish("ann", "t1-screen"))
    measured.at(50.0, Publish("ann", "t1-screen"))
    usage = measured.leave(60.0)
    assert published(usage) == (50.0, 35.0)
    assert usage.published == ("screen", "video")


def test_a_new_transport_goes_on_and_what_it_lacks_ends(measured: Measured) -> None:
    measured.negotiate(10.0, "camera", "screen")
    measured.negotiate(20.0, "camera", transport_id="t2")
    assert published(measured.leave(60.0)) == (50.0, 10.0)


def test_a_lost_node_ends_it_until_media_is_back(measured: Measured) -> None:
    measured.negotiate(10.0, "camera")
    measured.at(20.0, LoseNode("node-gone"))
    measured.meter.media_gone(20.0)
    measured.negotiate(30.0, "camera", transport_id="t2")
    assert published(measured.leave(40.0)) == (20.0, 0.0)


def test_a_lost_connection_published_until_it_was_lost(measured: Measured) -> None:
    measured.negotiate(10.0, "camera")
    measured.at(20.0, LoseConnection("ann"))
    measured.at(50.0, Tick())
    assert published(measured.meter.leave("ann", 20.0)) == (10.0, 0.0)


def test_news_are_told_once(measured: Measured) -> None:
    assert measured.meter.news(1.0) == {}
    measured.negotiate(1.0, "microphone")
    assert published(measured.meter.news(3.0)["ann"]) == (2.0, 0.0)
    measured.at(5.0, Mute("ann", "microphone"))
    assert published(measured.meter.news(6.0)["ann"]) == (4.0, 0.0)
    assert measured.meter.news(16.0) == {}
    measured.meter.measured("ann", TransportFigures(received={"audio": GOOD}))
    assert measured.meter.news(26.0)["ann"].send["audio"].good == 5.0


def test_directions_are_those_of_the_participant(measured: Measured) -> None:
    louder = GOOD.model_copy(update={"bitrate": 48_000})
    measured.meter.measured("ann", TransportFigures(received={"audio": GOOD}, sent={"audio": louder}))
    usage = measured.leave(5.0)
    assert (usage.send["audio"].average, usage.receive["audio"].average) == (32_000, 48_000)


def test_figures_of_somebody_unknown_are_ignored(measured: Measured) -> None:
    measured.meter.measured("zoe", TransportFigures(received={"audio": GOOD}))
    assert measured.meter.news(1.0) == {}


def test_average_lowest_and_highest_are_those_of_steady_time() -> None:
    usage = FlowUsage()
    for bitrate, seconds in ((30_000, 5.0), (40_000, 4.0), (0, 0.0), (10_000, 1.0)):
        flow = Flow(packets=50, octets=1, seconds=seconds, bitrate=bitrate, streams=1 if seconds else 0)
        usage = usage.plus("audio", "send", flow)
    assert (usage.average, usage.lowest, usage.highest) == (32_000, 10_000, 40_000)
    assert (usage.good, usage.seconds) == (10.0, 10.0)


def test_an_outage_is_bad_once_something_comes_again_but_not_at_the_end() -> None:
    outage = Flow(seconds=5, streams=1)
    usage = FlowUsage().plus("audio", "send", GOOD).plus("audio", "send", outage)
    assert (usage.good, usage.bad, usage.lowest) == (5.0, 0.0, 32_000)
    usage = usage.plus("audio", "send", outage).plus("audio", "send", GOOD)
    assert (usage.good, usage.bad, usage.lowest) == (10.0, 10.0, 0)
    assert usage.average == 16_000
    assert usage.quality == "bad"
    assert not Usage(send={"audio": usage}).is_good


def test_a_screen_that_stands_still_is_no_outage() -> None:
    usage = FlowUsage().plus("screen", "send", Flow(seconds=5, streams=1)).plus("screen", "send", GOOD)
    assert (usage.good, usage.bad, usage.lowest) == (10.0, 0.0, 0)


flows = st.builds(
    Flow,
    packets=st.integers(0, 5000),
    lost=st.integers(0, 5000),
    seconds=st.floats(0, 10),
    bitrate=st.integers(0, 5_000_000),
    streams=st.floats(0, 16),
)


@given(st.lists(flows), st.sampled_from(["audio", "video", "screen"]))
def test_sums_hold_together_whatever_was_measured(measured_flows: list[Flow], use: Any) -> None:
    usage = FlowUsage()
    for flow in measured_flows:
        usage = usage.plus(use, "receive", flow)
    total = sum(flow.seconds for flow in measured_flows)
    assert usage.seconds + usage.silent == pytest.approx(total)
    if usage.seconds:
        assert usage.lowest is not None
        assert usage.lowest - 1 <= usage.average <= usage.highest + 1
    assert FlowUsage.model_validate_json(usage.model_dump_json()) == usage


class PublishedTime(RuleBasedStateMachine):
    """Effects in any order, against a recount second by second."""

    def __init__(self) -> None:
        super().__init__()
        self.meter = SessionMeter()
        self.now = 0
        self.live: dict[str, bool] = {}
        self.sources: dict[str, Source] = {"m": "microphone", "c": "camera", "s": "screen"}
        self.stream = self.screen = 0
        self.follow(RecordJoin("a", "A", "participant", "ref"))

    def follow(self, *following: Any) -> None:
        self.meter.follow(following, float(self.now))

    @rule(names=st.sets(st.sampled_from("mcs")), paused=st.sets(st.sampled_from("mcs")))
    def put(self, names: set[str], paused: set[str]) -> None:
        tracks = tuple(
            make_track(name, self.sources[name]).model_copy(update={"paused": name in paused}) for name in names
        )
        self.live = {name: name not in paused for name in names}
        self.follow(PutTransport("a", "t", tracks, ()))

    @precondition(lambda self: self.live)
    @rule(name=st.sampled_from("mcs"), paused=st.booleans())
    def pause(self, name: str, paused: bool) -> None:
        if name in self.live:
            self.live[name] = not paused
        self.follow(PauseTracks("a", "t", {name: paused}))

    @rule()
    def delete(self) -> None:
        self.live = {}
        self.follow(DeleteTransport("a", "t"))

    @rule(seconds=st.integers(1, 100))
    def wait(self, seconds: int) -> None:
        self.now += seconds
        self.stream += seconds * any(self.live.get(name) for name in "mc")
        self.screen += seconds * bool(self.live.get("s"))

    @invariant()
    def published_time_is_what_it_was(self) -> None:
        for usage in self.meter.news(float(self.now)).values():
            self.last = usage
        known = getattr(self, "last", Usage())
        assert published(known) == (self.stream, self.screen)

    def teardown(self) -> None:
        self.follow(DeleteTransport("a", "t"), RecordLeave("a", float(self.now), "left"))
        assert published(self.meter.leave("a", float(self.now))) == (self.stream, self.screen)


TestPublishedTime = PublishedTime.TestCase
