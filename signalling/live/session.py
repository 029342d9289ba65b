"""A running session: applies inputs to the pure session and carries out its effects."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from sfu.link_messages import Reply, SlotsFilled, StageChanged, TransportStats
from signalling.clock import Clock
from signalling.domain import effects, media, presence, talkers
from signalling.domain.decrees import NO_DECREES, Decrees
from signalling.domain.effects import Effect
from signalling.domain.events import ActiveTalkersUpdated, MediaLossReason
from signalling.domain.room import Role, Room
from signalling.domain.session import Input, Session
from signalling.domain.views import SessionView
from signalling.journal import Journal
from signalling.journal.entries import ConnectionBegan, ConnectionEnded, Happened, SessionEnded, UsageMeasured
from signalling.live.encoding import SessionEncoder, encode_event
from signalling.live.media import SessionMedia
from signalling.live.member import Member
from signalling.live.negotiation import Agreement, MediaEntry, NodeEnd, agree
from signalling.live.outbox import Sink
from signalling.live.recording import NoRecorders, Recording
from signalling.live.session_log import log_lines
from signalling.nodes import Node, Nodes
from signalling.recording.scene import Place, Scene, Someone, Stage
from signalling.reports import SessionMeter, Usage
from signalling.store import Store

log = structlog.get_logger()

MANY = 50
"""Where an event goes to so many, others like it go to them soon."""


class NoMediaNodeError(ConnectionError):
    """No media node serves the room's zone now, or the one that did is gone."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every running session needs. `resume_grace` is in seconds."""

    store: Store
    journal: Journal
    clock: Clock
    nodes: Nodes
    resume_grace: float
    recording: Recording = field(default_factory=NoRecorders)


