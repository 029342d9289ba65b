from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from sfu.stage import Assignment, audio_order, fill_screens, fill_slots, stage_order
from sfu.talkers import Ranking

NAMES = [f"p{number}" for number in range(12)]
names = st.sampled_from(NAMES)


def fill(current: Assignment, order: str, audio: str, video: str, slots: tuple[int, int]) -> Assignment:
    """Endpoints are single letters; "z" is the receiver."""
    return fill_slots(current, tuple(order), "z", set(audio), set(video), *slots)


def letters(slots: tuple[str | None, ...]) -> str:
    return "".join(slot or "-" for slot in slots)


class TestStageOrder:
    def test_spotlighted_speaking_pinned_earlier_talkers_then_the_rest_by_join_order(self):
        ranking = Ranking(order=("b", "c", "d"), speaking=("b",))
        assert stage_order(ranking, ["g"], ["f"], list("abcdefg"), 16) == tuple("gbfcdae")

    def test_a_pinned_endpoint_that_speaks_stands_with_the_talkers(self):
        ranking = Ranking(order=("f", "b"), speaking=("f", "b"))
        assert stage_order(ranking, [], ["f"], list("abf"), 16) == tuple("fba")

    def test_pinned_endpoints_are_on_the_stage_however_many_speak(self):
        ranking = Ranking(order=tuple("abcd"), speaking=tuple("abcd"))
        assert stage_order(ranking, [], ["f"], list("abcdf"), 3) == tuple("abfcd")
        assert stage_order(ranking, ["e"], ["f", "d"], list("abcdef"), 3) == tuple("edfabc")

    def test_only_the_spotlight_takes_a_place_of_a_pinned_endpoint(self):
        ranking = Ranking(order=("a",), speaking=("a",))
        assert stage_order(ranking, ["c", "b"], ["f"], list("abcf"), 2) == tuple("cbfa")

    @given(
        st.lists(names, unique=True),
        st.lists(names, unique=True, max_size=4),
        st.lists(names, unique=True, max_size=3),
        st.lists(names, unique=True),
    )
    def test_everyone_is_in_it_once_and_lasting_places_last(self, speaking, first, last, members):
        stage = stage_order(Ranking(tuple(speaking), tuple(speaking)), first, last, members, 4)
        assert sorted(stage) == sorted(members)
        spotlighted = [endpoint for endpoint in first if endpoint in members]
        assert list(stage[: len(spotlighted)]) == spotlighted
        pinned = {endpoint for endpoint in last if endpoint in members and endpoint not in first}
        assert len(spotlighted) + len(pinned) > 4 or pinned <= set(stage[:4])

    def test_ids_that_are_no_members_are_left_out(self):
        assert stage_order(Ranking(("x",), ("x",)), ["y"], ["w"], ["a"], 16) == ("a",)

    def test_audio_prefers_talkers_to_silent_spotlights(self):
        ranking = Ranking(order=("b", "c"), speaking=("b",))
        assert audio_order(ranking, tuple("abcd")) == tuple("bcad")


class TestFillSlots:
    def test_the_most_important_fill_empty_slots_in_order(self):
        filled = fill(Assignment(), "abc", "abc", "abc", (2, 4))
        assert (letters(filled.audio), letters(filled.video)) == ("ab", "abc-")

    def test_the_receiver_is_left_out(self):
        filled = fill(Assignment(), "zab", "zab", "zab", (3, 3))
        assert (letters(filled.audio), letters(filled.video)) == ("ab-", "ab-")

    def test_a_new_talker_replaces_the_least_important_and_no_one_else_moves(self):
        before = fill(Assignment(), "abc", "abcd", "abcd", (3, 3))
        after = fill(before, "dabc", "abcd", "abcd", (3, 3))
        assert (letters(after.audio), letters(after.video)) == ("abd", "abd")

    def test_a_new_order_of_the_same_endpoints_moves_no_one(self):
        before = fill(Assignment(), "abcd", "abcd", "abcd", (4, 4))
        assert fill(before, "dcba", "abcd", "abcd", (4, 4)) == before

    def test_with_one_video_slot_the_first_is_in_it(self):
        before = fill(Assignment(), "abc", "abc", "abc", (2, 1))
        after = fill(before, "cab", "abc", "abc", (2, 1))
        assert letters(after.video) == "c"
        assert letters(after.audio) == "ca"

    def test_an_endpoint_without_video_takes_no_video_slot(self):
        filled = fill(Assignment(), "abc", "abc", "bc", (3, 2))
        assert sorted(letters(filled.video)) == ["b", "c"]

    def test_a_camera_that_comes_later_joins_its_voice(self):
        before = fill(Assignment(), "ab", "ab", "a", (3, 3))
        after = fill(before, "ab", "ab", "ab", (3, 3))
        assert (letters(after.audio), letters(after.video)) == ("ab-", "ab-")

    def test_a_picture_beyond_the_audio_slots_moves_to_pair_with_its_voice(self):
        before = Assignment(audio=("a", "b"), video=("a", "b", "c", "d"))
        after = fill(before, "dabc", "abcd", "abcd", (2, 4))
        assert (letters(after.audio), letters(after.video)) == ("ad", "adcb")

    def test_the_least_important_picture_makes_way_for_a_pair(self):
        before = Assignment(audio=(None, None), video=("a", "b", "c"))
        after = fill(before, "abc", "c", "abc", (2, 3))
        assert (letters(after.audio), letters(after.video)) == ("-c", "acb")

    def test_audio_may_have_a_priority_of_its_own(self):
        filled = fill_slots(Assignment(), "abc", "z", set("abc"), set("abc"), 1, 2, audio_priority="cab")
        assert (letters(filled.audio), letters(filled.video)) == ("c", "ab")

    def test_fewer_slots_than_before_keep_the_most_important(self):
        before = fill(Assignment(), "abcd", "abcd", "abcd", (4, 4))
        after = fill(before, "dabc", "abcd", "abcd", (2, 2))
        assert sorted(letters(after.video)) == ["a", "d"]
        assert after.audio == after.video

    def test_no_slots_are_no_error(self):
        assert fill(Assignment(), "ab", "ab", "ab", (0, 0)) == Assignment()


