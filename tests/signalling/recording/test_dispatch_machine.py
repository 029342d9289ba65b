"""Whatever happens in whatever order: a recording has a recorder, or its session knows that it has none."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sfu.recording_messages import FinishSegment, PutSegment, RecorderReply, SegmentFailed
from signalling.domain.recording import RecordingFailed, RecordingMoved
from signalling.recording.dispatch import Dispatch
from signalling.recording.orders import Order, PlaceTap, RemoveTap, TellRecorder, TellSession
from signalling.recording.scene import NOBODY, Scene, Someone
from tests.support.dispatching import GRACE, PATIENCE, PLACE, hello, task

RECORDERS = st.sampled_from(["r1", "r2", "r3"])
SESSIONS = st.sampled_from(["CONF-100001", "CONF-100002"])
CAPACITY = 1


class DispatchMachine(RuleBasedStateMachine):
    """Plays the sessions, the node and the recorders. `wanted` are the segments that sessions think are recorded."""

    def __init__(self) -> None:
        super().__init__()
        self.dispatch = Dispatch(GRACE, PATIENCE)
        self.now = 0.0
        self.segments = 0
        self.wanted: dict[str, str] = {}
        self.taps: set[str] = set()
        self.recorded: dict[str, set[str]] = {}
        self.places: dict[str, Any] = {}

    def carry_out(self, orders: list[Order]) -> None:
        for order in orders:
            match order:
                case PlaceTap(place, command):
                    self.taps.add(command.tap_id)
                    self.carry_out(self.dispatch.tap_answered(command.tap_id, place, True, self.now))
                case RemoveTap(_, command):
                    self.taps.discard(command.tap_id)
                case TellRecorder(recorder_id, command):
                    self.obey(recorder_id, command)
                case TellSession(conf_num, outcome):
                    self.hear(conf_num, outcome)

    def obey(self, recorder_id: str, command: Any) -> None:
        assert recorder_id in self.recorded, "nothing is said to who is not there"
        match command:
            case PutSegment():
                self.recorded[recorder_id].add(command.segment_id)
                self.carry_out(self.dispatch.replied(recorder_id, command, RecorderReply(request_id=0)))
            case FinishSegment():
                self.recorded[recorder_id].discard(command.segment_id)

    def hear(self, conf_num: str, outcome: RecordingMoved | RecordingFailed) -> None:
        if not self.wanted.get(conf_num, "").endswith(f"-{outcome.segment}"):
            return
        del self.wanted[conf_num]
        if isinstance(outcome, RecordingMoved):
            self.start(conf_num)

    def scene(self, conf_num: str) -> Scene:
        return Scene({"ann": Someone("Ann", "moderator")}, NOBODY, self.places.get(conf_num, PLACE))

    @rule(conf_num=SESSIONS)
    def start(self, conf_num: str) -> None:
        if conf_num in self.wanted:
            return
        self.segments += 1
        given = task(self.segments, conf_num)
        self.wanted[conf_num] = given.segment_id
        self.carry_out(self.dispatch.begin(given, self.scene(conf_num), self.now))

    @rule(conf_num=SESSIONS)
    def stop(self, conf_num: str) -> None:
        self.wanted.pop(conf_num, None)
        self.carry_out(self.dispatch.finish(conf_num, "individual"))

    @rule(conf_num=SESSIONS, has_media=st.booleans())
    def move_node(self, conf_num: str, has_media: bool) -> None:
        self.places[conf_num] = PLACE if has_media else None
        if not has_media:  # The node is gone, with all its taps.
            self.taps = {tap for tap in self.taps if not tap.startswith(conf_num)}
        self.carry_out(self.dispatch.follow(conf_num, self.scene(conf_num), self.now))

    @rule(conf_num=SESSIONS)
    def return_node(self, conf_num: str) -> None:
        self.carry_out(self.dispatch.node_returned(conf_num, self.scene(conf_num), self.now))

    @rule(recorder_id=RECORDERS, keeps=st.booleans())
    def link(self, recorder_id: str, keeps: bool) -> None:
        kept = self.recorded.get(recorder_id, set()) if keeps else set()
        self.recorded[recorder_id] = set(kept)
        given = hello(recorder_id, *sorted(kept), capacity=CAPACITY)
        self.carry_out(self.dispatch.link(given, self.now, is_local=True))

    @rule(recorder_id=RECORDERS)
    def unlink(self, recorder_id: str) -> None:
        self.dispatch.unlink(recorder_id, self.now)

    @rule(recorder_id=RECORDERS)
    def misbehave(self, recorder_id: str) -> None:
        self.carry_out(self.dispatch.fault(recorder_id, "garbage", self.now))

    @rule(recorder_id=RECORDERS)
    def fail(self, recorder_id: str) -> None:
        for segment_id in sorted(self.recorded.get(recorder_id, ())):
            if self.is_linked(recorder_id):
                self.recorded[recorder_id].discard(segment_id)
                broke = SegmentFailed(segment_id=segment_id, reason="internal-error", message="")
                self.carry_out(self.dispatch.segment_failed(recorder_id, broke, self.now))

    @rule(seconds=st.sampled_from([0.1, GRACE, PATIENCE]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.carry_out(self.dispatch.tick(self.now))

    def is_linked(self, recorder_id: str) -> bool:
        return recorder_id in {one.recorder_id for one in self.dispatch.linked()}

    @invariant()
    def every_recording_has_a_recorder(self) -> None:
        owned = [segment for one in self.dispatch.recorders.values() for segment in one.segments]
        assert sorted(owned) == sorted(self.wanted.values())

    @invariant()
    def nobody_has_too_much_to_do(self) -> None:
        assert all(one.weight <= CAPACITY for one in self.dispatch.recorders.values())

    @invariant()
    def linked_recorders_record_what_they_should(self) -> None:
        for one in self.dispatch.linked():
            with_media = {
                segment_id
                for conf_num, segment_id in self.wanted.items()
                if segment_id in one.segments and self.places.get(conf_num, PLACE) is not None
            }
            assert with_media <= self.recorded[one.recorder_id] <= one.segments.keys()

    @invariant()
    def there_is_no_tap_of_what_is_not_recorded(self) -> None:
        assert self.taps <= set(self.wanted.values())


TestDispatchMachine = DispatchMachine.TestCase
TestDispatchMachine.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
