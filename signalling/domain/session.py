"""The session: one live conference in a room, as a state machine `(state, input, now) -> effects`.

Inputs come in families, one module each. A new family is a module with its inputs
and their handlers, and a line in the table below.
"""

from collections.abc import Mapping
from itertools import islice

from signalling.domain import (
    arrangement,
    duration,
    floor,
    hard_mutes,
    lobby,
    lock,
    media,
    messages,
    presence,
    quality,
    recording,
    removal,
    role_switch,
    talkers,
)
from signalling.domain.decrees import NO_DECREES, Decrees
from signalling.domain.effects import Effect
from signalling.domain.presence import check_admission
from signalling.domain.room import Role, Room
from signalling.domain.state import Handler, SessionState
from signalling.domain.views import SessionView

_HANDLERS: Mapping[type, Handler] = {
    **presence.HANDLERS,
    **media.HANDLERS,
    **messages.HANDLERS,
    **talkers.HANDLERS,
    **hard_mutes.HANDLERS,
    **lock.HANDLERS,
    **removal.HANDLERS,
    **arrangement.HANDLERS,
    **lobby.HANDLERS,
    **floor.HANDLERS,
    **role_switch.HANDLERS,
    **duration.HANDLERS,
    **recording.HANDLERS,
    **quality.HANDLERS,
}

_CHANGE_ONE_VIEW = frozenset(
    {
        presence.Join,
        presence.Leave,
        presence.LoseConnection,
        presence.Resume,
        media.Negotiate,
        media.Publish,
        media.Unpublish,
        media.Mute,
        media.Unmute,
        media.ChangeSlotLimits,
        media.LoseMedia,
        messages.SendMessage,
        messages.SendUserData,
        messages.SetData,
        talkers.ChangeStage,
        talkers.FillSlots,
        quality.LimitTrack,
    }
)
"""The inputs after which all look to others as before, except the one of whom they are, if anybody. Large rooms live on
them; after any other input, all views are made anew when they are asked for."""

Input = (
    presence.Join
    | presence.Leave
    | presence.LoseConnection
    | presence.Resume
    | presence.Tick
    | presence.End
    | presence.Interrupt
    | media.Negotiate
    | media.Publish
    | media.Unpublish
    | media.Mute
    | media.Unmute
    | media.ChangeSlotLimits
    | media.LoseMedia
    | media.LoseNode
    | messages.SendMessage
    | messages.SendUserData
    | messages.SetData
    | talkers.ChangeStage
    | talkers.FillSlots
    | hard_mutes.HardMuteRoom
    | hard_mutes.HardMuteUser
    | lock.LockRoom
    | removal.DropUsers
    | removal.Destroy
    | arrangement.PinUsers
    | arrangement.SpotlightUsers
    | lobby.ApproveAwaited
    | lobby.DenyAwaited
    | floor.SwitchMode
    | floor.RequestFloor
    | floor.CancelFloor
    | floor.FinishFloor
    | floor.GrantFloor
    | floor.DenyFloor
    | floor.ReleaseFloor
    | floor.InviteToFloor
    | role_switch.SwitchRole
    | duration.ExtendDuration
    | recording.StartRecording
    | recording.StopRecording
    | recording.StartLiveRecording
    | recording.StopLiveRecording
    | recording.RecordersChanged
    | recording.RecordingFailed
    | recording.RecordingMoved
    | quality.LimitTrack
)


class Session:
    """Times are seconds on one monotonic clock of the caller's choice."""

    def __init__(
        self,
        room: Room,
        conf_num: str,
        resume_grace: float,
        ends_at: float | None = None,
        inherited: Decrees = NO_DECREES,
    ) -> None:
        """`ends_at` is when the session ends by itself, if it does. `inherited` is what stands from the session that
        this one goes on from; its extension is in `ends_at`."""
        schedule = None if ends_at is None else duration.schedule_until(ends_at)
        self.state = SessionState(room, conf_num, resume_grace, schedule=schedule, inherited=inherited)

    def handle(self, given: Input, now: float) -> list[Effect]:
        """Apply one input. Raises RefusedError, and has then changed nothing."""
        following = _HANDLERS[type(given)](self.state, given, now) + recording.begin_when_due(self.state)
        if type(given) in _CHANGE_ONE_VIEW:
            self.state.views.pop(getattr(given, "client_id", ""), None)
        else:
            self.state.views.clear()
        return following

    def next_deadline(self) -> float | None:
        """When `Tick` is due next; None while nothing waits for time to pass."""
        # In both the first ones are due first.
        deadlines = [one.deadline for one in islice(self.state.lobby.values(), 1)]
        deadlines += [lost_at + self.state.resume_grace for lost_at in islice(self.state.lost.values(), 1)]
        if self.state.schedule is not None:
            deadlines.append(self.state.schedule.next_deadline())
        return min(deadlines, default=None)

    def check_admission(self, role: Role, *, returning: bool = False) -> None:
        """Raises RefusedError when nobody of this role can join now. For asking before anything is spent on a join."""
        check_admission(self.state, role, returning=returning)

    def view_for(self, client_id: str) -> SessionView:
        """What one participant sees. Raises RefusedError (`unknown-participant`)."""
        return self.state.view_for(client_id)
