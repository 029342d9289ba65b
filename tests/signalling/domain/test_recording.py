"""Recording: who may start and stop it, when it begins by itself, and what happens when a recorder fails."""

from typing import Any

from signalling.domain.effects import BeginRecording, EndSession, FinishRecording, WebLayout
from signalling.domain.events import (
    LiveRecordingFailed,
    LiveRecordingOff,
    LiveRecordingOn,
    LiveRecordingUpdated,
    RecordFailed,
    RecordOff,
    RecordOn,
)
from signalling.domain.media import Unpublish
from signalling.domain.presence import Leave
from signalling.domain.recording import (
    RecordersChanged,
    RecordingFailed,
    RecordingMoved,
    StartLiveRecording,
    StartRecording,
    StopLiveRecording,
    StopRecording,
)
from signalling.domain.removal import Destroy
from signalling.domain.session import Session
from tests.support.sessions import make_join, moderated, negotiate, of_type, refusal, told


def with_recorder(*client_ids: str, **settings: Any) -> Session:
    session = moderated(*client_ids, **settings)
    session.handle(RecordersChanged(True), 0.0)
    return session


def test_nothing_starts_without_a_recorder() -> None:
    session = moderated("bob")
    assert refusal(session, StartRecording("mod")) == "no-recorder"
    assert refusal(session, StartLiveRecording("mod")) == "no-recorder"
    session.handle(RecordersChanged(True), 1.0)
    session.handle(RecordersChanged(False), 1.0)
    assert refusal(session, StartRecording("mod")) == "no-recorder"


def test_a_moderator_starts_and_stops_as_often_as_they_like_and_segments_are_numbered() -> None:
    session = with_recorder("bob")
    begun = []
    for _ in range(2):
        outcome = session.handle(StartRecording("mod"), 1.0)
        begun += of_type(outcome, BeginRecording)
        assert told(outcome, "bob") == told(outcome, "mod") == [RecordOn("mod")]
        assert session.view_for("bob").room_state.recording
        outcome = session.handle(StopRecording("mod"), 2.0)
        assert of_type(outcome, FinishRecording) == [FinishRecording("individual")]
        assert told(outcome, "bob") == [RecordOff("mod")]
        assert not session.view_for("bob").room_state.recording
    assert begun == [BeginRecording("individual", 1), BeginRecording("individual", 2)]


def test_only_moderators_record() -> None:
    session = with_recorder("bob")
    session.handle(make_join("vic", "viewer"), 0.0)
    for given in (StartRecording, StopRecording, StartLiveRecording, StopLiveRecording):
        for client_id in ("bob", "vic"):
            assert refusal(session, given(client_id)) == "role-forbidden"


def test_what_runs_cannot_be_started_and_what_does_not_cannot_be_stopped() -> None:
    session = with_recorder()
    assert refusal(session, StopRecording("mod")) == "not-recording"
    session.handle(StartRecording("mod"), 1.0)
    assert refusal(session, StartRecording("mod")) == "already-recording"
    assert refusal(session, StopLiveRecording("mod")) == "not-recording"


def test_a_live_recording_runs_beside_the_other_with_its_own_numbers() -> None:
    session = with_recorder("bob")
    session.handle(StartRecording("mod"), 1.0)
    layout = WebLayout("https://example.com/layout", True, {"columns": 2})
    outcome = session.handle(StartLiveRecording("mod", layout), 1.0)
    assert of_type(outcome, BeginRecording) == [BeginRecording("live", 1, layout)]
    assert told(outcome, "bob") == [LiveRecordingOn("mod")]
    state = session.view_for("bob").room_state
    assert (state.recording, state.live_recording) == (True, True)
    outcome = session.handle(StopLiveRecording("mod"), 2.0)
    assert of_type(outcome, FinishRecording) == [FinishRecording("live")]
    assert told(outcome, "bob") == [LiveRecordingOff("mod")]
    assert session.view_for("bob").room_state.recording


