"""Dropping some or all, and the end for everyone."""

from signalling.domain import effects, events
from signalling.domain.removal import Destroy, DropUsers
from tests.support.sessions import make_join, moderated, negotiate, of_type, refusal, told

REASON = "disconnected-by-moderator"


def test_whoever_is_dropped_is_told_first_and_then_gone_for_the_others() -> None:
    session = moderated("bob", "eve")
    negotiate(session, "bob")
    outcome = session.handle(DropUsers("mod", ("bob", "bob")), 2.0)
    assert isinstance(outcome[0], effects.Disconnect)
    assert [(one.client_id, one.reason) for one in of_type(outcome, effects.Disconnect)] == [("bob", REASON)]
    assert told(outcome, "eve") == [events.UserDisconnected("bob", REASON)]
    assert of_type(outcome, effects.RecordLeave) == [effects.RecordLeave("bob", 2.0, REASON)]
    assert of_type(outcome, effects.DeleteTransport) == [effects.DeleteTransport("bob", "t1")]


def test_dropping_nobody_in_particular_drops_all_but_the_moderators() -> None:
    session = moderated("bob", "eve")
    session.handle(make_join("max", "moderator"), 1.0)
    session.handle(DropUsers("mod", ()), 2.0)
    assert list(session.state.participants) == ["mod", "max"]
    assert session.handle(DropUsers("mod", ()), 3.0) == []


def test_of_many_who_are_dropped_together_only_those_who_stay_are_told() -> None:
    session = moderated("bob", "eve", "kim")
    outcome = session.handle(DropUsers("mod", ("bob", "eve")), 2.0)
    gone = [events.UserDisconnected("bob", REASON), events.UserDisconnected("eve", REASON)]
    assert told(outcome, "mod") == told(outcome, "kim") == gone
    assert told(outcome, "bob") == told(outcome, "eve") == []


def test_nobody_is_dropped_when_one_is_unknown_or_the_actor_is_no_moderator() -> None:
    session = moderated("bob")
    assert refusal(session, DropUsers("mod", ("bob", "nobody"))) == "unknown-participant"
    assert refusal(session, DropUsers("bob", ())) == "role-forbidden"
    assert len(session.state.participants) == 2


def test_destroying_ends_the_session_for_everyone() -> None:
    session = moderated("bob")
    assert refusal(session, Destroy("bob")) == "role-forbidden"
    outcome = session.handle(Destroy("mod"), 2.0)
    assert [(one.client_id, one.reason) for one in of_type(outcome, effects.Disconnect)] == [
        ("mod", REASON),
        ("bob", REASON),
    ]
    assert outcome[-1] == effects.EndSession()
    assert refusal(session, make_join("eve")) == "session-ended"
