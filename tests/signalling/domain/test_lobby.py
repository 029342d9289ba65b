"""The lobby: knocking, and waiting for a moderator."""

from dataclasses import replace

from signalling.domain import effects, events
from signalling.domain.lobby import PATIENCE_FOR_APPROVAL, PATIENCE_FOR_MODERATOR, ApproveAwaited, DenyAwaited
from signalling.domain.presence import Leave, LoseConnection, Resume, Tick
from signalling.domain.removal import Destroy
from signalling.domain.session import Session
from signalling.domain.views import AwaitedView
from tests.support.sessions import make_join, make_session, moderated, of_type, refusal, told


def knocked() -> Session:
    """Eve knocks where mod and bob are in."""
    session = moderated("bob", knock=True)
    session.handle(ApproveAwaited("mod", "bob", "then"), 0.0)
    session.handle(make_join("eve"), 10.0)
    return session


def test_a_knock_is_told_to_moderators_only_and_nothing_is_recorded() -> None:
    session = moderated("bob", knock=True)
    session.handle(ApproveAwaited("mod", "bob", "then"), 0.0)
    outcome = session.handle(make_join("eve"), 1.0)
    assert outcome == [effects.Notify(("mod",), events.UserAwaited("eve", "Eve"))]
    view = session.view_for("eve")
    assert (view.awaited, view.participants) == ("approval", ())
    session.handle(make_join("max", "moderator"), 2.0)
    assert session.view_for("max").awaited_participants == (AwaitedView("eve", "Eve"),)
    assert session.view_for("bob").awaited_participants == ()


def test_who_was_in_before_a_crash_is_not_to_be_let_in_again() -> None:
    session = make_session(knock=True, wait_for_moderator=True)
    session.handle(replace(make_join("bob"), admitted=True), 1.0)
    assert (list(session.state.participants), session.state.lobby) == (["bob"], {})


def test_an_approval_lets_in_and_the_newcomer_sees_everything() -> None:
    session = knocked()
    outcome = session.handle(ApproveAwaited("mod", "eve", "now"), 11.0)
    (allowed,) = told(outcome, "eve")
    assert isinstance(allowed, events.RoomAllowed)
    assert [one.client_id for one in allowed.session.participants] == ["mod", "bob"]
    (connected,) = told(outcome, "bob")
    assert isinstance(connected, events.UserConnected)
    assert connected.participant.joined_at == "now"
    assert told(outcome, "mod")[0] == events.AwaitedUserGone("eve", "approved")
    assert [one.client_id for one in of_type(outcome, effects.RecordJoin)] == ["eve"]
    assert refusal(session, ApproveAwaited("mod", "eve", "now")) == "unknown-participant"


def test_a_denial_sends_away() -> None:
    session = knocked()
    outcome = session.handle(DenyAwaited("mod", "eve"), 11.0)
    assert [(one.client_id, one.reason) for one in of_type(outcome, effects.Disconnect)] == [
        ("eve", "denied-by-moderator")
    ]
    assert told(outcome, "mod") == [events.AwaitedUserGone("eve", "denied")]
    assert outcome[-1] == effects.Forget("eve")


def test_only_moderators_answer_knocks() -> None:
    session = knocked()
    assert refusal(session, ApproveAwaited("bob", "eve", "now")) == "role-forbidden"
    assert refusal(session, DenyAwaited("bob", "eve")) == "role-forbidden"
    assert refusal(session, ApproveAwaited("eve", "eve", "now")) == "unknown-participant"
    assert refusal(session, DenyAwaited("mod", "bob")) == "unknown-participant"


def test_who_waits_may_withdraw_and_is_sent_away_in_time() -> None:
    session = knocked()
    assert told(session.handle(Leave("eve"), 11.0), "mod") == [events.AwaitedUserGone("eve", "withdrawn")]
    session.handle(make_join("zoe"), 20.0)
    assert session.next_deadline() == 20.0 + PATIENCE_FOR_APPROVAL
    outcome = session.handle(Tick(), 20.0 + PATIENCE_FOR_APPROVAL)
    assert [one.reason for one in of_type(outcome, effects.Disconnect)] == ["awaited-too-long"]
    assert told(outcome, "mod") == [events.AwaitedUserGone("zoe", "timed-out")]


def test_a_lost_connection_in_the_lobby_may_be_resumed_or_counts_as_withdrawn() -> None:
    session = knocked()
    assert session.handle(LoseConnection("eve"), 11.0) == []
    assert session.handle(Resume("eve"), 12.0) == []
    session.handle(LoseConnection("eve"), 13.0)
    assert told(session.handle(Tick(), 43.0), "mod") == [events.AwaitedUserGone("eve", "withdrawn")]


def test_people_wait_for_the_first_moderator_and_come_in_with_them() -> None:
    session = make_session(wait_for_moderator=True)
    assert session.handle(make_join("bob"), 0.0) == []
    assert session.view_for("bob").awaited == "moderator"
    assert session.next_deadline() == PATIENCE_FOR_MODERATOR
    session.handle(make_join("eve", "viewer"), 0.0)
    outcome = session.handle(make_join("mod", "moderator"), 5.0)
    assert [one.name for one in told(outcome, "bob")] == ["room-allowed", "user-connected", "user-connected"]
    assert [one.client_id for one in session.view_for("mod").participants] == ["bob", "eve"]
    session.handle(make_join("zoe"), 6.0)
    assert session.view_for("zoe").awaited is None


def test_who_waits_holds_a_place() -> None:
    session = moderated("bob", knock=True, participants=1)
    assert refusal(session, make_join("eve")) == "room-full"


def test_a_session_ends_when_nobody_is_in_and_nobody_waits() -> None:
    session = make_session(knock=True)
    session.handle(make_join("bob"), 0.0)
    outcome = session.handle(Leave("bob"), 1.0)
    assert outcome == [effects.Forget("bob"), effects.EndSession()]


def test_the_end_for_everyone_includes_those_who_wait() -> None:
    outcome = knocked().handle(Destroy("mod"), 12.0)
    assert [one.client_id for one in of_type(outcome, effects.Disconnect)] == ["mod", "bob", "eve"]
    assert of_type(outcome, effects.Forget) == [effects.Forget("eve")]
