from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sfu.rtcp.keyframes import KeyframeRequests


def test_nothing_is_asked_for_until_someone_wants_it():
    assert not KeyframeRequests().due(0.0)


def test_a_keyframe_is_asked_for_at_once_then_each_305_ms_until_it_comes():
    requests = KeyframeRequests()
    requests.want(10.0)
    assert requests.due(10.0)
    assert not requests.due(10.3)
    assert requests.due(10.306)
    requests.keyframe_arrived(10.4)
    assert not requests.due(20.0)


def test_a_new_want_soon_after_a_request_waits_for_the_interval():
    requests = KeyframeRequests()
    requests.want(10.0)
    assert requests.due(10.0)
    requests.keyframe_arrived(10.1)
    requests.want(10.2)
    assert not requests.due(10.2)
    assert requests.due(10.306)


@given(st.lists(st.tuples(st.floats(0.001, 0.2), st.sampled_from(("want", "arrived", "ask"))), max_size=60))
def test_requests_are_never_closer_than_305_ms_and_only_while_wanted(steps):
    requests = KeyframeRequests()
    now = 0.0
    wanted = False
    sent: list[float] = []
    for pause, step in steps:
        now += pause
        if step == "want":
            requests.want(now)
            wanted = True
        elif step == "arrived":
            requests.keyframe_arrived(now)
            wanted = False
        elif requests.due(now):
            assert wanted
            sent.append(now)
        else:
            assert not wanted or now - sent[-1] < 0.306
    assert all(later - earlier >= 0.305 for earlier, later in pairwise(sent))