def test_automatic_recording_begins_with_the_first_track() -> None:
    session = with_recorder("bob", auto_recording=True)
    assert not session.view_for("bob").room_state.recording
    outcome = negotiate(session, "bob")
    assert of_type(outcome, BeginRecording) == [BeginRecording("individual", 1)]
    assert RecordOn(None) in told(outcome, "mod")


def test_automatic_recording_waits_for_a_recorder() -> None:
    session = moderated("bob", auto_recording=True)
    assert of_type(negotiate(session, "bob"), BeginRecording) == []
    outcome = session.handle(RecordersChanged(True), 2.0)
    assert of_type(outcome, BeginRecording) == [BeginRecording("individual", 1)]


def test_a_recorder_alone_begins_nothing_while_nobody_publishes() -> None:
    session = moderated("bob", auto_recording=True)
    negotiate(session, "bob")
    for track in ("t1-mic", "t1-cam"):
        session.handle(Unpublish("bob", track), 1.0)
    assert session.handle(RecordersChanged(True), 2.0) == []


def test_automatic_recording_that_was_stopped_stays_so() -> None:
    session = with_recorder("bob", auto_recording=True)
    negotiate(session, "bob")
    session.handle(StopRecording("mod"), 2.0)
    assert of_type(negotiate(session, "mod", "t2"), BeginRecording) == []
    assert session.handle(RecordersChanged(True), 3.0) == []
    assert of_type(session.handle(StartRecording("mod"), 4.0), BeginRecording) == [BeginRecording("individual", 2)]


def test_without_the_setting_nothing_begins_by_itself() -> None:
    assert of_type(negotiate(with_recorder("bob"), "bob"), BeginRecording) == []


def test_a_failure_is_told_and_ends_the_recording() -> None:
    session = with_recorder("bob")
    session.handle(StartRecording("mod"), 1.0)
    outcome = session.handle(RecordingFailed("individual", 1, "storage-full", "The disk is full."), 2.0)
    assert told(outcome, "bob") == [RecordFailed("storage-full", "The disk is full."), RecordOff(None)]
    assert of_type(outcome, FinishRecording) == []
    session.handle(StartLiveRecording("mod"), 3.0)
    outcome = session.handle(RecordingFailed("live", 1, "layout-failed", "The page does not load."), 4.0)
    expected = [LiveRecordingFailed("layout-failed", "The page does not load."), LiveRecordingOff(None)]
    assert told(outcome, "bob") == expected
    session.handle(StartRecording("mod"), 5.0)


def test_news_of_a_segment_that_is_over_is_old_news() -> None:
    session = with_recorder("bob")
    session.handle(StartRecording("mod"), 1.0)
    session.handle(StopRecording("mod"), 2.0)
    assert session.handle(RecordingFailed("individual", 1, "recorder-gone", "Gone."), 3.0) == []
    session.handle(StartRecording("mod"), 4.0)
    assert session.handle(RecordingFailed("individual", 1, "recorder-gone", "Gone."), 5.0) == []
    assert session.handle(RecordingMoved("individual", 1), 5.0) == []
    assert session.view_for("bob").room_state.recording


def test_another_recorder_goes_on_in_a_new_segment() -> None:
    session = with_recorder("bob")
    session.handle(StartRecording("mod"), 1.0)
    outcome = session.handle(RecordingMoved("individual", 1), 2.0)
    assert outcome == [BeginRecording("individual", 2)]
    layout = WebLayout("https://example.com/layout")
    session.handle(StartLiveRecording("mod", layout), 3.0)
    outcome = session.handle(RecordingMoved("live", 1), 4.0)
    assert of_type(outcome, BeginRecording) == [BeginRecording("live", 2, layout)]
    assert told(outcome, "bob") == [LiveRecordingUpdated("mod", 2)]


def test_the_end_of_the_session_ends_its_recordings_first() -> None:
    for last in (Destroy("mod"), Leave("mod")):
        session = with_recorder()
        session.handle(StartRecording("mod"), 1.0)
        session.handle(StartLiveRecording("mod"), 1.0)
        outcome = session.handle(last, 2.0)
        assert outcome[-3:] == [FinishRecording("individual"), FinishRecording("live"), EndSession()]
