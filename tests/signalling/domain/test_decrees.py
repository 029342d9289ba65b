"""What stands of a session, by its log alone."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from signalling.domain.arrangement import PinUsers, SpotlightUsers
from signalling.domain.decrees import DECREEING, NO_DECREES, Decrees, Line, standing
from signalling.domain.duration import ExtendDuration
from signalling.domain.floor import CancelFloor, DenyFloor, GrantFloor, InviteToFloor, RequestFloor, SwitchMode
from signalling.domain.hard_mutes import HardMuteRoom, HardMuteUser
from signalling.domain.lock import LockRoom
from signalling.domain.presence import Tick
from signalling.domain.role_switch import SwitchRole
from signalling.domain.session import Input, Session
from signalling.live.session_log import LOGGED, log_lines
from tests.support.sessions import make_join, make_room

PEOPLE = ("ann", "bob", "eve")
USER_REFS = {"mod": "ref-mod", "ann": "ref-ann", "bob": "ref-bob", "eve": ""}


def decreed(*inputs: Input, now: float = 1.0) -> Decrees:
    """What stands after some inputs to a session of `mod` and `PEOPLE` that ends after 1800 seconds."""
    session = Session(make_room(max_active_talkers=3), "CONF-100001", 30.0, 1800.0)
    session.handle(make_join("mod", "moderator"), 0.0)
    for client_id in PEOPLE:
        session.handle(make_join(client_id), 0.0)
    log: list[Line] = []
    for given in inputs:
        log += [(line.name, line.details) for line in log_lines(given, session.handle(given, now))]
    return standing(log, USER_REFS)


def mute(target: str, kind: Any = "audio", muted: bool = True) -> HardMuteUser:
    return HardMuteUser("mod", target, kind, muted)


def test_of_a_session_in_which_nothing_was_decided_nothing_stands() -> None:
    assert decreed() == standing([], {}) == NO_DECREES


@pytest.mark.parametrize(
    ("inputs", "stands"),
    [
        ([LockRoom("mod", True)], Decrees(locked=True)),
        ([LockRoom("mod", True), LockRoom("mod", False)], NO_DECREES),
        ([HardMuteRoom("mod", True)], Decrees(hard_muted=True)),
        ([HardMuteRoom("mod", True), HardMuteRoom("mod", False)], NO_DECREES),
        ([SwitchMode("mod", "lecture")], Decrees(mode="lecture")),
        ([PinUsers("mod", ("bob", "ann"), True)], Decrees(pinned=("bob", "ann"))),
        ([PinUsers("mod", ("bob", "ann"), True), PinUsers("mod", ("bob",), False)], Decrees(pinned=("ann",))),
        ([SpotlightUsers("mod", ("eve",), True)], Decrees(spotlighted=("eve",))),
        ([SpotlightUsers("mod", ("eve",), True), SpotlightUsers("mod", ("eve",), False)], NO_DECREES),
    ],
)
def test_what_was_decided_last_stands(inputs: list[Input], stands: Decrees) -> None:
    assert decreed(*inputs) == stands


def test_hard_mutes_stand_for_the_connection_and_for_the_person() -> None:
    stands = decreed(mute("bob"), mute("bob", "video"), mute("eve"))
    assert stands.hard_mutes == {"bob": ("audio", "video"), "eve": ("audio",)}
    assert stands.kept_hard_mutes == {"ref-bob": ("audio", "video")}, "eve is nobody in particular"
    assert decreed(mute("bob"), mute("bob", "video"), mute("bob", muted=False)).hard_mutes == {"bob": ("video",)}
    assert decreed(mute("bob"), mute("bob", muted=False)) == NO_DECREES


def test_a_new_moderator_is_hard_muted_no_more_and_has_no_floor() -> None:
    assert decreed(mute("bob"), SwitchRole("mod", "bob")) == NO_DECREES
    lecture = decreed(SwitchMode("mod", "lecture"), InviteToFloor("mod", "bob"), SwitchRole("mod", "bob"))
    assert lecture == Decrees(mode="lecture")


def test_the_floor_stands_as_it_was_left() -> None:
    lecture = SwitchMode("mod", "lecture")
    asked = (lecture, RequestFloor("ann"), RequestFloor("bob"), InviteToFloor("mod", "eve"))
    assert decreed(*asked) == Decrees(mode="lecture", raised=("ann", "bob"), invited=("eve",))
    answered = decreed(*asked, GrantFloor("mod", "bob"), DenyFloor("mod", "ann"), RequestFloor("eve"))
    assert answered == Decrees(mode="lecture", approved=("bob", "eve"))
    assert decreed(*asked, CancelFloor("eve")).invited == ()
    assert decreed(*asked, SwitchMode("mod", "group")) == Decrees(mode="group")


def test_extensions_add_up() -> None:
    stands = decreed(Tick(), ExtendDuration("bob"), now=1300.0)
    assert stands == Decrees(extended=10)
    line: Line = ("conference-duration-extended", {"client_id": "x", "extendedTime": 10, "timeLeft": 12})
    assert standing([line], {}, stands).extended == 20


def test_what_a_session_began_with_stands_until_something_else_is_decided() -> None:
    began_with = Decrees(
        locked=True, hard_muted=True, mode="lecture", approved=("old",), kept_hard_mutes={"r": ("audio",)}
    )
    assert standing([], {}, began_with) == began_with
    unlocked = standing([("room-unlocked", {"moderator": "mod"})], {}, began_with)
    assert (unlocked.locked, unlocked.hard_muted) == (False, True)
    group = standing([("room-mode-switched", {"mode": "group", "moderator_id": "mod"})], {}, began_with)
    assert (group.mode, group.approved) == ("group", ())


def pinned(*client_ids: str) -> Line:
    return "updated-pinned-users", {"moderator_id": "mod", "clientIds": list(client_ids)}


def returned(was: str, client_id: str) -> Line:
    return "user-returned", {"client_id": client_id, "was": was}


def test_whoever_is_back_has_what_they_had_under_the_new_client_id_and_the_others_under_the_old_one() -> None:
    began_with = Decrees(
        hard_mutes={"a": ("audio",), "b": ("video",)}, pinned=("a", "b", "c"), spotlighted=("b",), approved=("c",)
    )
    stands = standing([returned("b", "b2"), pinned("b2")], {}, began_with)
    assert stands == Decrees(
        hard_mutes={"a": ("audio",), "b2": ("video",)}, pinned=("a", "b2", "c"), spotlighted=("b2",), approved=("c",)
    )
    # Of those who are back an event tells all; of those who are not, nothing.
    assert standing([returned("b", "b2"), pinned("n"), pinned("n", "b2")], {}, began_with).pinned == (
        "a",
        "c",
        "n",
        "b2",
    )


def test_the_floor_of_those_who_are_away_is_theirs_until_the_mode_changes() -> None:
    began_with = Decrees(mode="lecture", raised=("a",), approved=("b",), invited=("c",))
    floor: Line = ("floor-changed", {"client_id": "n", "action": "granted", "raisedHands": [], "approvedHands": ["n"]})
    stands = standing([floor], {}, began_with)
    assert (stands.raised, stands.approved, stands.invited) == (("a",), ("b", "n"), ("c",))


@pytest.mark.parametrize(
    "line",
    [
        ("updated-pinned-users", {}),
        ("spotlight-users", {"users": "all"}),
        ("room-mode-switched", {"mode": "party"}),
        ("hardmute-user-audio", {"client_id": 7}),
        ("user-role-changed", {"moderator": None}),
        ("conference-duration-extended", {"extendedTime": "long"}),
        ("user-returned", {"client_id": "x"}),
        ("message-received", {"from": "x", "text": "room-locked"}),
    ],
)
def test_a_line_that_says_nothing_of_the_kind_changes_nothing(line: Line) -> None:
    assert standing([line], {}, Decrees(locked=True, pinned=("a",))) == Decrees(locked=True, pinned=("a",))


def test_everything_that_is_read_is_kept_in_the_log() -> None:
    assert DECREEING - {"user-returned"} <= LOGGED


def test_decrees_come_back_from_json_as_they_were() -> None:
    decrees = decreed(LockRoom("mod", True), mute("bob"), PinUsers("mod", ("bob",), True), SwitchMode("mod", "lecture"))
    adapter = TypeAdapter(Decrees)
    assert adapter.validate_json(adapter.dump_json(decrees)) == decrees
