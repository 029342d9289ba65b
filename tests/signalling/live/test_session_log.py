"""What of a session is kept in its log."""

from signalling.domain.duration import ExtendDuration
from signalling.domain.effects import Effect
from signalling.domain.floor import SwitchMode
from signalling.domain.hard_mutes import HardMuteRoom, HardMuteUser
from signalling.domain.lock import LockRoom
from signalling.domain.media import Mute
from signalling.domain.messages import SendMessage, SendUserData
from signalling.domain.presence import End, Leave, Tick
from signalling.domain.removal import Destroy, DropUsers
from signalling.domain.role_switch import SwitchRole
from signalling.domain.session import Input, Session
from signalling.live.session_log import LogLine, log_lines
from tests.support.sessions import make_join, make_session, negotiate

AT = "2026-11-22T09:30:00.000Z"


def meeting(*others: str) -> Session:
    session = make_session()
    session.handle(make_join("mod", "moderator"), 0.0)
    for client_id in others:
        session.handle(make_join(client_id), 0.0)
    return session


def logged(session: Session, given: Input) -> list[LogLine]:
    outcome: list[Effect] = session.handle(given, 1.0)
    return log_lines(given, outcome)


def test_a_message_to_all_is_one_line_whoever_gets_it() -> None:
    line = LogLine("message-received", "mod", {"from": "mod", "text": "hello", "to": None, "broadcast": True, "at": AT})
    assert logged(meeting("bob", "eve"), SendMessage("mod", "hello", None, AT)) == [line]
    assert logged(meeting(), SendMessage("mod", "hello", None, AT)) == [line]


def test_a_private_message_keeps_to_whom_it_went() -> None:
    [line] = logged(meeting("bob", "eve"), SendMessage("mod", "psst", ("eve",), AT))
    assert (line.details["to"], line.details["broadcast"]) == (["eve"], False)


def test_a_mute_of_someone_who_is_alone_is_kept() -> None:
    session = meeting()
    negotiate(session, "mod")
    [line] = logged(session, Mute("mod", "microphone"))
    assert (line.name, line.client_id, line.details["source"]) == ("track-muted", "mod", "microphone")


def test_what_moderators_do_is_kept_with_who_did_it() -> None:
    session = meeting("bob")
    for given, name in (
        (LockRoom("mod", True), "room-locked"),
        (HardMuteRoom("mod", True), "hard-mute-room"),
        (HardMuteUser("mod", "bob", "video", True), "hardmute-user-video"),
        (SwitchMode("mod", "lecture"), "room-mode-switched"),
        (SwitchRole("mod", "bob"), "user-role-changed"),
    ):
        assert [(line.name, line.client_id) for line in logged(session, given)] == [(name, "mod")]


def test_a_drop_is_kept_with_whom_it_sent_out() -> None:
    dropped = {"client_id": "bob", "reason": "disconnected-by-moderator"}
    assert logged(meeting("bob"), DropUsers("mod", ("bob",))) == [LogLine("room-disconnected", "mod", dropped)]
    sent_out = [line.details["client_id"] for line in logged(meeting("bob", "eve"), Destroy("mod"))]
    assert sent_out == ["mod", "bob", "eve"]


def test_the_extension_is_kept() -> None:
    session = Session(make_session().state.room, "CONF-100001", 30.0, ends_at=400.0)
    session.handle(make_join("mod", "moderator"), 0.0)
    session.handle(Tick(), 150.0)
    given = ExtendDuration("mod")
    [line] = log_lines(given, session.handle(given, 160.0))
    assert (line.name, line.client_id) == ("conference-duration-extended", "mod")


def test_coming_and_going_and_custom_data_are_not_in_the_log() -> None:
    session = meeting("bob")
    for given in (
        make_join("eve"),
        SendUserData("bob", {"secret": 1}, None),
        Leave("eve"),
        Tick(),
        End("session-ended", "Over."),
    ):
        assert logged(session, given) == []
