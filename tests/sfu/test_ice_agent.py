"""The agent's decisions, as plain calls with a time of the test's own."""

from sfu.ice.agent import CONSENT_TIMEOUT, MAX_PATHS, IceLiteAgent, username
from sfu.ice.limiter import FailureLimiter
from sfu.ice.stun import parse_request
from tests.support.media_peer import binding_request, make_ice

FIRST, SECOND, THIRD = make_ice("a"), make_ice("b"), make_ice("c")


def check(agent, path, now=0.0, ice=FIRST, **options):
    request = parse_request(bytes(binding_request(ice, **options)))
    return agent.check(request, path, "192.0.2.1", 5000, now)


def test_check_verifies_and_nomination_selects():
    agent = IceLiteAgent(FIRST, 0.0)
    seen = check(agent, "x", use_candidate=False)
    assert (seen.verified, seen.selected, seen.refused) == (True, False, None)
    assert agent.selected is None
    assert check(agent, "x").selected
    assert not check(agent, "x").selected, "it was selected before"
    assert agent.selected == "x"
    assert agent.paths == ("x",)


def test_unauthentic_checks_change_nothing():
    agent = IceLiteAgent(FIRST, 0.0)
    wrong = check(agent, "x", password="x" * 22)
    assert (wrong.refused, wrong.response, wrong.verified) == ("stun-bad-integrity", None, False)
    assert check(agent, "x", ice=SECOND).refused == "stun-unknown-username"
    assert agent.paths == ()


def test_role_conflict_is_answered_but_verifies_nothing():
    agent = IceLiteAgent(FIRST, 0.0)
    conflict = check(agent, "x", controlled=True)
    assert conflict.response is not None
    assert not conflict.verified
    assert agent.paths == ()


def test_dtls_selects_a_verified_path_only_while_none_is():
    agent = IceLiteAgent(FIRST, 0.0)
    assert not agent.used("x")
    check(agent, "x", use_candidate=False)
    assert agent.used("x")
    check(agent, "y", use_candidate=False)
    assert not agent.used("y")
    assert agent.selected == "x"


def test_restart_accepts_both_generations_until_a_path_of_the_new_one_is_nominated():
    agent = IceLiteAgent(FIRST, 0.0)
    check(agent, "x")
    agent.restart(SECOND, 1.0)
    assert agent.usernames == (username(SECOND), username(FIRST))
    assert not check(agent, "y").selected
    assert check(agent, "y", ice=SECOND, use_candidate=False).verified
    assert agent.selected == "x"
    assert check(agent, "y", ice=SECOND).selected
    assert agent.usernames == (username(SECOND),)


def test_restart_of_a_restart_keeps_the_generation_that_works():
    agent = IceLiteAgent(FIRST, 0.0)
    check(agent, "x")
    agent.restart(SECOND, 1.0)
    agent.restart(THIRD, 2.0)
    assert agent.usernames == (username(THIRD), username(FIRST))


def test_restart_before_any_check_forgets_the_first_generation():
    agent = IceLiteAgent(FIRST, 0.0)
    agent.restart(SECOND, 1.0)
    assert agent.usernames == (username(SECOND),)


def test_consent_ends_after_the_last_check_on_the_selected_path():
    agent = IceLiteAgent(FIRST, 0.0)
    assert not agent.consent_expired(CONSENT_TIMEOUT - 0.1)
    assert agent.consent_expired(CONSENT_TIMEOUT)
    check(agent, "x", now=10.0)
    check(agent, "y", now=20.0, use_candidate=False)
    assert not agent.consent_expired(10.0 + CONSENT_TIMEOUT - 0.1)
    assert agent.consent_expired(10.0 + CONSENT_TIMEOUT)
    check(agent, "x", now=30.0, use_candidate=False)
    assert not agent.consent_expired(30.0 + CONSENT_TIMEOUT - 0.1)


def test_restart_gives_time_for_new_checks():
    agent = IceLiteAgent(FIRST, 0.0)
    check(agent, "x", now=0.0)
    agent.restart(SECOND, 25.0)
    assert not agent.consent_expired(25.0 + CONSENT_TIMEOUT - 0.1)
    assert agent.consent_expired(25.0 + CONSENT_TIMEOUT)


def test_paths_are_bounded_and_the_longest_unused_gives_way_but_never_the_selected():
    agent = IceLiteAgent(FIRST, 0.0)
    check(agent, "selected", now=0.0)
    for number in range(1, MAX_PATHS):
        assert check(agent, number, now=float(number), use_candidate=False).evicted is None
    assert check(agent, "new", now=50.0, use_candidate=False).evicted == 1
    assert "selected" in agent.paths
    assert len(agent.paths) == MAX_PATHS


def test_idle_paths_are_given_up_but_never_the_selected():
    agent = IceLiteAgent(FIRST, 0.0)
    check(agent, "selected", now=0.0)
    check(agent, "old", now=1.0, use_candidate=False)
    check(agent, "young", now=2.0, use_candidate=False)
    assert agent.give_up_idle_paths(1.0 + CONSENT_TIMEOUT) == ["old"]
    assert agent.paths == ("selected", "young")


def test_silence_of_a_path_is_told():
    agent = IceLiteAgent(FIRST, 0.0)
    assert agent.seconds_since_check("x", 5.0) == float("inf")
    check(agent, "x", now=2.0)
    assert agent.seconds_since_check("x", 5.0) == 3.0


def test_limiter_refuses_a_host_for_the_rest_of_the_second_only():
    limiter = FailureLimiter(3)
    for _ in range(3):
        assert limiter.allows("192.0.2.1", 7.0)
        limiter.failed("192.0.2.1", 7.0)
    assert not limiter.allows("192.0.2.1", 7.9)
    assert limiter.allows("192.0.2.2", 7.9)
    assert limiter.allows("192.0.2.1", 8.0)
    limiter.failed("192.0.2.1", 8.0)
    assert limiter.allows("192.0.2.1", 8.0)


def test_limiter_remembers_a_bounded_number_of_hosts():
    limiter = FailureLimiter(1)
    for number in range(20_000):
        limiter.failed(str(number), 1.0)
    assert len(limiter._failures) == 10_000
    assert not limiter.allows("0", 1.0)
