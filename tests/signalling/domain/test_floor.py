"""Lecture mode, the floor, and the change of the moderator."""

from typing import Any

import pytest

from signalling.domain import effects, events
from signalling.domain.floor import (
    CancelFloor,
    DenyFloor,
    FinishFloor,
    GrantFloor,
    InviteToFloor,
    ReleaseFloor,
    RequestFloor,
    SwitchMode,
)
from signalling.domain.hard_mutes import HardMuteRoom, HardMuteUser
from signalling.domain.media import Publish
from signalling.domain.presence import Leave
from signalling.domain.role_switch import SwitchRole
from signalling.domain.roles import permissions_of
from signalling.domain.session import Session
from tests.support.sessions import make_join, moderated, negotiate, of_type, refusal, told


def lecture() -> Session:
    session = moderated("bob", "eve", mode="lecture")
    negotiate(session, "bob", "b")
    return session


def hands(session: Session) -> tuple[tuple[str, ...], tuple[str, ...]]:
    state = session.view_for("mod").room_state
    return state.raised_hands, state.approved_hands


def test_a_switch_to_lecture_mode_drops_the_tracks_of_participants_only() -> None:
    session = moderated("bob")
    negotiate(session, "mod", "m")
    negotiate(session, "bob", "b")
    outcome = session.handle(SwitchMode("mod", "lecture"), 2.0)
    assert told(outcome, "bob") == [events.RoomModeSwitched("lecture", "mod")]
    assert [one.transport_id for one in of_type(outcome, effects.PutTransport)] == ["b"]
    assert of_type(outcome, effects.PutTransport)[0].tracks == ()
    assert refusal(session, Publish("bob", "b-mic")) == "floor-required"
    session.handle(SwitchMode("mod", "group"), 3.0)
    assert len(session.handle(Publish("bob", "b-mic"), 4.0)) == 2


def test_in_a_lecture_tracks_may_be_negotiated_but_start_unpublished() -> None:
    session = lecture()
    assert [track.published for track in session.view_for("bob").tracks] == [False, False]
    (put,) = of_type(negotiate(session, "bob", "b2", published={"b2-mic": True}), effects.PutTransport)
    assert put.tracks == ()
    session.handle(make_join("zoe"), 2.0)
    assert session.view_for("zoe").room_state.mode == "lecture"


def test_the_floor_is_requested_granted_and_finished() -> None:
    session = lecture()
    outcome = session.handle(RequestFloor("bob"), 2.0)
    assert told(outcome, "eve") == [events.FloorChanged("bob", "requested", ("bob",), ())]
    assert session.handle(RequestFloor("bob"), 2.0) == []
    session.handle(GrantFloor("mod", "bob"), 3.0)
    assert hands(session) == ((), ("bob",))
    session.handle(Publish("bob", "b-mic"), 4.0)
    outcome = session.handle(FinishFloor("bob"), 5.0)
    assert of_type(outcome, effects.PutTransport)[0].tracks == ()
    assert refusal(session, Publish("bob", "b-mic")) == "floor-required"


def test_requests_end_by_cancelling_denying_or_leaving() -> None:
    session = lecture()
    for end in (CancelFloor("bob"), DenyFloor("mod", "bob"), Leave("bob")):
        session.handle(RequestFloor("bob"), 2.0)
        session.handle(end, 3.0)
        assert hands(session) == ((), ())


def test_the_floor_is_released_and_offered_by_moderators() -> None:
    session = lecture()
    session.handle(InviteToFloor("mod", "bob"), 2.0)
    assert hands(session) == ((), ())
    session.handle(RequestFloor("bob"), 2.0)
    assert hands(session) == ((), ("bob",))
    session.handle(ReleaseFloor("mod", "bob"), 3.0)
    assert hands(session) == ((), ())
    session.handle(InviteToFloor("mod", "bob"), 4.0)
    session.handle(CancelFloor("bob"), 5.0)
    session.handle(RequestFloor("bob"), 6.0)
    assert hands(session) == (("bob",), ())


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (SwitchMode("bob", "group"), "role-forbidden"),
        (GrantFloor("bob", "bob"), "role-forbidden"),
        (DenyFloor("bob", "bob"), "role-forbidden"),
        (ReleaseFloor("bob", "bob"), "role-forbidden"),
        (InviteToFloor("bob", "bob"), "role-forbidden"),
        (SwitchRole("bob", "bob"), "role-forbidden"),
        (RequestFloor("mod"), "role-forbidden"),
        (GrantFloor("mod", "bob"), "no-floor-request"),
        (CancelFloor("bob"), "no-floor-request"),
        (FinishFloor("bob"), "no-floor"),
        (ReleaseFloor("mod", "bob"), "no-floor"),
    ],
)
def test_what_is_refused_in_a_lecture(given: Any, reason: str) -> None:
    assert refusal(lecture(), given) == reason


def test_there_is_no_floor_in_group_mode() -> None:
    assert refusal(moderated("bob"), RequestFloor("bob")) == "not-lecture-mode"


def test_the_role_of_moderator_is_handed_on_and_the_hands_follow() -> None:
    session = lecture()
    session.handle(RequestFloor("bob"), 2.0)
    session.handle(RequestFloor("eve"), 2.0)
    outcome = session.handle(SwitchRole("mod", "bob"), 3.0)
    permissions = {"bob": permissions_of("moderator"), "mod": permissions_of("participant")}
    expected = events.UserRoleChanged(events.ModeratorChange(new="bob", old="mod"), ("eve",), (), permissions)
    assert told(outcome, "eve") == [expected]
    assert refusal(session, GrantFloor("mod", "eve")) == "role-forbidden"
    session.handle(GrantFloor("bob", "eve"), 4.0)
    session.handle(SwitchRole("bob", "eve"), 5.0)
    assert [one.role for one in session.state.participants.values()] == ["participant", "participant", "moderator"]


def test_hard_mutes_follow_the_roles() -> None:
    session = moderated("bob")
    negotiate(session, "mod", "m")
    negotiate(session, "bob", "b")
    session.handle(HardMuteRoom("mod", True), 2.0)
    session.handle(HardMuteUser("mod", "bob", "video", True), 2.0)
    outcome = session.handle(SwitchRole("mod", "bob"), 3.0)
    paused = {track: value for one in of_type(outcome, effects.PauseTracks) for track, value in one.paused.items()}
    assert paused == {"m-mic": True, "b-mic": False, "b-cam": False}


def test_a_former_moderator_has_no_floor() -> None:
    session = lecture()
    negotiate(session, "mod", "m")
    outcome = session.handle(SwitchRole("mod", "bob"), 3.0)
    assert of_type(outcome, effects.PutTransport)[0].tracks == ()
    assert refusal(session, Publish("mod", "m-mic")) == "floor-required"
