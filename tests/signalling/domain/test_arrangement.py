"""Pins and the spotlight."""

from typing import Any

import pytest

from signalling.domain import effects, events
from signalling.domain.arrangement import PinUsers, SpotlightUsers
from signalling.domain.presence import Leave
from tests.support.sessions import make_join, moderated, of_type, refusal, told


def test_the_spotlight_stands_before_the_talkers_and_pins_after_them() -> None:
    session = moderated("bob", "eve")
    outcome = session.handle(PinUsers("mod", ("bob", "bob"), True), 1.0)
    assert told(outcome, "eve") == told(outcome, "mod") == [events.PinnedUsersUpdated("mod", ("bob",))]
    assert of_type(outcome, effects.ArrangeStage) == [effects.ArrangeStage((), ("bob",))]
    outcome = session.handle(SpotlightUsers("mod", ("eve",), True), 2.0)
    assert told(outcome, "bob") == [events.SpotlightUpdated("mod", ("eve",))]
    assert of_type(outcome, effects.ArrangeStage) == [effects.ArrangeStage(("eve",), ("bob",))]
    session.handle(make_join("zoe"), 3.0)
    state = session.view_for("zoe").room_state
    assert (state.pinned, state.spotlighted) == (("bob",), ("eve",))
    assert session.handle(PinUsers("mod", ("bob",), True), 4.0) == []


def test_pins_leave_one_place_to_talkers_and_the_spotlight_may_take_them_all() -> None:
    session = moderated("bob", "eve", "zoe", max_active_talkers=2)
    session.handle(PinUsers("mod", ("bob",), True), 1.0)
    assert refusal(session, PinUsers("mod", ("eve",), True)) == "too-many-pinned"
    session.handle(PinUsers("mod", ("bob",), False), 1.0)
    session.handle(PinUsers("mod", ("eve",), True), 1.0)
    session.handle(SpotlightUsers("mod", ("bob", "eve"), True), 1.0)
    assert refusal(session, SpotlightUsers("mod", ("zoe",), True)) == "too-many-spotlighted"


def test_whoever_leaves_gives_up_the_place() -> None:
    session = moderated("bob", "eve", max_active_talkers=2)
    session.handle(PinUsers("mod", ("bob",), True), 1.0)
    outcome = session.handle(Leave("bob"), 2.0)
    assert of_type(outcome, effects.ArrangeStage) == [effects.ArrangeStage((), ())]
    session.handle(PinUsers("mod", ("eve",), True), 3.0)


@pytest.mark.parametrize("kind", [PinUsers, SpotlightUsers])
def test_only_moderators_arrange_and_only_those_who_are_there(kind: Any) -> None:
    session = moderated("bob")
    assert refusal(session, kind("bob", ("bob",), True)) == "role-forbidden"
    assert refusal(session, kind("mod", ("bob", "nobody"), True)) == "unknown-participant"