@dataclass(frozen=True)
class Situation:
    order: tuple[str, ...]
    audio_priority: tuple[str, ...]
    has_audio: frozenset[str]
    has_video: frozenset[str]
    audio_slots: int
    video_slots: int

    def fill(self, current: Assignment) -> Assignment:
        return fill_slots(
            current,
            self.order,
            "p0",
            self.has_audio,
            self.has_video,
            self.audio_slots,
            self.video_slots,
            self.audio_priority,
        )

    def wanted(self, order: tuple[str, ...], eligible: frozenset[str], slots: int) -> set[str]:
        return set([name for name in order if name in eligible and name != "p0"][:slots])


situations = st.builds(
    Situation,
    order=st.permutations(NAMES).flatmap(lambda all_: st.integers(0, 12).map(lambda n: tuple(all_[:n]))),
    audio_priority=st.permutations(NAMES).map(tuple),
    has_audio=st.frozensets(names),
    has_video=st.frozensets(names),
    audio_slots=st.integers(0, 6),
    video_slots=st.integers(0, 8),
)
# A slot count that changes, as well as one that stays.
histories = st.lists(situations, min_size=1, max_size=6)


@given(histories)
def test_the_rules_of_slots_hold_through_any_history(history):
    current = Assignment()
    for situation in history:
        before, current = current, situation.fill(current)
        audio = situation.wanted(situation.audio_priority, situation.has_audio, situation.audio_slots)
        video = situation.wanted(situation.order, situation.has_video, situation.video_slots)
        check_filled(current.audio, audio, situation.audio_slots)
        check_filled(current.video, video, situation.video_slots)
        for endpoint in audio & video:
            assert current.audio.index(endpoint) == current.video.index(endpoint)
        check_sticky(before, current, audio & video)
        assert situation.fill(current) == current


def check_filled(slots: tuple[str | None, ...], wanted: set[str], count: int) -> None:
    """Exactly who is wanted is in, each once; so no one is hidden while there is room, and no one sees themself."""
    filled = [slot for slot in slots if slot is not None]
    assert len(slots) == count
    assert len(filled) == len(set(filled))
    assert set(filled) == wanted
    assert "p0" not in filled


def check_sticky(before: Assignment, after: Assignment, both: set[str]) -> None:
    """Whoever stays moves only to make a pair: their own, or that of whoever took their place."""
    for old, new in ((before.audio, after.audio), (before.video, after.video)):
        for slot, endpoint in enumerate(old[: len(new)]):
            if endpoint is None or endpoint not in new or new[slot] == endpoint:
                continue
            assert endpoint in both or new[slot] in both
    for slot, endpoint in enumerate(before.video[: len(before.audio)]):
        was_paired = endpoint is not None and before.audio[slot] == endpoint
        if was_paired and endpoint in both and slot < min(len(after.audio), len(after.video)):
            assert after.video[slot] == endpoint


@given(st.lists(st.tuples(st.lists(names, unique=True), st.integers(0, 4)), min_size=1, max_size=6))
def test_screens_keep_their_slot_and_the_earliest_are_in(history):
    current: tuple[str | None, ...] = ()
    for started, slots in history:
        before, current = current, fill_screens(current, started, "p0", slots)
        check_filled(current, set([name for name in started if name != "p0"][:slots]), slots)
        for slot, endpoint in enumerate(before[:slots]):
            if endpoint is not None and endpoint in current:
                assert current[slot] == endpoint


def test_an_endpoint_listed_twice_gets_one_slot():
    assert fill_screens((), ("a", "a", "b"), "z", 3) == ("a", "b", None)
