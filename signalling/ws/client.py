"""A client: one connection, and who it belongs to since it joined."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from signalling.domain.errors import Reason
from signalling.live.member import Member
from signalling.live.session import LiveSession
from signalling.live.sessions import LiveSessions
from signalling.resume_tokens import ResumeTokens
from signalling.settings import SignallingSettings
from signalling.tokens import TokenIssuer
from signalling.ws.errors import RpcError
from signalling.ws.socket import OutgoingSocket


@dataclass(frozen=True, slots=True)
class Services:
    """What the methods work with."""

    sessions: LiveSessions
    issuer: TokenIssuer
    resume_tokens: ResumeTokens
    settings: SignallingSettings


@dataclass(slots=True)
class Client:
    """`after_reply` is done, once, when the answer to the present request is on its way. `busy` is set while a request
    is being carried out, `overdue` once the time to join is over."""

    socket: OutgoingSocket
    address: str
    agent: str
    session: LiveSession | None = None
    member: Member | None = None
    after_reply: Callable[[], None] | None = None
    busy: bool = False
    overdue: bool = False

    def joined(self) -> tuple[LiveSession, Member]:
        """The session that the client is in, and as whom. Raises RpcError (`not-joined`, `still-awaited`)."""
        session, member = self.known()
        if session.is_awaited(member):
            raise RpcError(Reason.STILL_AWAITED, "You have not been let in yet.")
        return session, member

    def known(self) -> tuple[LiveSession, Member]:
        """The session that the client is in, or waits for, and as whom. Raises RpcError (`not-joined`)."""
        if self.session is None or self.member is None or self.member.client_id not in self.session.members:
            raise RpcError("not-joined", "Join first: nothing else is possible before.")
        return self.session, self.member

    def require_unjoined(self) -> None:
        """Raises RpcError (`already-joined`)."""
        if self.member is not None:
            raise RpcError("already-joined", "This connection has joined a session: open another one.")

    def forget(self) -> None:
        """Belong to nobody again."""
        self.session = self.member = self.after_reply = None

    def enter(self, session: LiveSession, member: Member, *, after: int) -> None:
        """Belong to a member from now on; events after number `after` follow the answer."""
        self.session = session
        self.member = member
        self.after_reply = lambda: session.attach(member, self.socket, after)


Method = Callable[[Services, Client, Any], Awaitable[object]]
"""Carries out a request whose parameters (the third argument) fit the model of the method."""