class LiveSession:
    """`left` is called for each member who is gone for good, `ended` once, when nobody is left."""

    def __init__(
        self,
        room: Room,
        conf_num: str,
        surroundings: Surroundings,
        *,
        ends_at: float | None = None,
        inherited: Decrees = NO_DECREES,
        left: Callable[[Member], None],
        ended: Callable[["LiveSession"], None],
    ) -> None:
        self.room = room
        self.conf_num = conf_num
        self.session = Session(room, conf_num, surroundings.resume_grace, ends_at, inherited)
        self.members: dict[str, Member] = {}
        self.media = SessionMedia(conf_num, room.settings.max_active_talkers, self._lose_media)
        self._meter = SessionMeter()
        self.encoder = SessionEncoder()
        self.recording = surroundings.recording
        self._around = surroundings
        self._left = left
        self._ended = ended
        self._timer: asyncio.TimerHandle | None = None

    def apply(self, given: Input) -> "list[asyncio.Future[Reply]]":
        """Apply one input and carry out what follows from it, all before anything else happens.

        Returns the replies that are awaited from the node for transports that were put. Raises RefusedError.
        """
        replies: list[asyncio.Future[Reply]] = []
        now = self._around.clock.now()
        following = self.session.handle(given, now)
        self._meter.follow(following, now)
        self._log(given, following, now)
        for effect in following:
            self._carry_out(effect, replies)
        if self.session.state.recording.running:
            self.recording.follow(self)
        self._set_timer()
        return replies

    def join(self, member: Member, join: presence.Join) -> None:
        """Take in somebody new, or let them wait. Raises RefusedError."""
        self.members[member.client_id] = member
        try:
            self.apply(join)
        except ValueError:
            del self.members[member.client_id]
            raise

    def is_awaited(self, member: Member) -> bool:
        """Whether someone waits to be let in."""
        return member.client_id in self.session.state.lobby

    def view_for(self, member: Member) -> SessionView:
        """What the participant sees. Raises RefusedError when they are no longer in."""
        return self.session.view_for(member.client_id)

    def time_left(self) -> float | None:
        """Seconds until the session ends by itself, None when it does not."""
        return self.session.state.time_left(self._around.clock.now())

    def scene(self) -> Scene:
        """What recorders need to know of the session as it is now."""
        state, node = self.session.state, self.media.node
        talkers = state.active_talkers()
        return Scene(
            {one.client_id: Someone(one.name, one.role) for one in state.participants.values()},
            Stage(tuple(one.client_id for one in talkers), tuple(one.client_id for one in talkers if one.speaking)),
            None if node is None else Place(node.node_id, node.tap, node.candidates),
        )

    def find_node(self) -> Node:
        """The node that has the session, or the one that it would get. Raises NoMediaNodeError."""
        if self.media.node is None:
            return find_node(self._around.nodes, self.room)
        if not self.media.node.linked:
            raise NoMediaNodeError("The media node of this session is away: try again soon.")
        return self.media.node

    async def negotiate(self, member: Member, offer: str, entries: Sequence[MediaEntry]) -> Agreement:
        """Agree on the media of a participant, and return when the node has taken it.

        Raises SdpError and RefusedError, which leave everything as it was, and NoMediaNodeError, after which the
        participant has no media.
        """
        async with member.negotiating:
            role = self.session.state.participant(member.client_id).role
            node = self.find_node()
            agreement = agree_with(node, offer, entries, self.room, role, self._current(member))
            await self.settle(member, node, agreement)
            return agreement

    async def settle(self, member: Member, node: Node, agreement: Agreement) -> None:
        """Make an agreement the participant's media. Raises RefusedError and NoMediaNodeError, as `negotiate` does."""
        if not node.linked or self.media.node not in (None, node):
            raise NoMediaNodeError("The media node is gone, or the session has moved to another one: negotiate again.")
        if self.media.node is None:
            self.media.use(node)
        before, member.agreement = member.agreement, agreement
        try:
            replies = self.apply(agreement.input_for(member.client_id))
        except ValueError:
            member.agreement = before
            raise
        # Waiting, instead of awaiting the replies themselves: a cancelled client must not cancel those.
        await asyncio.wait(replies)
        if any(reply.exception() is not None or reply.result().error is not None for reply in replies):
            self._lose_media(member.client_id, agreement.transport_id, "node-gone")
            raise NoMediaNodeError("The media node did not take the transport.")

    def attach(self, member: Member, sink: Sink, after: int) -> None:
        """Let a connection have the participant's events after number `after`; one that had them before is closed."""
        old = member.outbox.sink
        if old is not None and old is not sink:
            member.replace(old)
        member.outbox.attach(sink, after)

    def connection_lost(self, member: Member, sink: Sink, *, left: bool) -> None:
        """A connection is closed. `left` says that the client meant it, and will not resume."""
        if member.outbox.detach(sink) and member.client_id in self.members:
            kind = presence.Leave if left else presence.LoseConnection
            self.apply(kind(member.client_id))

    def stage_changed(self, message: StageChanged) -> None:
        self.apply(talkers.ChangeStage(message.endpoints, frozenset(message.speaking)))

    def slots_filled(self, message: SlotsFilled) -> None:
        owners = self.media.owners
        known = {(owners[one], one): slots for one, slots in message.transports.items() if one in owners}
        self.apply(talkers.FillSlots(known))

    def measured(self, message: TransportStats) -> None:
        for transport_id, figures in message.transports.items():
            client_id = self.media.owners.get(transport_id)
            if client_id is not None:
                self._meter.measured(client_id, figures)

    def note_usage(self) -> None:
        """Write down what was measured of everyone, for the reports of those whose process dies."""
        now = self._around.clock.now()
        news = self._meter.news(now)
        if news:
            self._around.journal.write(*(self._usage_entry(client_id, usage, now) for client_id, usage in news.items()))

    def transport_lost(self, transport_id: str, reason: MediaLossReason) -> None:
        client_id = self.media.owners.get(transport_id)
        if client_id is not None:
            self._lose_media(client_id, transport_id, reason)

    def node_gone(self) -> None:
        self.media.forget_node()
        self._meter.media_gone(self._around.clock.now())
        self.apply(media.LoseNode("node-gone"))

    def node_returned(self, node: Node) -> None:
        """Bring a node up to date that was away for a moment, or began anew and knows nothing of the session."""
        self.media.use(node)
        # Before anybody's tracks are there, for some may have to be left out.
        self.recording.node_returned(self)
        for participant in self.session.state.participants.values():
            if participant.media is not None:
                self._carry_out(media.put_transport(participant), [])

    def _carry_out(self, effect: Effect, replies: "list[asyncio.Future[Reply]]") -> None:
        match effect:
            case effects.Notify(to=()):
                return
            case effects.Notify(to=(client_id,), event=ActiveTalkersUpdated() as talking):
                self.members[client_id].outbox.put(self.encoder.talkers(client_id, talking))
            case effects.Notify():
                event = encode_event(effect.event)
                hurried = effect.event.hurried or len(effect.to) < MANY
                for client_id in effect.to:
                    self.members[client_id].outbox.put(event, hurried=hurried)
            case effects.Disconnect():
                self.members[effect.client_id].dismiss(effect.reason, effect.message)
            case effects.PutTransport():
                agreement = self.members[effect.client_id].agreement
                reply = self.media.put(effect, agreement) if agreement is not None else None
                if reply is not None:
                    replies.append(reply)
            case effects.DeleteTransport():
                self.media.delete(effect)
            case effects.PauseTracks():
                self.media.pause(effect)
            case effects.LimitSlots():
                self.media.limit(effect)
            case effects.ArrangeStage():
                self.media.arrange(effect)
            case effects.RecordJoin():
                self._record_join(effect)
            case effects.RecordLeave():
                self._record_leave(effect)
            case effects.Forget():
                self._left(self.members.pop(effect.client_id))
            case effects.BeginRecording():
                self.recording.begin(self, effect)
            case effects.FinishRecording():
                self.recording.finish(self.conf_num, effect)
            case effects.EndSession(interrupted):
                self._end(interrupted=interrupted)

    def _log(self, given: Input, following: Sequence[Effect], now: float) -> None:
        """Keep what belongs into the session's log, before anybody is told of it."""
        at = self._around.clock.wall_at(now)
        lines = [
            Happened(
                conf_num=self.conf_num,
                at=at,
                event_id=secrets.token_hex(16),
                name=line.name,
                client_id=line.client_id,
                details=line.details,
            )
            for line in log_lines(given, following)
        ]
        if lines:
            self._around.journal.write(*lines)

    def _record_join(self, effect: effects.RecordJoin) -> None:
        member = self.members[effect.client_id]
        self._around.journal.write(
            ConnectionBegan(
                conf_num=self.conf_num,
                at=self._around.clock.wall(),
                client_id=member.client_id,
                name=effect.name,
                role=effect.role,
                user_ref=effect.user_ref,
                address=member.address,
                agent=member.agent,
            )
        )

    def _record_leave(self, effect: effects.RecordLeave) -> None:
        self._left(self.members.pop(effect.client_id))
        self.encoder.forget(effect.client_id)
        log.info("left", conf_num=self.conf_num, client_id=effect.client_id, reason=effect.reason)
        usage = self._meter.leave(effect.client_id, effect.left_at)
        self._around.journal.write(
            self._usage_entry(effect.client_id, usage, effect.left_at),
            ConnectionEnded(
                conf_num=self.conf_num,
                at=self._around.clock.wall_at(effect.left_at),
                client_id=effect.client_id,
                reason=effect.reason,
            ),
        )

    def _usage_entry(self, client_id: str, usage: Usage, at: float) -> UsageMeasured:
        wall = self._around.clock.wall_at(at)
        return UsageMeasured(conf_num=self.conf_num, at=wall, client_id=client_id, usage=usage)

    def _end(self, *, interrupted: bool) -> None:
        self.media.end()
        wall = self._around.clock.wall()
        self._around.journal.write(SessionEnded(conf_num=self.conf_num, at=wall, interrupted=interrupted))
        self._ended(self)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self.session.next_deadline()
        if deadline is not None:
            delay = max(deadline - self._around.clock.now(), 0)
            self._timer = asyncio.get_running_loop().call_later(delay, self.apply, presence.Tick())

    def _lose_media(self, client_id: str, transport_id: str, reason: MediaLossReason) -> None:
        self.apply(media.LoseMedia(client_id, transport_id, reason))

    def _current(self, member: Member) -> Agreement | None:
        """What was agreed for the transport that the participant has now, if they have one."""
        current = self.session.state.participant(member.client_id).media
        agreement = member.agreement
        if current is None or agreement is None or current.transport_id != agreement.transport_id:
            return None
        return agreement


def find_node(nodes: Nodes, room: Room) -> Node:
    """The best node for a new session of a room. Raises NoMediaNodeError."""
    node = nodes.choose(room.settings.media_zone)
    if node is None:
        raise NoMediaNodeError("No media node can serve this room at the moment: try again soon.")
    return node


def agree_with(
    node: Node, offer: str, entries: Sequence[MediaEntry], room: Room, role: Role, previous: Agreement | None
) -> Agreement:
    """Answer an offer for a node. Raises SdpError."""
    return agree(
        offer,
        entries,
        settings=room.settings,
        role=role,
        node=NodeEnd(node.fingerprint, node.candidates),
        previous=previous,
    )
