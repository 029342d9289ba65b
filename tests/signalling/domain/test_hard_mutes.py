"""Hard mutes: what a moderator silences stays silent until a moderator lifts it."""

from dataclasses import replace
from typing import Any

import pytest

from signalling.domain import effects, events
from signalling.domain.hard_mutes import HardMuteRoom, HardMuteUser
from signalling.domain.media import Mute, Publish, Unmute, Unpublish
from signalling.domain.presence import Leave
from signalling.domain.role_switch import SwitchRole
from signalling.domain.session import Session
from tests.support.sessions import make_join, make_track, negotiate, of_type, refusal, told
from tests.support.sessions import moderated as meeting


def paused(outcome: list[effects.Effect]) -> dict[str, bool]:
    return {track: value for one in of_type(outcome, effects.PauseTracks) for track, value in one.paused.items()}


def session_with_media() -> Session:
    session = meeting("bob")
    negotiate(session, "mod", "m")
    negotiate(session, "bob", "b")
    return session


def test_a_hard_mute_of_the_room_pauses_the_audio_of_all_but_moderators_and_is_told_to_all() -> None:
    session = session_with_media()
    outcome = session.handle(HardMuteRoom("mod", True), 2.0)
    assert paused(outcome) == {"b-mic": True}
    assert told(outcome, "mod") == [events.RoomHardMuted("mod"), events.TrackMuted("bob", "b-mic", "microphone")]
    assert told(outcome, "bob") == [events.RoomHardMuted("mod")]
    assert session.handle(HardMuteRoom("mod", True), 3.0) == []
    outcome = session.handle(HardMuteRoom("mod", False), 4.0)
    assert paused(outcome) == {"b-mic": False}
    assert told(outcome, "bob") == [events.RoomHardUnmuted("mod")]


def test_newcomers_to_a_hard_muted_room_see_it_and_are_muted_but_moderators_are_not() -> None:
    session = meeting()
    session.handle(HardMuteRoom("mod", True), 1.0)
    session.handle(make_join("eve"), 2.0)
    session.handle(make_join("max", "moderator"), 2.0)
    assert session.view_for("eve").room_state.hard_muted
    (put,) = of_type(negotiate(session, "eve", "e", muted={"microphone": False}), effects.PutTransport)
    assert {track.source: track.paused for track in put.tracks} == {"microphone": True, "camera": False}
    assert [track.muted for track in session.view_for("eve").tracks] == [True, False]
    (put,) = of_type(negotiate(session, "max", "x"), effects.PutTransport)
    assert not any(track.paused for track in put.tracks)


@pytest.mark.parametrize(("kind", "track"), [("audio", "b-mic"), ("video", "b-cam")])
def test_audio_or_video_of_one_participant(kind: Any, track: str) -> None:
    session = session_with_media()
    outcome = session.handle(HardMuteUser("mod", "bob", kind, True), 2.0)
    assert paused(outcome) == {track: True}
    assert told(outcome, "bob")[0].name == f"hardmute-user-{kind}"
    session.handle(make_join("eve"), 2.0)
    assert {one.client_id: one.hard_muted for one in session.view_for("eve").participants}["bob"] == (kind,)
    outcome = session.handle(HardMuteUser("mod", "bob", kind, False), 3.0)
    assert paused(outcome) == {track: False}
    assert told(outcome, "bob")[0].name == f"hardunmute-user-{kind}"


def test_nobody_unmutes_themselves_against_a_moderator() -> None:
    session = session_with_media()
    session.handle(HardMuteUser("mod", "bob", "audio", True), 2.0)
    assert refusal(session, Unmute("bob", "microphone")) == "hard-muted"
    session.handle(Unpublish("bob", "b-mic"), 3.0)
    (put,) = of_type(session.handle(Publish("bob", "b-mic"), 3.0), effects.PutTransport)
    assert put.tracks[0].paused
    # Another transport, and the microphone called the sound of a screen, are no way around it either.
    microphone = make_track("x", "screen", "audio")
    (put,) = of_type(negotiate(session, "bob", "b2", tracks=(microphone,)), effects.PutTransport)
    assert put.tracks[0].paused


def test_what_the_owner_muted_stays_muted_when_a_hard_mute_is_lifted() -> None:
    session = session_with_media()
    session.handle(HardMuteRoom("mod", True), 2.0)
    assert session.handle(Mute("bob", "microphone"), 3.0) == []
    assert paused(session.handle(HardMuteRoom("mod", False), 4.0)) == {}
    assert paused(session.handle(Unmute("bob", "microphone"), 5.0)) == {"b-mic": False}


def test_the_two_kinds_of_hard_mute_are_lifted_each_by_its_own_opposite() -> None:
    session = session_with_media()
    session.handle(HardMuteUser("mod", "bob", "audio", True), 2.0)
    assert paused(session.handle(HardMuteRoom("mod", True), 2.0)) == {}
    assert paused(session.handle(HardMuteRoom("mod", False), 2.0)) == {}
    assert paused(session.handle(HardMuteUser("mod", "bob", "audio", False), 2.0)) == {"b-mic": False}


def test_only_moderators_hard_mute_and_none_of_them_is_hard_muted() -> None:
    session = session_with_media()
    assert refusal(session, HardMuteRoom("bob", True)) == "role-forbidden"
    assert refusal(session, HardMuteUser("bob", "bob", "audio", True)) == "role-forbidden"
    assert refusal(session, HardMuteUser("mod", "mod", "audio", True)) == "role-forbidden"
    assert refusal(session, HardMuteUser("mod", "nobody", "audio", True)) == "unknown-participant"


def come_again(
    session: Session, user_ref: str, client_id: str = "bob-again", role: Any = "participant"
) -> tuple[str, ...]:
    """What of somebody is hard-muted when they join."""
    session.handle(replace(make_join(client_id, role), user_ref=user_ref), 5.0)
    return session.view_for(client_id).hard_muted


def test_who_leaves_and_joins_again_is_muted_still_until_a_moderator_lifts_it() -> None:
    session = session_with_media()
    session.handle(HardMuteUser("mod", "bob", "audio", True), 2.0)
    session.handle(Leave("bob"), 3.0)
    assert come_again(session, "ref-eve", "eve") == ()
    assert come_again(session, "ref-bob") == ("audio",)
    (put,) = of_type(negotiate(session, "bob-again", "b2"), effects.PutTransport)
    assert {track.source: track.paused for track in put.tracks} == {"microphone": True, "camera": False}
    outcome = session.handle(HardMuteUser("mod", "bob-again", "audio", False), 6.0)
    assert paused(outcome) == {"b2-mic": False}
    session.handle(Leave("bob-again"), 7.0)
    assert come_again(session, "ref-bob", "bob-once-more") == ()


def test_who_has_no_user_ref_cannot_be_known_again() -> None:
    session = session_with_media()
    session.handle(replace(make_join("anon"), user_ref=""), 1.0)
    session.handle(HardMuteUser("mod", "anon", "audio", True), 2.0)
    session.handle(Leave("anon"), 3.0)
    assert come_again(session, "") == ()


def test_whoever_has_become_moderator_or_comes_as_one_is_muted_no_more() -> None:
    session = session_with_media()
    session.handle(HardMuteUser("mod", "bob", "video", True), 2.0)
    assert come_again(session, "ref-bob", "bob-moderates", "moderator") == ()
    session.handle(SwitchRole("mod", "bob"), 4.0)
    assert come_again(session, "ref-bob") == ()
