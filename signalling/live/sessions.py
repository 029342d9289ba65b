"""All running sessions: found by room, by resume token, by what a media node speaks of; opened and ended."""

import asyncio
from collections.abc import Callable
from weakref import WeakValueDictionary

import structlog

from sfu.link_messages import SlotsFilled, StageChanged, TrackLimited, TransportState, TransportStats
from signalling.api.sessions import ActiveUser
from signalling.domain.decrees import NO_DECREES, Decrees
from signalling.domain.events import MediaLossReason
from signalling.domain.presence import Interrupt
from signalling.domain.quality import LimitTrack
from signalling.domain.recording import RecordersChanged
from signalling.domain.roles import permissions_of
from signalling.domain.room import Room
from signalling.live.member import Member
from signalling.live.session import LiveSession, Surroundings
from signalling.nodes import Node
from signalling.store.inheritance import Inheritance

log = structlog.get_logger()


class LiveSessions:
    """The handler of what media nodes say, and the answer to what APIs ask about running sessions."""

    def __init__(self, surroundings: Surroundings, session_ended: Callable[[], None] | None = None) -> None:
        """`session_ended` is called when the end of a session is in the journal."""
        self.around = surroundings
        self.returnable_until = 0.0
        """Until when (Unix seconds) people may come back whose sessions the last restart interrupted."""
        self._session_ended = session_ended
        self._by_room: dict[str, LiveSession] = {}
        self._by_conf_num: dict[str, LiveSession] = {}
        self._resumable: dict[str, tuple[LiveSession, Member]] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def lock(self, room_id: str) -> asyncio.Lock:
        """Held while someone joins, so that a room does not get two sessions or more people than it takes."""
        lock = self._locks.get(room_id)
        if lock is None:
            lock = self._locks[room_id] = asyncio.Lock()
        return lock

    def find(self, room_id: str) -> LiveSession | None:
        return self._by_room.get(room_id)

    async def open(self, room: Room) -> LiveSession:
        """Open a session in a room that has none; the caller holds the room's lock and lets someone join at once.

        Raises UnknownRoomError when the room was deleted a moment ago.
        """
        # The end of the session before this one may not be in the database yet.
        await self.around.journal.drained()
        inheritance = await self._inheritance(room.room_id)
        conf_num = await self.around.store.sessions.open(room.room_id, self.around.clock.wall(), inheritance)
        inherited = inheritance.decrees if inheritance else NO_DECREES
        session = LiveSession(
            room,
            conf_num,
            self.around,
            ends_at=self._end_of(room, inherited.extended * 60),
            inherited=inherited,
            left=self._forget_member,
            ended=self._forget,
        )
        session.apply(RecordersChanged(self.around.recording.available))
        self._by_room[room.room_id] = session
        self._by_conf_num[conf_num] = session
        log.info("session opened", conf_num=conf_num, room_id=room.room_id)
        return session

    async def inherited(self, room_id: str) -> Decrees:
        """What stands in a room that has no session, from one that a restart interrupted a moment ago."""
        inheritance = await self._inheritance(room_id)
        return inheritance.decrees if inheritance else NO_DECREES

    async def _inheritance(self, room_id: str) -> Inheritance | None:
        now = self.around.clock.wall()
        if now >= self.returnable_until:
            return None
        await self.around.journal.drained()
        return await self.around.store.sessions.inheritance(room_id, now)

    def _end_of(self, room: Room, extended: float) -> float | None:
        """When a session of a room that begins now will end, on the clock of sessions. `extended` is in seconds."""
        clock = self.around.clock
        over_at = room.over_at
        if room.settings.kind == "adhoc" and room.first_session_at is None and room.settings.duration is not None:
            # This is the first session: the time of the room begins with it.
            over_at = clock.wall() + room.settings.duration * 60
        return None if over_at is None else clock.now() + over_at + extended - clock.wall()

    def remember(self, session: LiveSession, member: Member) -> None:
        """Let a member resume."""
        self._resumable[member.resume_token] = (session, member)

    def resumable(self, resume_token: str) -> tuple[LiveSession, Member] | None:
        """Whose token it is, None when that participant is gone or never was."""
        return self._resumable.get(resume_token)

    def all(self) -> list[LiveSession]:
        return list(self._by_conf_num.values())

    def interrupt_all(self) -> None:
        """The process stops; people come back when it was started again."""
        for session in self.all():
            session.apply(Interrupt("The server is being restarted: the session goes on in a moment."))

    def recorders_changed(self, available: bool) -> None:
        """The first recorder has linked, or the last one is gone."""
        for session in self.all():
            session.apply(RecordersChanged(available))

    # What APIs ask.

    def is_active(self, room_id: str) -> bool:
        return room_id in self._by_room

    def active_users(self, room_id: str) -> list[ActiveUser]:
        session = self._by_room.get(room_id)
        participants = session.session.state.participants.values() if session else ()
        return [ActiveUser(one.name, one.user_ref, one.role, permissions_of(one.role)) for one in participants]

    # What media nodes say.

    def transport_state(self, node: Node, message: TransportState) -> None:
        if message.state == "connected":
            return
        log.warning("a transport is gone", transport_id=message.transport_id, state=message.state, why=message.reason)
        reason: MediaLossReason = "transport-failed" if message.state == "failed" else "transport-lost"
        for session in self._on(node):
            session.transport_lost(message.transport_id, reason)

    def stage_changed(self, node: Node, message: StageChanged) -> None:
        session = self._by_conf_num.get(message.router_id)
        if session is not None and session.media.node is node:
            session.stage_changed(message)

    def slots_filled(self, node: Node, message: SlotsFilled) -> None:
        session = self._by_conf_num.get(message.router_id)
        if session is not None and session.media.node is node:
            session.slots_filled(message)

    def transport_stats(self, node: Node, message: TransportStats) -> None:
        session = self._by_conf_num.get(message.router_id)
        if session is not None and session.media.node is node:
            session.measured(message)

    def track_limited(self, node: Node, message: TrackLimited) -> None:
        for session in self._on(node):
            client_id = session.media.owners.get(message.transport_id)
            if client_id is not None:
                session.apply(LimitTrack(client_id, message.transport_id, message.track_id, message.layers))

    def transports_gone(self, node: Node, transport_ids: set[str]) -> None:
        for session in self._on(node):
            for transport_id in transport_ids & session.media.owners.keys():
                session.transport_lost(transport_id, "node-gone")

    def node_returned(self, node: Node) -> None:
        for session in self._on(node):
            session.node_returned(node)

    def node_gone(self, node: Node) -> None:
        for session in self._on(node):
            session.node_gone()

    def _on(self, node: Node) -> list[LiveSession]:
        return [session for session in self.all() if session.media.node is node]

    def _forget_member(self, member: Member) -> None:
        self._resumable.pop(member.resume_token, None)

    def _forget(self, session: LiveSession) -> None:
        log.info("session ended", conf_num=session.conf_num)
        self._by_conf_num.pop(session.conf_num, None)
        if self._by_room.get(session.room.room_id) is session:
            del self._by_room[session.room.room_id]
        if self._session_ended is not None:
            self._session_ended()
