"""A session that is cut off again and again: those who come back find what was decided, by the log alone."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from signalling.domain.decrees import Decrees, Line, standing
from signalling.domain.effects import Effect
from signalling.domain.presence import Interrupt
from signalling.domain.room import Room
from signalling.domain.session import Input, Session
from signalling.domain.state import SessionState
from tests.support.sessions import make_join
from tests.support.world import World

GRACE = 30.0


class Restarts(World, RuleBasedStateMachine):
    """`away` are those who were in when the server was restarted and are not back: roles by client id. `user_refs` are
    of all who ever came, `log` has the lines of the session that runs, which began with `inherited`."""

    session: Session
    room: Room
    ends_at: float | None
    joined: int
    log: list[Line]
    inherited: Decrees

    def __init__(self) -> None:
        super().__init__()
        self.away: dict[str, Any] = {}
        self.user_refs: dict[str, str] = {}

    def give(self, given: Input) -> list[Effect] | None:
        """Hand an input in; None when it was refused."""
        raise NotImplementedError

    def begin_session(self, inherited: Decrees) -> None:
        self.inherited = inherited
        self.log = []
        ends_at = None if self.ends_at is None else self.ends_at + inherited.extended * 60
        self.session = Session(self.room, "CONF-100001", GRACE, ends_at, inherited)
        self.surround()

    def come_back(self, was: str) -> str | None:
        """The new client id, or None when there is no place any more."""
        self.joined += 1
        client_id = f"c{self.joined}"
        role, user_ref = self.away[was], self.user_refs[was]
        if self.give(replace(make_join(client_id, role), user_ref=user_ref, was=was, admitted=True)) is None:
            return None
        del self.away[was]
        return client_id

    @rule(returning=st.sets(st.integers(0, 3), min_size=1), stopped=st.booleans())
    def restart(self, returning: set[int], stopped: bool) -> None:
        before = deepcopy(self.session.state)
        present = list(before.participants)
        back = [present[place] for place in sorted(returning) if place < len(present)]
        if not back:
            return
        self.away |= {client_id: one.role for client_id, one in before.participants.items()}
        if stopped:
            self.give(Interrupt("Back in a moment."))
            assert self.ended and self.left == self.recorded
        self.begin_session(standing(self.log, self.user_refs, self.inherited))
        came = {was: self.come_back(was) for was in back}
        self.check_what_goes_on(before, {was: client_id for was, client_id in came.items() if client_id is not None})
        assert None not in came.values()

    def check_what_goes_on(self, before: SessionState, came: dict[str, str]) -> None:
        after = self.session.state
        assert (after.locked, after.hard_muted, after.mode) == (before.locked, before.hard_muted, before.mode)
        assert after.kept_hard_mutes == {ref: kinds for ref, kinds in before.kept_hard_mutes.items() if kinds}
        for name in ("pinned", "spotlighted"):
            assert getattr(after, name) == tuple(came[one] for one in getattr(before, name) if one in came)
        for name in ("raised", "approved", "invited"):
            hands = getattr(before.floor, name)
            assert getattr(after.floor, name) == tuple(came[one] for one in hands if one in came)
        for was, client_id in came.items():
            old, new = before.participants[was], after.participants[client_id]
            kept = set() if old.role == "moderator" else before.kept_hard_mutes.get(old.user_ref, set())
            assert (new.role, new.hard_muted) == (old.role, old.hard_muted | kept)
        assert (after.schedule is None) == (before.schedule is None)
        if before.schedule is not None and after.schedule is not None:
            assert after.schedule.ends_at == before.schedule.ends_at

    @precondition(lambda self: self.away)
    @rule(number=st.integers(0, 3))
    def return_late(self, number: int) -> None:
        away = list(self.away)
        self.come_back(away[number % len(away)])
