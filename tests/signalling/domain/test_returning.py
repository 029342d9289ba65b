"""Sessions that go on from one that the server interrupted: what was decided holds, for the same people."""

from dataclasses import replace
from typing import Any

from signalling.domain import effects, events
from signalling.domain.decrees import Decrees
from signalling.domain.duration import ExtendDuration
from signalling.domain.effects import Effect
from signalling.domain.floor import SwitchMode
from signalling.domain.hard_mutes import HardMuteUser
from signalling.domain.lock import LockRoom
from signalling.domain.media import Unmute
from signalling.domain.presence import Interrupt, LoseConnection, Tick
from signalling.domain.session import Session
from tests.support.sessions import make_join, make_room, moderated, negotiate, of_type, refusal, told


def begun(decrees: Decrees, **settings: Any) -> Session:
    """A session that goes on with some decrees, and has the moderator back."""
    session = Session(make_room(**settings), "CONF-100002", 30.0, inherited=decrees)
    come_back(session, "mod", "moderator")
    return session


def come_back(session: Session, who: str, role: Any = "participant") -> list[Effect]:
    """Under a new client id, with a 2 after it."""
    given = replace(make_join(f"{who}2", role), user_ref=f"ref-{who}", was=who, admitted=True)
    return session.handle(given, 1.0)


def paused(outcome: list[Effect]) -> dict[str, bool]:
    return {track.source: track.paused for put in of_type(outcome, effects.PutTransport) for track in put.tracks}


def test_into_a_locked_room_only_those_come_who_were_in_it() -> None:
    session = begun(Decrees(locked=True), knock=True)
    assert refusal(session, make_join("new")) == "room-locked"
    come_back(session, "bob")
    assert session.view_for("bob2").room_state.locked and session.view_for("bob2").awaited is None
    # Who had waited to be let in waits again, also where the room was locked meanwhile.
    session.handle(replace(make_join("late2"), was="late"), 1.0)
    assert session.view_for("late2").awaited == "approval"
    session.handle(LockRoom("mod2", False), 2.0)
    session.handle(make_join("new"), 3.0)


def test_a_room_that_was_hard_muted_is_so_for_all_but_moderators() -> None:
    session = begun(Decrees(hard_muted=True))
    for client_id in ("bob2", "new"):
        come_back(session, "bob") if client_id == "bob2" else session.handle(make_join("new"), 1.0)
        outcome = negotiate(session, client_id, f"t-{client_id}", muted={"microphone": False})
        assert paused(outcome) == {"microphone": True, "camera": False}
        assert refusal(session, Unmute(client_id, "microphone")) == "hard-muted"
    assert not any(paused(negotiate(session, "mod2", "t-mod")).values())


def test_who_was_hard_muted_is_so_again_and_everybody_sees_it() -> None:
    session = begun(Decrees(hard_mutes={"bob": ("video",), "eve": ("audio",)}))
    outcome = come_back(session, "bob")
    (connected,) = told(outcome, "mod2")
    assert isinstance(connected, events.UserConnected) and connected.participant.hard_muted == ("video",)
    assert session.view_for("bob2").hard_muted == ("video",)
    assert paused(negotiate(session, "bob2")) == {"microphone": False, "camera": True}
    session.handle(HardMuteUser("mod2", "bob2", "video", False), 2.0)
    assert session.view_for("bob2").hard_muted == ()


def test_a_hard_mute_is_not_laid_on_someone_who_has_become_moderator() -> None:
    session = begun(Decrees(hard_mutes={"bob": ("audio",)}, kept_hard_mutes={"ref-bob": ("audio",)}))
    come_back(session, "bob", "moderator")
    assert session.view_for("bob2").hard_muted == ()


def test_places_on_the_stage_are_taken_again_in_their_old_order_whoever_is_back_first() -> None:
    session = begun(Decrees(pinned=("ann", "bob", "eve"), spotlighted=("eve", "ann")))
    outcome = come_back(session, "eve")
    assert told(outcome, "mod2")[1:] == [
        events.PinnedUsersUpdated(None, ("eve2",)),
        events.SpotlightUpdated(None, ("eve2",)),
    ]
    assert told(outcome, "eve2") == []
    assert of_type(outcome, effects.ArrangeStage) == [effects.ArrangeStage(("eve2",), ("eve2",))]
    (arranged,) = of_type(come_back(session, "ann"), effects.ArrangeStage)
    assert (arranged.first, arranged.last) == (("eve2", "ann2"), ("ann2", "eve2"))
    state = session.view_for("ann2").room_state
    assert (state.pinned, state.spotlighted) == (("ann2", "eve2"), ("eve2", "ann2"))


