import pytest

from bench.figures import Figures, Round
from bench.goals import Goal, goals
from bench.results import Outcome, Results
from bench.soak import Soak


def found(title: str, *outcomes: Outcome, soak: Soak | None = None) -> Goal:
    (one,) = [one for one in goals(Results({}, 1, 1.0, list(outcomes), soak)) if title in one.title]
    return one


def outcome(key: str, ours: Figures, theirs: Figures | None = None) -> Outcome:
    return Outcome(key, key, {"roomcast": [Round(ours)]} | ({"janus": [Round(theirs)]} if theirs else {}))


def test_what_was_not_measured_is_neither_met_nor_missed():
    assert {one.met for one in goals(Results({}, 3, 8.0))} == {None}


def test_a_ratio_to_the_other_server_decides():
    for cost, met in ((2.9, True), (3.1, False)):
        one = found("bursts of 20", outcome("webinar-50-20", {"cpu_per_packet": cost}, {"cpu_per_packet": 10.0}))
        assert (one.measured, one.met) == (f"{cost / 10:.2f}", met)


def test_one_lost_packet_in_one_round_is_no_loss_free_run():
    def rounds(*losses: float) -> Outcome:
        figures = [{"loss": loss, "packets_per_second": 125_000.0, "server_cpu": 80.0} for loss in losses]
        return Outcome("audience-500", "audience", {"roomcast": [Round(one) for one in figures]})

    assert found("500 viewers", rounds(0.0, 0.0)).met
    assert found("500 viewers", rounds(0.0, 0.001)).met is False


def test_a_server_that_was_sent_too_little_has_not_held():
    figures = {"loss": 0.0, "packets_per_second": 60_000.0, "server_cpu": 50.0}
    assert found("500 viewers", outcome("audience-500", figures)).met is False


def test_a_scenario_that_failed_is_a_goal_that_is_not_met():
    failed = Outcome("lecture-1000", "lecture", {"roomcast": [Round({}, faults=["failed: too slow"])]})
    assert found("lecture", failed).met is False


def test_feedback_that_never_came_costs_nothing_and_counts_for_nothing():
    assert found("feedback", outcome("feedback-500", {"feedback_cpu": 30.0, "feedback_rate": 6480.0})).met
    assert found("feedback", outcome("feedback-500", {"feedback_cpu": 1.0, "feedback_rate": 200.0})).met is False


@pytest.mark.parametrize(("rate", "met"), [(5500.0, True), (4500.0, False)])
def test_feedback_of_a_client_that_was_late_is_counted_for_all_that_was_due(rate: float, met: bool):
    assert found("feedback", outcome("feedback-500", {"feedback_cpu": 25.0, "feedback_rate": rate})).met is met


def test_a_server_driven_to_its_limit_says_nothing_of_stalls():
    one = found(
        "keeps packets waiting",
        outcome("capacity-50-20", {"stall": 90.0, "turn": 80.0}),
        outcome("rooms-5", {"stall": 9.0, "turn": 3.0}),
    )
    assert (one.measured, one.met) == ("3.0 ms of processor time (`rooms-5`), 9.0 ms by the clock (`rooms-5`)", True)


def test_a_round_in_which_others_used_the_core_says_nothing_of_how_long_packets_wait():
    disturbed = Round({"stall": 99.0, "turn": 33.0}, ["others used 40 % of a core meanwhile"])
    assert disturbed.was_disturbed
    alone = Round({"stall": 9.0, "turn": 3.0})
    one = found("keeps packets waiting", Outcome("rooms-5", "rooms", {"roomcast": [disturbed, alone]}))
    assert (one.measured, one.met) == ("3.0 ms of processor time (`rooms-5`), 9.0 ms by the clock (`rooms-5`)", True)


def test_memory_that_grows_is_not_flat():
    curve = [(10.0 * step, 200.0 + step / 4) for step in range(360)]
    assert found("hour", soak=Soak({}, 40, curve)).met is False
    assert found("hour", soak=Soak({}, 40, [(at, 200.0) for at, _ in curve])).met
