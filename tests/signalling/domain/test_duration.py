"""Sessions that end by themselves."""

from signalling.domain import effects, events
from signalling.domain.duration import ExtendDuration
from signalling.domain.presence import Tick
from signalling.domain.session import Session
from tests.support.sessions import make_join, make_room, moderated, of_type, refusal, told


def session_until(ends_at: float) -> Session:
    session = Session(make_room(), "CONF-100001", 30.0, ends_at)
    session.handle(make_join("mod", "moderator"), 0.0)
    session.handle(make_join("bob"), 0.0)
    return session


def test_notices_come_ten_and_five_minutes_before_the_end() -> None:
    session = session_until(1800.0)
    assert session.next_deadline() == 1200.0
    assert session.handle(Tick(), 1199.0) == []
    assert told(session.handle(Tick(), 1200.0), "bob") == [events.RemainingDuration(10)]
    assert session.next_deadline() == 1500.0
    assert told(session.handle(Tick(), 1500.0), "mod") == [events.RemainingDuration(5)]
    assert session.next_deadline() == 1800.0
    outcome = session.handle(Tick(), 1800.0)
    assert [(one.client_id, one.reason) for one in of_type(outcome, effects.Disconnect)] == [
        ("mod", "expired"),
        ("bob", "expired"),
    ]
    assert outcome[-1] == effects.EndSession()
    assert session.next_deadline() is None


def test_anyone_but_a_viewer_extends_once_for_each_notice() -> None:
    session = session_until(1800.0)
    session.handle(make_join("vic", "viewer"), 0.0)
    assert refusal(session, ExtendDuration("bob")) == "extension-closed"
    session.handle(Tick(), 1200.0)
    assert session.view_for("bob").room_state.extendable
    assert refusal(session, ExtendDuration("vic"), 1230.0) == "role-forbidden"
    outcome = session.handle(ExtendDuration("bob"), 1230.0)
    assert told(outcome, "mod") == [events.DurationExtended("bob", 10, 20)]
    assert refusal(session, ExtendDuration("mod"), 1240.0) == "extension-closed"
    assert session.next_deadline() == 1800.0
    session.handle(Tick(), 1800.0)
    session.handle(ExtendDuration("mod"), 1801.0)
    assert session.next_deadline() == 2400.0


def test_a_window_that_nobody_used_is_offered_again_at_five_minutes() -> None:
    session = session_until(1800.0)
    session.handle(Tick(), 1200.0)
    session.handle(Tick(), 1500.0)
    outcome = session.handle(ExtendDuration("bob"), 1500.0)
    assert told(outcome, "bob") == [events.DurationExtended("bob", 10, 15)]


def test_a_session_that_begins_late_is_told_once_how_much_is_left() -> None:
    session = session_until(250.0)
    assert told(session.handle(Tick(), 0.0), "bob") == [events.RemainingDuration(5)]
    assert session.next_deadline() == 250.0


def test_a_session_without_an_end_is_not_extended() -> None:
    session = moderated("bob")
    assert refusal(session, ExtendDuration("mod")) == "extension-closed"
    assert session.next_deadline() is None
