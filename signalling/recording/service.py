"""Recording as it is carried out: brings sessions, recorders and media nodes together."""

import asyncio
import secrets
from collections.abc import Callable
from functools import partial

import structlog

from sfu.link_messages import Reply
from sfu.recording_messages import (
    CompositeFailed,
    CompositeProgress,
    FileKnown,
    FileStored,
    RecorderCommand,
    RecorderHello,
    RecorderLoad,
    RecorderMessage,
    RecorderReply,
    SegmentFailed,
)
from signalling.clock import Clock
from signalling.domain.effects import BeginRecording, FinishRecording
from signalling.domain.recording import RecordingFailed
from signalling.link_requests import PeerGoneError
from signalling.live.recording import Recorded
from signalling.nodes import Nodes
from signalling.recording.composites import Composites
from signalling.recording.dispatch import Dispatch
from signalling.recording.files import FileKeeper
from signalling.recording.job import Task
from signalling.recording.links import Fault, RecorderLinks
from signalling.recording.orders import Order, PlaceTap, RemoveTap, TellRecorder, TellSession
from signalling.recording.recorders import Recorder

log = structlog.get_logger()


class RecordingService:
    """The `Recording` of live sessions. What it tells them comes after whatever they are doing.

    `changed` is called, with whether there is a recorder, when that changes.
    """

    def __init__(
        self,
        secret: str,
        nodes: Nodes,
        clock: Clock,
        files: FileKeeper,
        *,
        reply_timeout: float,
        recorder_grace: float,
        recorder_patience: float,
        count: Callable[[str], None],
    ) -> None:
        """`count` is told what becomes of segments: `begun`, `moved`, `failed`, `finished`. Times are in seconds."""
        self.links = RecorderLinks(secret, self, reply_timeout=reply_timeout)
        self.composites = Composites()
        self.changed: Callable[[bool], None] = lambda available: None
        self._nodes = nodes
        self._clock = clock
        self._files = files
        self._count = count
        self._dispatch = Dispatch(recorder_grace, recorder_patience)
        self._available = False
        self._sessions: dict[str, Recorded] = {}
        self._timer: asyncio.TimerHandle | None = None

    @property
    def available(self) -> bool:
        return self._available

    def recorders(self) -> list[Recorder]:
        """Those that are linked."""
        return self._dispatch.linked()

    async def close(self) -> None:
        """Close all links."""
        await self.links.close()
        if self._timer is not None:
            self._timer.cancel()

    # What sessions want.

    def begin(self, session: Recorded, effect: BeginRecording) -> None:
        task = Task(
            segment_id=f"{session.conf_num}-{effect.kind}-{effect.segment}-{secrets.token_hex(4)}",
            token=secrets.token_urlsafe(32),
            conf_num=session.conf_num,
            kind=effect.kind,
            segment=effect.segment,
            room=session.room,
            layout=effect.layout,
        )
        self._sessions[session.conf_num] = session
        log.info("recording begins", conf_num=session.conf_num, segment_id=task.segment_id)
        self._count("begun")
        self._carry_out(self._dispatch.begin(task, session.scene(), self._clock.now()))

    def finish(self, conf_num: str, effect: FinishRecording) -> None:
        log.info("recording ends", conf_num=conf_num, kind=effect.kind)
        self._count("finished")
        self._carry_out(self._dispatch.finish(conf_num, effect.kind))

    def follow(self, session: Recorded) -> None:
        if self._dispatch.is_recording(session.conf_num):
            self._carry_out(self._dispatch.follow(session.conf_num, session.scene(), self._clock.now()))

    def node_returned(self, session: Recorded) -> None:
        if self._dispatch.is_recording(session.conf_num):
            self._carry_out(self._dispatch.node_returned(session.conf_num, session.scene(), self._clock.now()))

    # What recorders say.

    def recorder_linked(self, hello: RecorderHello, *, is_local: bool) -> None:
        self._carry_out(self._dispatch.link(hello, self._clock.now(), is_local=is_local))

    def recorder_lost(self, recorder_id: str) -> None:
        self._dispatch.unlink(recorder_id, self._clock.now())
        self._carry_out([])

    def recorder_faulty(self, recorder_id: str, fault: Fault) -> None:
        self._carry_out(self._dispatch.fault(recorder_id, fault, self._clock.now()))

    def recorder_replied(self, recorder_id: str, command: RecorderCommand, reply: RecorderReply) -> None:
        self._carry_out(self._dispatch.replied(recorder_id, command, reply))

    def recorder_said(self, recorder_id: str, message: RecorderMessage) -> None:
        match message:
            case SegmentFailed():
                log.error(
                    "a segment broke off", segment_id=message.segment_id, reason=message.reason, why=message.message
                )
                self._carry_out(self._dispatch.segment_failed(recorder_id, message, self._clock.now()))
            case RecorderLoad():
                self._dispatch.reported(recorder_id, message)
                self._carry_out([])
            case FileStored():
                self.composites.stored(message)
                known = FileKnown(request_id=0, file_id=message.file_id)
                self._files.take(message, lambda: self.links.send(recorder_id, known))
            case CompositeProgress():
                self.composites.progressed(message)
            case CompositeFailed():
                log.error("a composite failed", conf_num=message.conf_num, segment=message.segment, why=message.message)
                self.composites.failed(message)

    def _carry_out(self, orders: list[Order]) -> None:
        for order in orders:
            match order:
                case TellRecorder():
                    self.links.send(order.recorder_id, order.command)
                case PlaceTap():
                    self._place_tap(order)
                case RemoveTap():
                    self._remove_tap(order)
                case TellSession():
                    self._tell_session(order)
        self._tell_availability()
        self._forget_sessions()
        self._set_timer()

    def _place_tap(self, order: PlaceTap) -> None:
        node = self._nodes.find(order.place.node_id)
        if node is None:
            return  # Its end is told by whoever watches nodes.
        node.taps.add(order.command.tap_id)
        node.send(order.command).add_done_callback(partial(self._tap_answered, order))

    def _tap_answered(self, order: PlaceTap, reply: "asyncio.Future[Reply]") -> None:
        if reply.cancelled() or isinstance(reply.exception(), PeerGoneError):
            return  # When the node is back, the tap is put again.
        accepted = reply.exception() is None and reply.result().error is None
        self._carry_out(self._dispatch.tap_answered(order.command.tap_id, order.place, accepted, self._clock.now()))

    def _remove_tap(self, order: RemoveTap) -> None:
        node = self._nodes.find(order.node_id)
        if node is not None:
            node.taps.discard(order.command.tap_id)
            node.send(order.command)

    def _tell_session(self, order: TellSession) -> None:
        outcome = order.outcome
        if isinstance(outcome, RecordingFailed):
            log.error("recording failed", conf_num=order.conf_num, kind=outcome.kind, reason=outcome.reason)
            self._count("failed")
        else:
            log.warning("recording moves to another segment", conf_num=order.conf_num, kind=outcome.kind)
            self._count("moved")
        # Not at once: the session may be in the middle of its effects.
        asyncio.get_running_loop().call_soon(self._sessions[order.conf_num].apply, outcome)

    def _tell_availability(self) -> None:
        if self._dispatch.available != self._available:
            self._available = self._dispatch.available
            asyncio.get_running_loop().call_soon(self._announce_availability)

    def _announce_availability(self) -> None:
        self.changed(self._available)

    def _forget_sessions(self) -> None:
        for conf_num in [one for one in self._sessions if not self._dispatch.is_recording(one)]:
            del self._sessions[conf_num]

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._dispatch.next_deadline()
        if deadline is not None:
            delay = max(deadline - self._clock.now(), 0)
            self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    def _tick(self) -> None:
        self._carry_out(self._dispatch.tick(self._clock.now()))
