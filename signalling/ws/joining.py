"""The methods that begin and end a participation: join and leave."""

from signalling import resume_tokens
from signalling.domain import presence
from signalling.domain.events import MediaDisconnected
from signalling.domain.room import Role, Room
from signalling.domain.session import Session
from signalling.live.encoding import encode_event
from signalling.live.member import Member
from signalling.live.negotiation import Agreement
from signalling.live.outbox import Outbox
from signalling.live.session import LiveSession, NoMediaNodeError, agree_with, find_node
from signalling.nodes import Node
from signalling.resume_tokens import ResumeClaims
from signalling.store.sessions import UnknownRoomError
from signalling.tokens import TokenClaims, TokenError
from signalling.ws.client import Client, Services
from signalling.ws.errors import RpcError
from signalling.ws.media_methods import entries_of
from signalling.ws.params import JoinParams, NoParams
from signalling.ws.results import Done, JoinResult, join_result

_NOT_OPEN = {
    "too-early": ("room-not-open", "The room is not open yet: it opens 15 minutes before its start."),
    "over": ("room-over", "The room's time is over."),
}


async def join(services: Services, client: Client, params: JoinParams) -> JoinResult:
    """Come in. Whatever can be refused is refused before the token is used up."""
    client.require_unjoined()
    claims = _claims(services, params)
    member = new_member(services, client, agent=params.agent or client.agent)
    async with services.sessions.lock(claims.room_id):
        session, negotiated = await enter(services, params, claims, member)
    client.enter(session, member, after=0)
    services.sessions.remember(session, member)
    agreement: Agreement | None = None
    if negotiated is not None:
        node, agreement = negotiated
        try:
            await session.settle(member, node, agreement)
        except NoMediaNodeError:
            # The participant is in, and the token spent: now this is like any other failure of a node.
            if member.agreement is None:
                member.outbox.put(encode_event(MediaDisconnected("node-gone")))
    if member.client_id not in session.members:
        client.forget()
        raise RpcError("session-ended", "The session ended while you were joining.")
    return join_result(session, member, grace=services.settings.resume_grace, agreement=agreement)


async def leave(services: Services, client: Client, params: NoParams) -> Done:
    """Leave for good; the answer is followed by `room-disconnected`, and the connection is closed."""
    session, member = client.known()
    session.apply(presence.Leave(member.client_id))
    client.after_reply = lambda: member.dismiss("left", "You left.")
    return Done()


def new_member(services: Services, client: Client, *, agent: str, last_seq: int = 0) -> Member:
    """Somebody who is about to come in; their events have numbers after `last_seq`."""
    settings = services.settings
    # Half of what a connection's queue takes: on a resume, all of it goes out at once, after a large answer.
    outbox = Outbox(settings.outgoing_messages // 2, settings.outgoing_bytes // 2, last_seq)
    return Member(outbox, address=client.address, agent=agent)


def _claims(services: Services, params: JoinParams) -> TokenClaims:
    try:
        claims = services.issuer.verify(params.token, services.sessions.around.clock.wall())
    except TokenError as error:
        raise RpcError(error.code, str(error)) from error
    if params.room_id is not None and params.room_id != claims.room_id:
        raise RpcError("token-wrong-room", "The token is for another room.")
    return claims


async def enter(
    services: Services,
    params: JoinParams,
    claims: TokenClaims,
    member: Member,
    *,
    was: str | None = None,
    admitted: bool = False,
) -> tuple[LiveSession, tuple[Node, Agreement] | None]:
    """Check everything, use up the token, and become a participant; the caller holds the room's lock. Who is `admitted`
    already does not wait in the lobby; `was` is the client id of who comes back after a restart of the server."""
    around = services.sessions.around
    session = services.sessions.find(claims.room_id)
    room = session.room if session else await _find_room(services, claims.room_id)
    running = session.session if session else await _session_to_come(services, room)
    running.check_admission(claims.role, returning=was is not None)
    negotiated = _negotiate(services, session, room, claims.role, params)
    if not await around.store.used_tokens.use(claims.jti, claims.expires):
        raise RpcError("token-used", "The token was used before: ask for a new one.")
    # The session may have ended, its last participant gone, while the database was busy.
    session = services.sessions.find(claims.room_id)
    if session is None:
        try:
            session = await services.sessions.open(room)
        except UnknownRoomError as error:
            raise RpcError("room-not-found", "The room does not exist any more.") from error
    entry = presence.Join(
        client_id=member.client_id,
        name=_name(services, params, claims),
        role=claims.role,
        user_ref=claims.user_ref,
        data=claims.data if params.data is None else params.data,
        joined_at=around.clock.wall_text(),
        was=was,
        admitted=admitted,
    )
    member.resume_token = services.resume_tokens.issue(
        ResumeClaims(
            conf_num=session.conf_num,
            room_id=claims.room_id,
            client_id=member.client_id,
            name=entry.name,
            role=entry.role,
            user_ref=entry.user_ref,
            data=entry.data,
            exp=int(around.clock.wall()) + resume_tokens.LIFETIME,
        )
    )
    session.join(member, entry)
    # Who waits has no media yet: the offer was only checked.
    return session, None if session.is_awaited(member) else negotiated


async def _session_to_come(services: Services, room: Room) -> Session:
    """A session as the room's next one will begin. Raises RpcError when none can begin now. (One that runs already ends
    by itself, in its own time: it may have been extended.)"""
    now = services.sessions.around.clock.wall()
    if room.over_at is None and room.is_used_up(now):
        # An adhoc room whose only session has just ended: its deletion is on the way.
        raise RpcError(*_NOT_OPEN["over"])
    inherited = await services.sessions.inherited(room.room_id)
    refusal = room.join_refusal(now, inherited.extended * 60)
    if refusal is not None:
        raise RpcError(*_NOT_OPEN[refusal])
    return Session(room, conf_num="", resume_grace=0, inherited=inherited)


async def _find_room(services: Services, room_id: str) -> Room:
    room = await services.sessions.around.store.rooms.get(room_id)
    if room is None:
        raise RpcError("room-not-found", "The room does not exist any more.")
    return room


def _negotiate(
    services: Services, session: LiveSession | None, room: Room, role: Role, params: JoinParams
) -> tuple[Node, Agreement] | None:
    if params.offer is None:
        return None
    node = session.find_node() if session else find_node(services.sessions.around.nodes, room)
    return node, agree_with(node, params.offer, entries_of(params.media), room, role, None)


def _name(services: Services, params: JoinParams, claims: TokenClaims) -> str:
    """The application says who someone is. Only where everybody makes their own tokens may they choose here too."""
    if params.name is not None and (services.settings.local_mode or not claims.name):
        return params.name
    return claims.name or "Guest"
