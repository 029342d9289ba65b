"""What becomes of a recording when its recorder is lost, fails, or is interrupted."""

import pytest

from sfu.recording_messages import (
    FinishSegment,
    PutSegment,
    PutStage,
    RecorderReply,
    SegmentFailed,
)
from signalling.domain.recording import RecordingFailed, RecordingMoved
from signalling.recording.dispatch import LASTING, MAX_INTERRUPTIONS, Dispatch
from signalling.recording.orders import RemoveTap
from signalling.recording.scene import Scene, Someone
from tests.support.dispatching import (
    GRACE,
    PATIENCE,
    PLACE,
    SCENE,
    hello,
    linked,
    outcomes,
    recording,
    tap_ready,
    task,
    told,
)

MOVED = [RecordingMoved("individual", 1)]
GONE = [RecordingFailed("individual", 1, "recorder-gone", "The recorder is gone, and there is no other.")]


def test_a_recorder_that_comes_back_in_time_goes_on() -> None:
    dispatch = linked("r1", "r2")
    given = recording(dispatch)
    dispatch.unlink("r1", 10.0)
    later = {**SCENE.people, "eve": Someone("Eve", "participant")}
    assert dispatch.follow(given.conf_num, Scene(later, SCENE.stage, PLACE), 10.5) == []
    assert dispatch.next_deadline() == 10.0 + GRACE
    orders = dispatch.link(hello("r1", given.segment_id), 10.0 + GRACE - 0.1, is_local=True)
    ((recorder_id, put),) = told(orders, PutSegment)
    assert recorder_id == "r1" and put.segment_id == given.segment_id and "eve" in put.people
    assert dispatch.tick(10.0 + GRACE) == []


def test_a_recorder_that_stays_away_is_replaced() -> None:
    dispatch = linked("r1", "r2")
    given = recording(dispatch)
    dispatch.unlink("r1", 10.0)
    assert dispatch.tick(10.0 + GRACE - 0.01) == []
    orders = dispatch.tick(10.0 + GRACE)
    assert outcomes(orders) == MOVED and len([one for one in orders if isinstance(one, RemoveTap)]) == 1
    ((recorder_id, put),) = told(tap_ready(dispatch, dispatch.begin(task(2), SCENE, 12.0)), PutSegment)
    assert (recorder_id, put.segment) == ("r2", 2)
    # It has recorded on, but for nobody.
    back = dispatch.link(hello("r1", given.segment_id), 20.0, is_local=True)
    assert told(back, FinishSegment) == [("r1", FinishSegment(request_id=0, segment_id=given.segment_id))]


@pytest.mark.parametrize("saviour", ["r1", "r2"])
def test_without_another_recorder_one_is_waited_for(saviour: str) -> None:
    dispatch = linked("r1")
    recording(dispatch)
    dispatch.unlink("r1", 10.0)
    assert dispatch.tick(10.0 + GRACE) == []
    # The one that died was started again and knows nothing of the segment, or another one came.
    assert outcomes(dispatch.link(hello(saviour), 10.0 + GRACE + 1, is_local=True)) == MOVED
    assert outcomes(dispatch.tick(10.0 + PATIENCE)) == []


def test_without_another_recorder_the_recording_has_failed() -> None:
    dispatch = linked("r1")
    given = recording(dispatch)
    dispatch.unlink("r1", 10.0)
    assert not dispatch.available
    assert dispatch.tick(10.0 + GRACE) == []
    assert dispatch.next_deadline() == 10.0 + PATIENCE
    assert outcomes(dispatch.tick(10.0 + PATIENCE)) == GONE
    assert not dispatch.is_recording(given.conf_num)


def test_a_recorder_that_comes_back_without_its_segment_begins_another() -> None:
    dispatch = linked("r1")
    recording(dispatch)
    dispatch.unlink("r1", 10.0)
    assert outcomes(dispatch.link(hello("r1"), 10.5, is_local=True)) == MOVED
    ((recorder_id, put),) = told(tap_ready(dispatch, dispatch.begin(task(2), SCENE, 10.5)), PutSegment)
    assert (recorder_id, put.segment) == ("r1", 2)


def test_a_segment_whose_beginning_was_lost_with_the_link_is_begun_when_it_is_back() -> None:
    dispatch, given = linked("r1"), task()
    tap_ready(dispatch, dispatch.begin(given, SCENE, 0.0))
    dispatch.unlink("r1", 1.0)
    assert [put.segment_id for _, put in told(dispatch.link(hello("r1"), 1.5, is_local=True), PutSegment)] == [
        given.segment_id
    ]


def test_a_segment_that_was_stopped_while_its_recorder_was_away_is_finished_when_it_is_back() -> None:
    dispatch = linked("r1")
    given = recording(dispatch)
    dispatch.unlink("r1", 1.0)
    assert told(dispatch.finish(given.conf_num, "individual"), FinishSegment) == []
    back = dispatch.link(hello("r1", given.segment_id), 1.5, is_local=True)
    assert told(back, FinishSegment) == [("r1", FinishSegment(request_id=0, segment_id=given.segment_id))]