def test_a_room_that_takes_fewer_on_the_stage_now_keeps_to_that() -> None:
    session = begun(Decrees(pinned=("ann", "bob")), max_active_talkers=2)
    come_back(session, "bob")
    assert told(come_back(session, "ann"), "mod2")[1:] == [events.PinnedUsersUpdated(None, ("bob2",))]


def test_in_a_lecture_the_floor_is_with_those_who_had_it() -> None:
    session = begun(Decrees(mode="lecture", raised=("eve",), approved=("bob",), invited=("ann",)))
    granted = events.FloorChanged("bob2", "granted", (), ("bob2",))
    assert told(come_back(session, "bob"), "mod2")[1:] == [granted]
    assert paused(negotiate(session, "bob2")) == {"microphone": False, "camera": False}
    come_back(session, "eve")
    assert told(come_back(session, "ann"), "ann2") == [events.FloorChanged("ann2", "invited", ("eve2",), ("bob2",))]
    state = session.view_for("ann2").room_state
    assert (state.mode, state.raised_hands, state.approved_hands) == ("lecture", ("eve2",), ("bob2",))
    assert paused(negotiate(session, "eve2", "t2")) == {}, "whoever has no floor publishes nothing"


def test_a_change_of_the_mode_ends_the_floor_of_those_who_are_not_back_yet() -> None:
    session = begun(Decrees(mode="lecture", approved=("bob",)))
    session.handle(SwitchMode("mod2", "group"), 1.0)
    session.handle(SwitchMode("mod2", "lecture"), 1.0)
    come_back(session, "bob")
    assert session.view_for("bob2").room_state.approved_hands == ()


def test_nobody_else_gets_what_belongs_to_those_who_never_return() -> None:
    session = begun(Decrees(mode="lecture", hard_mutes={"bob": ("audio",)}, pinned=("bob",), approved=("bob",)))
    session.handle(make_join("new"), 1.0)
    state = session.view_for("new").room_state
    assert (state.pinned, state.approved_hands, session.view_for("new").hard_muted) == ((), (), ())


def test_a_coming_back_is_stored_with_the_client_id_of_before() -> None:
    session = begun(Decrees())
    (join,) = of_type(come_back(session, "bob"), effects.RecordJoin)
    assert (join.client_id, join.was) == ("bob2", "bob")


def test_a_server_that_stops_tells_everybody_and_records_that_they_are_to_come_back() -> None:
    session = moderated("bob")
    negotiate(session, "bob", "b")
    session.handle(LoseConnection("bob"), 3.0)
    outcome = session.handle(Interrupt("Back in a moment."), 9.0)
    notice = events.RoomInterrupted("server-restart", "Back in a moment.")
    assert told(outcome, "mod") == told(outcome, "bob") == [notice]
    assert of_type(outcome, effects.Disconnect) == [], "they come back over another connection"
    leaves = [(one.client_id, one.left_at, one.reason) for one in of_type(outcome, effects.RecordLeave)]
    assert leaves == [("mod", 9.0, "server-restart"), ("bob", 3.0, "server-restart")]
    assert outcome[-1] == effects.EndSession(interrupted=True)
    assert session.handle(Interrupt("Again."), 10.0) == [effects.Notify((), replace(notice, message="Again."))]


def test_who_waits_in_the_lobby_is_told_too_when_the_server_stops() -> None:
    session = moderated(knock=True)
    session.handle(make_join("eve"), 0.0)
    outcome = session.handle(Interrupt("Back in a moment."), 9.0)
    assert told(outcome, "eve") == told(outcome, "mod")
    assert of_type(outcome, effects.Forget) == [effects.Forget("eve")]


def test_the_notice_of_the_end_is_given_again_to_those_who_are_back() -> None:
    session = Session(make_room(), "CONF-100002", 30.0, ends_at=400.0, inherited=Decrees(extended=10))
    come_back(session, "bob")
    assert told(session.handle(Tick(), 1.0), "bob2") == [events.RemainingDuration(7)]
    assert session.handle(ExtendDuration("bob2"), 2.0)
