"""The method that goes on with a participation: after a broken connection, or after a restart of the server."""

from typing import Literal

from signalling.domain import presence
from signalling.domain.events import MediaDisconnected, UserRoleChanged
from signalling.domain.room import Role
from signalling.live.encoding import encode_event
from signalling.resume_tokens import ResumeClaims
from signalling.store.sessions import LEFT_BY_RESTART
from signalling.tokens import TokenClaims
from signalling.ws.client import Client, Services
from signalling.ws.errors import RpcError
from signalling.ws.joining import enter, new_member
from signalling.ws.params import JoinParams, ResumeParams
from signalling.ws.results import JoinResult, join_result


async def resume(services: Services, client: Client, params: ResumeParams) -> JoinResult:
    """Go on with a participation whose connection was lost, or is about to be."""
    client.require_unjoined()
    found = services.sessions.resumable(params.resume_token)
    if found is None:
        return await _return(services, client, params)
    session, member = found
    if params.last_seq > member.outbox.last_seq:
        raise RpcError("invalid-params", "last_seq: no event has had this number yet.")
    session.apply(presence.Resume(member.client_id))
    client.enter(session, member, after=params.last_seq)
    lost = member.outbox.forgotten_after(params.last_seq)
    return join_result(session, member, grace=services.settings.resume_grace, agreement=None, events_lost=lost)


async def _return(services: Services, client: Client, params: ResumeParams) -> JoinResult:
    """Come in anew, into the session that follows the one that was interrupted."""
    claims = services.resume_tokens.read(params.resume_token, services.sessions.around.clock.wall())
    place = None if claims is None else await _place_lost(services, claims)
    if claims is None or place is None:
        raise RpcError("resume-failed", "There is nothing to resume any more: join with a new token.")
    member = new_member(services, client, agent=client.agent, last_seq=params.last_seq)
    admission = TokenClaims(
        room_id=claims.room_id,
        name=claims.name,
        role=await _last_role(services, claims),
        user_ref=claims.user_ref,
        data=claims.data,
        jti=claims.jti,
        expires=claims.exp,
    )
    async with services.sessions.lock(claims.room_id):
        again = JoinParams(token=params.resume_token)
        admitted = place == "session"
        session, _ = await enter(services, again, admission, member, was=claims.client_id, admitted=admitted)
    client.enter(session, member, after=params.last_seq)
    services.sessions.remember(session, member)
    if not session.is_awaited(member):
        member.outbox.put(encode_event(MediaDisconnected("node-gone")))
    return join_result(session, member, grace=services.settings.resume_grace, agreement=None)


async def _place_lost(services: Services, claims: ResumeClaims) -> Literal["session", "lobby"] | None:
    """Where the holder was when their session was interrupted a moment ago; None when it was not, or they were in
    neither any more."""
    around = services.sessions.around
    session = await around.store.sessions.get(claims.conf_num)
    if session is None or not session.is_returnable(around.clock.wall()):
        return None
    stay = await around.store.connections.get(claims.client_id)
    if stay is None:
        # Who waited in the lobby has no stay: they wait again.
        return "lobby"
    return "session" if stay.left_reason == LEFT_BY_RESTART else None


async def _last_role(services: Services, claims: ResumeClaims) -> Role:
    """The role of the token, or the one that a moderator handed on since."""
    role = claims.role
    for event in await services.sessions.around.store.session_events.list(claims.conf_num, UserRoleChanged.name):
        match event.details.get("moderator"):
            case {"new": claims.client_id}:
                role = "moderator"
            case {"old": claims.client_id}:
                role = "participant"
    return role
