"""The methods of moderators. Each is one input of the session; who may do it is decided there."""

from collections.abc import Callable
from typing import Any

from signalling.domain import hard_mutes, lock, removal
from signalling.domain.session import Input
from signalling.ws import params
from signalling.ws.client import Client, Method, Services
from signalling.ws.results import Done


def _doing(build: Callable[[str, Any], Input]) -> Method:
    """A method that makes an input of the own client id and the parameters, and has nothing to say when it is done."""

    async def method(services: Services, client: Client, given: params.Params) -> Done:
        session, member = client.joined()
        member.answer_first = True
        try:
            session.apply(build(member.client_id, given))
        finally:
            member.answer_first = False
        client.after_reply = member.farewell
        return Done()

    return method


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
    "drop-user": (
        params.TargetsParams,
        _doing(lambda me, given: removal.DropUsers(me, tuple(given.client_ids))),
    ),
    "destroy": (params.NoParams, _doing(lambda me, _: removal.Destroy(me))),
}
