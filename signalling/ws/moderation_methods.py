"""The methods of moderators, and those about the floor. Each is one input of the session, which decides who may."""

from collections.abc import Callable
from typing import Any

from signalling.domain import arrangement, duration, floor, hard_mutes, lobby, lock, recording, removal, role_switch
from signalling.domain.effects import WebLayout
from signalling.domain.session import Input
from signalling.domain.state import SessionState
from signalling.live.session import LiveSession
from signalling.recording.web_pages import is_allowed_page
from signalling.ws import params
from signalling.ws.client import Client, Method, Services
from signalling.ws.errors import RpcError
from signalling.ws.results import Done, ExtendResult, PlacesResult


def _doing(
    build: Callable[[str, Any], Input], answer: Callable[[LiveSession], object] = lambda session: Done()
) -> Method:
    """A method that makes an input of the own client id and the parameters."""

    async def method(services: Services, client: Client, given: params.Params) -> object:
        session, member = client.joined()
        member.answer_first = True
        try:
            session.apply(build(member.client_id, given))
        finally:
            member.answer_first = False
        client.after_reply = member.farewell
        return answer(session)

    return method


def _placing(
    build: Callable[[str, tuple[str, ...]], Input], places: Callable[[SessionState], tuple[str, ...]]
) -> Method:
    """A method that gives or takes places on the stage, and says who has one now."""
    return _doing(
        lambda me, given: build(me, tuple(given.client_ids)),
        lambda session: PlacesResult(places(session.session.state)),
    )


def _pinned(state: SessionState) -> tuple[str, ...]:
    return state.pinned


def _spotlighted(state: SessionState) -> tuple[str, ...]:
    return state.spotlighted


def _start_live_recording(me: str, given: params.LiveRecordingParams) -> Input:
    page = given.url_details
    layout = None if page is None else WebLayout(page.url, page.chat_overlay, page.layout)
    return recording.StartLiveRecording(me, layout)


async def start_live_recording(services: Services, client: Client, given: params.LiveRecordingParams) -> object:
    if given.url_details is not None:
        hosts = services.settings.recording_web_hosts
        if not is_allowed_page(given.url_details.url, hosts):
            raise RpcError(
                "invalid-params",
                "url_details.url: recorders open pages of certain hosts only; the operator names them in "
                "recording_web_hosts.",
            )
    return await _LIVE_RECORDING(services, client, given)


_LIVE_RECORDING = _doing(_start_live_recording)


async def approve_awaited_user(services: Services, client: Client, given: params.TargetParams) -> Done:
    session, member = client.joined()
    at = services.sessions.around.clock.wall_text()
    session.apply(lobby.ApproveAwaited(member.client_id, given.client_id, at))
    return Done()


METHODS: dict[str, tuple[type[params.Params], Method]] = {
    "hard-mute": (params.NoParams, _doing(lambda me, _: hard_mutes.HardMuteRoom(me, True))),
    "hard-unmute": (params.NoParams, _doing(lambda me, _: hard_mutes.HardMuteRoom(me, False))),
    "hard-mute-user-audio": (
        params.TargetParams,
        _doing(lambda me, given: hard_mutes.HardMuteUser(me, given.client_id, "audio", True)),
    ),
    "hard-mute-user-video": (
        params.TargetParams,
        _doing(lambda me, given: hard_mutes.HardMuteUser(me, given.client_id, "video", True)),
    ),
    "hard-unmute-user-audio": (
        params.TargetParams,
        _doing(lambda me, given: hard_mutes.HardMuteUser(me, given.client_id, "audio", False)),
    ),
    "hard-unmute-user-video": (
        params.TargetParams,
        _doing(lambda me, given: hard_mutes.HardMuteUser(me, given.client_id, "video", False)),
    ),
    "lock": (params.NoParams, _doing(lambda me, _: lock.LockRoom(me, True))),
    "unlock": (params.NoParams, _doing(lambda me, _: lock.LockRoom(me, False))),
    "approve-awaited-user": (params.TargetParams, approve_awaited_user),
    "deny-awaited-user": (
        params.TargetParams,
        _doing(lambda me, given: lobby.DenyAwaited(me, given.client_id)),
    ),
    "switch-room-mode": (params.ModeParams, _doing(lambda me, given: floor.SwitchMode(me, given.mode))),
    "request-floor": (params.NoParams, _doing(lambda me, _: floor.RequestFloor(me))),
    "cancel-floor": (params.NoParams, _doing(lambda me, _: floor.CancelFloor(me))),
    "finish-floor": (params.NoParams, _doing(lambda me, _: floor.FinishFloor(me))),
    "grant-floor": (params.TargetParams, _doing(lambda me, given: floor.GrantFloor(me, given.client_id))),
    "deny-floor": (params.TargetParams, _doing(lambda me, given: floor.DenyFloor(me, given.client_id))),
    "release-floor": (params.TargetParams, _doing(lambda me, given: floor.ReleaseFloor(me, given.client_id))),
    "invite-to-floor": (params.TargetParams, _doing(lambda me, given: floor.InviteToFloor(me, given.client_id))),
    "switch-user-role": (params.TargetParams, _doing(lambda me, given: role_switch.SwitchRole(me, given.client_id))),
    "extend-conference-duration": (
        params.NoParams,
        _doing(lambda me, _: duration.ExtendDuration(me), lambda session: ExtendResult(duration.EXTENSION_MINUTES)),
    ),
    "drop-user": (
        params.TargetsParams,
        _doing(lambda me, given: removal.DropUsers(me, tuple(given.client_ids))),
    ),
    "destroy": (params.NoParams, _doing(lambda me, _: removal.Destroy(me))),
    "pin-users": (params.PlacesParams, _placing(lambda me, who: arrangement.PinUsers(me, who, True), _pinned)),
    "unpin-users": (params.PlacesParams, _placing(lambda me, who: arrangement.PinUsers(me, who, False), _pinned)),
    "add-spotlight-users": (
        params.PlacesParams,
        _placing(lambda me, who: arrangement.SpotlightUsers(me, who, True), _spotlighted),
    ),
    "remove-spotlight-users": (
        params.PlacesParams,
        _placing(lambda me, who: arrangement.SpotlightUsers(me, who, False), _spotlighted),
    ),
    "start-record": (params.NoParams, _doing(lambda me, _: recording.StartRecording(me))),
    "stop-record": (params.NoParams, _doing(lambda me, _: recording.StopRecording(me))),
    "start-live-recording": (params.LiveRecordingParams, start_live_recording),
    "stop-live-recording": (params.NoParams, _doing(lambda me, _: recording.StopLiveRecording(me))),
}
