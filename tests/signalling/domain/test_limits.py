"""How many a session takes: 300 participants in a group, 1,000 in a lecture, moderators counted for themselves."""

import pytest

from signalling.domain.floor import SwitchMode
from signalling.domain.presence import Leave
from signalling.domain.removal import DropUsers
from signalling.domain.room import Mode
from signalling.domain.session import Session
from tests.support.sessions import make_join, make_session, refusal


def full(mode: Mode, number: int) -> Session:
    """A session that is full, with one moderator."""
    session = make_session(mode=mode, participants=number)
    session.handle(make_join("mod", "moderator"), 0.0)
    for place in range(number):
        session.handle(make_join(f"p{place}", "viewer" if place % 10 == 9 else "participant"), 0.0)
    return session


@pytest.mark.parametrize(("mode", "number"), [("group", 300), ("lecture", 1000)])
def test_a_full_room_takes_nobody_but_moderators_until_somebody_leaves(mode: Mode, number: int) -> None:
    session = full(mode, number)
    assert refusal(session, make_join("late")) == "room-full"
    assert refusal(session, make_join("late", "viewer")) == "room-full"
    session.handle(make_join("mod2", "moderator"), 1.0)
    assert len(session.view_for("mod2").participants) == number + 1
    session.handle(Leave("p0"), 2.0)
    session.handle(make_join("late"), 3.0)
    assert refusal(session, make_join("later")) == "room-full"


def test_a_room_takes_as_many_moderators_as_it_says() -> None:
    session = make_session(moderators=10)
    for place in range(10):
        session.handle(make_join(f"m{place}", "moderator"), 0.0)
    assert refusal(session, make_join("m10", "moderator")) == "room-full"
    session.handle(make_join("p0"), 0.0)


def test_a_lecture_with_more_than_300_does_not_become_a_group_and_a_group_takes_no_more() -> None:
    session = full("lecture", 301)
    assert refusal(session, SwitchMode("mod", "group")) == "room-full"
    session.handle(DropUsers("mod", ("p0", "p1")), 1.0)
    session.handle(SwitchMode("mod", "group"), 2.0)
    session.handle(make_join("last"), 3.0)
    assert refusal(session, make_join("late")) == "room-full"
