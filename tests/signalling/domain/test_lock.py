"""The lock."""

from signalling.domain import events
from signalling.domain.lock import LockRoom
from signalling.domain.presence import LoseConnection, Resume
from tests.support.sessions import make_join, moderated, refusal, told


def test_nobody_but_moderators_comes_into_a_locked_room() -> None:
    session = moderated("bob")
    outcome = session.handle(LockRoom("mod", True), 1.0)
    assert told(outcome, "bob") == told(outcome, "mod") == [events.RoomLocked("mod")]
    assert session.handle(LockRoom("mod", True), 1.0) == []
    assert refusal(session, make_join("eve")) == refusal(session, make_join("vic", "viewer")) == "room-locked"
    session.handle(make_join("max", "moderator"), 2.0)
    assert session.view_for("max").room_state.locked
    assert told(session.handle(LockRoom("max", False), 3.0), "bob") == [events.RoomUnlocked("max")]
    session.handle(make_join("eve"), 4.0)


def test_whoever_is_in_may_resume_in_a_locked_room() -> None:
    session = moderated("bob")
    session.handle(LockRoom("mod", True), 1.0)
    session.handle(LoseConnection("bob"), 2.0)
    assert told(session.handle(Resume("bob"), 3.0), "mod") == [events.UserReconnected("bob")]


def test_only_moderators_lock() -> None:
    assert refusal(moderated("bob"), LockRoom("bob", True)) == "role-forbidden"