def test_a_segment_that_fails_is_moved_once() -> None:
    dispatch = linked("r1", "r2", "r3")
    for segment, expected in ((1, RecordingMoved("individual", 1)), (2, None)):
        given = recording(dispatch, task(segment))
        broke = SegmentFailed(segment_id=given.segment_id, reason="disk-full", message="no space")
        on = "r1" if segment == 1 else "r2"
        (outcome,) = outcomes(dispatch.segment_failed(on, broke, 1.0))
        if expected is not None:
            assert outcome == expected
        else:
            assert isinstance(outcome, RecordingFailed)
            assert (outcome.reason, outcome.segment) == ("storage-full", 2)
    assert not dispatch.is_recording("CONF-100001")


def test_a_recording_that_failed_may_be_started_anew_on_the_same_recorder() -> None:
    dispatch = linked("r1")
    given = recording(dispatch)
    broke = SegmentFailed(segment_id=given.segment_id, reason="internal-error", message="?")
    (outcome,) = outcomes(dispatch.segment_failed("r1", broke, 1.0))
    assert isinstance(outcome, RecordingFailed) and outcome.reason == "recorder-failed"
    recording(dispatch, task(2))


def test_only_the_recorder_of_a_segment_can_fail_it() -> None:
    dispatch = linked("r1", "r2")
    given = recording(dispatch)
    broke = SegmentFailed(segment_id=given.segment_id, reason="internal-error", message="?")
    assert dispatch.segment_failed("r2", broke, 1.0) == []
    assert dispatch.segment_failed("r1", broke.model_copy(update={"segment_id": "unknown"}), 1.0) == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [("disk-full", "storage-full"), ("no-browser", "layout-failed"), ("overloaded", "recorder-failed")],
)
def test_a_refused_segment_goes_to_another_recorder(error: str, reason: str) -> None:
    dispatch = linked("r1")
    refused = RecorderReply.model_validate({"request_id": 0, "error": error})
    ((_, put),) = told(tap_ready(dispatch, dispatch.begin(task(), SCENE, 0.0)), PutSegment)
    (failed,) = outcomes(dispatch.replied("r1", put, refused))
    assert isinstance(failed, RecordingFailed) and failed.reason == reason
    dispatch.link(hello("r2"), 0.0, is_local=True)
    ((_, put),) = told(tap_ready(dispatch, dispatch.begin(task(), SCENE, 0.0)), PutSegment)
    assert outcomes(dispatch.replied("r1", put, refused)) == MOVED


@pytest.mark.parametrize("why", [("disk-full", "storage-full"), ("page-failed", "layout-failed")])
def test_the_room_is_told_why_nobody_can_go_on(why: tuple[str, str]) -> None:
    dispatch = linked("r1")
    broke = SegmentFailed.model_validate(
        {"segment_id": recording(dispatch).segment_id, "reason": why[0], "message": "?"}
    )
    (failed,) = outcomes(dispatch.segment_failed("r1", broke, 1.0))
    assert isinstance(failed, RecordingFailed) and failed.reason == why[1]


def test_a_recorder_that_has_forgotten_a_segment_loses_it() -> None:
    dispatch = linked("r1", "r2")
    given = recording(dispatch)
    put = PutStage(request_id=0, segment_id=given.segment_id, stage=(), speaking=())
    assert outcomes(dispatch.replied("r1", put, RecorderReply(request_id=0, error="unknown-segment"))) == MOVED


@pytest.mark.parametrize("fault", ["silent", "garbage"])
def test_a_faulty_recorder_is_replaced_at_once(fault: str) -> None:
    dispatch = linked("r1", "r2")
    recording(dispatch)
    orders = dispatch.fault("r1", fault, 1.0)
    assert outcomes(orders) == MOVED and told(orders, FinishSegment) == []
    dispatch.link(hello("r1"), 1.1, is_local=True)
    ((recorder_id, _),) = told(tap_ready(dispatch, dispatch.begin(task(2), SCENE, 1.0)), PutSegment)
    assert recorder_id == "r2"


def test_what_is_interrupted_now_and_then_goes_on_at_the_same_recorder_as_often_as_it_takes() -> None:
    dispatch = linked("r1")
    for segment in range(1, 2 * MAX_INTERRUPTIONS):
        broke = interrupted(dispatch, segment)
        assert outcomes(dispatch.segment_failed("r1", broke, LASTING)) == [RecordingMoved("live", segment)]


def test_what_is_interrupted_again_and_again_has_failed() -> None:
    dispatch = linked("r1")
    for segment in range(1, MAX_INTERRUPTIONS + 1):
        broke = interrupted(dispatch, segment)
        assert outcomes(dispatch.segment_failed("r1", broke, 11.0)) == [RecordingMoved("live", segment)]
    (failed,) = outcomes(dispatch.segment_failed("r1", interrupted(dispatch, 9), 11.0))
    assert isinstance(failed, RecordingFailed) and failed.message == "The recorder was interrupted."


def interrupted(dispatch: Dispatch, segment: int) -> SegmentFailed:
    given = recording(dispatch, task(segment, kind="live"))
    return SegmentFailed(segment_id=given.segment_id, reason="interrupted", message="?")
