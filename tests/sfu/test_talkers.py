"""Sound is simulated packet by packet: 20 ms each, a decision each 300 ms, the clock is ours."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfu.talkers import Ranking, TalkerRanking

PACKET_MS = 20
DECISION_MS = 300
SPEECH = 25
SILENCE = 90

Sound = tuple[int, int, int]  # from and to in ms, level


def simulate(
    sounds: dict[str, list[Sound]], until: int, *, silence: int | None = SILENCE, voice: bool = True
) -> list[tuple[int, Ranking]]:
    """Rankings by the time in ms at which they were decided. `silence` None sends nothing outside sounds (DTX)."""
    ranking = TalkerRanking()
    for endpoint in sounds:
        ranking.add(endpoint, 0.0)
    decisions = []
    for time in range(PACKET_MS, until + 1, PACKET_MS):
        for endpoint, parts in sounds.items():
            level = next((level for start, end, level in parts if start < time <= end), silence)
            if level is not None:
                ranking.level(endpoint, level, voice and level < 60, time / 1000)
        if time % DECISION_MS == 0:
            decisions.append((time, ranking.decide(time / 1000)))
    return decisions


def sentence(start: int, end: int, level: int = SPEECH, seed: int = 1) -> list[Sound]:
    """Words of 150 to 450 ms with pauses of 40 to 250 ms, at levels that vary by 8 dB either way."""
    source = random.Random(seed)
    parts = []
    while start < end:
        stop = min(end, start + source.randrange(150, 450, PACKET_MS))
        parts += [(at, at + PACKET_MS, level + source.randint(-8, 8)) for at in range(start, stop, PACKET_MS)]
        start = stop + source.randrange(40, 250, PACKET_MS)
    return parts


def changes_of_first(decisions: list[tuple[int, Ranking]]) -> int:
    firsts = [ranking.order[0] for _, ranking in decisions if ranking.order]
    return sum(one != other for one, other in pairwise(firsts))


def test_who_never_spoke_is_not_ranked():
    assert simulate({"a": [], "b": []}, 3000)[-1][1] == Ranking((), ())


def test_a_new_talker_is_in_the_next_decision_after_200_ms_whenever_they_start():
    for start in range(1000, 1300, PACKET_MS):
        decisions = simulate({"a": [(start, start + 1000, SPEECH)]}, 3000)
        first = next(time for time, ranking in decisions if "a" in ranking.speaking)
        next_decision = -(-(start + 200) // DECISION_MS) * DECISION_MS
        assert first <= next_decision
        assert first - start <= 500


def test_a_new_talker_comes_before_earlier_talkers_who_are_silent():
    decisions = simulate({"a": sentence(0, 2000), "b": sentence(4000, 6000)}, 6000)
    assert decisions[-1][1] == Ranking(("b", "a"), ("b",))


def test_the_most_recent_talkers_come_first():
    sounds = {"a": sentence(0, 1500), "b": sentence(3000, 4500), "c": sentence(6000, 7500), "d": []}
    assert simulate(sounds, 12000)[-1][1] == Ranking(("c", "b", "a"), ())


def test_a_cough_of_60_ms_displaces_no_one():
    for start in range(5000, 5300, PACKET_MS):
        decisions = simulate({"a": sentence(0, 2000), "b": [(start, start + 60, 5)]}, 6000)
        assert all("b" not in ranking.order for _, ranking in decisions)


def test_a_cough_out_of_dtx_displaces_no_one():
    decisions = simulate({"a": sentence(0, 2000), "b": [(5000, 5060, 5)]}, 6000, silence=None)
    assert all("b" not in ranking.order for _, ranking in decisions)


def test_keystrokes_make_no_talker():
    strokes = [(at, at + 40, 30) for at in range(1000, 9000, 200)]
    assert simulate({"a": strokes}, 9000)[-1][1].order == ()


def test_pauses_within_a_talk_do_not_end_it():
    for seed in range(20):
        decisions = simulate({"a": sentence(0, 20000, seed=seed)}, 19800)
        assert all(ranking.speaking == ("a",) for time, ranking in decisions if time > 600)


def test_a_talk_ends_within_a_second_of_silence_and_its_place_stays():
    decisions = simulate({"a": [(0, 2000, SPEECH)]}, 6000)
    assert all(ranking.order == ("a",) for time, ranking in decisions if time > 300)
    assert all(ranking.speaking == () for time, ranking in decisions if time >= 3000)


def test_silence_by_missing_packets_ends_a_talk_too():
    decisions = simulate({"a": [(0, 2000, SPEECH)]}, 6000, silence=None)
    assert decisions[-1][1] == Ranking(("a",), ())


def test_a_second_talker_joins_behind_the_one_who_speaks():
    decisions = simulate({"a": sentence(0, 9000, seed=1), "b": sentence(3000, 9000, seed=2)}, 9000)
    assert decisions[-1][1].speaking == ("a", "b")
    assert changes_of_first(decisions) == 0


def test_two_who_talk_at_once_do_not_flap():
    for seed in range(20):
        sounds = {"a": sentence(0, 20000, seed=seed), "b": sentence(0, 20000, seed=seed + 100)}
        assert changes_of_first(simulate(sounds, 20000)) <= 2


def test_two_who_alternate_quickly_do_not_flap():
    sounds = {
        "a": [(at, at + 400, SPEECH) for at in range(0, 20000, 800)],
        "b": [(at, at + 400, SPEECH) for at in range(400, 20000, 800)],
    }
    assert changes_of_first(simulate(sounds, 20000)) == 0


def test_a_hum_does_not_displace_who_is_speaking():
    decisions = simulate({"a": sentence(0, 9000), "b": [(4000, 4300, SPEECH)]}, 9000)
    assert any("b" in ranking.speaking for _, ranking in decisions)
    assert changes_of_first(decisions) == 0


def test_whoever_takes_over_is_first_within_a_second():
    decisions = simulate({"a": sentence(0, 5000), "b": sentence(5000, 9000, seed=4)}, 9000)
    assert all(ranking.order[0] == "b" for time, ranking in decisions if time >= 6000)


@pytest.mark.parametrize("silence", [SILENCE, None], ids=["quiet packets", "DTX"])
def test_speech_overtakes_noises_that_keep_a_talk_alive(silence):
    noises = [(at, at + 120, 30) for at in range(0, 20000, 400)]
    noises[0] = (0, 240, 30)
    decisions = simulate({"a": noises, "b": [(8000, 12000, SPEECH)]}, 12000, silence=silence)
    assert decisions[24][1].speaking == ("a",)
    assert decisions[-1][1].speaking == ("b", "a")


def test_clicks_after_a_talk_do_not_keep_it_alive():
    clicks = [(at, at + 40, 30) for at in range(2400, 9000, 500)]
    assert simulate({"a": [(0, 2000, SPEECH), *clicks]}, 9000)[-1][1] == Ranking(("a",), ())


def test_a_fan_is_taken_for_noise_after_a_while_and_speech_over_it_is_heard():
    fan = [(0, 60000, 45)]
    decisions = simulate({"a": fan, "b": []}, 60000, voice=False)
    assert decisions[-1][1].speaking == ()
    decisions = simulate({"a": sentence(50000, 60000, level=22) + fan}, 60000, voice=False)
    assert decisions[-1][1].speaking == ("a",)


def test_a_loud_steady_tone_remains_sound():
    decisions = simulate({"a": [(0, 60000, 20)]}, 60000)
    assert all(ranking.speaking == ("a",) for _, ranking in decisions)


def test_loud_sound_that_a_voice_detector_denies_is_no_speech():
    ranking = TalkerRanking()
    ranking.add("a", 0.0)
    ranking.level("a", SPEECH, True, 0.02)
    for index in range(2, 60):
        ranking.level("a", SPEECH, False, index * 0.02)
    assert ranking.decide(1.2).order == ()


def test_a_sender_without_voice_detector_is_heard():
    assert simulate({"a": sentence(0, 900)}, 900, voice=False)[-1][1].speaking == ("a",)


def test_who_leaves_is_gone_and_late_packets_are_ignored():
    ranking = TalkerRanking()
    ranking.add("a", 0.0)
    for index in range(30):
        ranking.level("a", SPEECH, True, index * 0.02)
    assert ranking.decide(0.6).order == ("a",)
    ranking.remove("a")
    ranking.remove("a")
    ranking.level("a", SPEECH, True, 0.62)
    assert ranking.decide(0.9) == Ranking((), ())


def test_adding_twice_keeps_the_talk():
    ranking = TalkerRanking()
    ranking.add("a", 0.0)
    for index in range(30):
        ranking.level("a", SPEECH, True, index * 0.02)
    ranking.add("a", 0.6)
    assert ranking.decide(0.6).speaking == ("a",)


steps = st.lists(
    st.tuples(
        st.sampled_from(("add", "remove", "level", "level", "level", "decide")),
        st.sampled_from("abcd"),
        st.integers(0, 127),
        st.booleans(),
        st.floats(0, 1),
    ),
    max_size=150,
)


@settings(max_examples=50)
@given(steps)
def test_rankings_are_consistent_and_deterministic(script):
    def run() -> list[Ranking]:
        ranking = TalkerRanking()
        members: set[str] = set()
        now = 0.0
        results = []
        for step, endpoint, level, voice, pause in script:
            now += pause
            if step == "add":
                ranking.add(endpoint, now)
                members.add(endpoint)
            elif step == "remove":
                ranking.remove(endpoint)
                members.discard(endpoint)
            elif step == "level":
                for index in range(12):
                    ranking.level(endpoint, level, voice, now + index * 0.02)
                now += 0.24
            else:
                result = ranking.decide(now)
                assert set(result.order) <= members
                assert len(set(result.order)) == len(result.order)
                assert result.order[: len(result.speaking)] == result.speaking
                results.append(result)
        return results

    assert run() == run()
