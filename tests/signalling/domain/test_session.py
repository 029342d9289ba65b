"""The session, one rule at a time."""

from typing import Any

import pytest

from signalling.domain import effects, events
from signalling.domain.media import (
    ChangeSlotLimits,
    LoseMedia,
    LoseNode,
    Mute,
    Negotiate,
    Publish,
    Unmute,
    Unpublish,
)
from signalling.domain.messages import SendMessage, SendUserData, SetData
from signalling.domain.presence import End, Leave, LoseConnection, Resume, Tick
from signalling.domain.roles import permissions_of
from signalling.domain.session import Session
from signalling.domain.talkers import ChangeStage, FillSlots
from tests.support.sessions import make_join, make_session, make_slot, make_track, negotiate, of_type, refusal, told


def meeting(*client_ids: str, **settings: Any) -> Session:
    session = make_session(**settings)
    for client_id in client_ids:
        session.handle(make_join(client_id), 0.0)
    return session


def publishing(client_id: str, **settings: Any) -> Session:
    """A session of ann, bob and eve in which one of them publishes microphone and camera and has two slots."""
    session = meeting("ann", "bob", "eve", **settings)
    negotiate(session, client_id)
    return session


# Coming and going


def test_whoever_joins_is_told_to_the_others_and_sees_them() -> None:
    session = meeting("ann")
    outcome = session.handle(make_join("bob"), 0.0)
    (event,) = told(outcome, "ann")
    assert isinstance(event, events.UserConnected)
    assert event.participant.client_id == "bob"
    assert told(outcome, "bob") == []
    assert [one.client_id for one in session.view_for("bob").participants] == ["ann"]


def test_the_room_takes_as_many_participants_and_moderators_as_it_says_each_counted_for_themselves() -> None:
    session = make_session(participants=1, moderators=1)
    session.handle(make_join("ann", "moderator"), 0.0)
    session.handle(make_join("bob"), 0.0)
    assert refusal(session, make_join("eve")) == "room-full"
    assert refusal(session, make_join("eve", "viewer")) == "room-full"
    assert refusal(session, make_join("eve", "moderator")) == "room-full"
    session.handle(Leave("bob"), 0.0)
    session.handle(make_join("eve"), 0.0)


def test_whoever_lost_the_connection_keeps_their_place() -> None:
    session = meeting("ann", participants=1)
    session.handle(LoseConnection("ann"), 1.0)
    assert refusal(session, make_join("bob")) == "room-full"


def test_the_audience_does_not_enter() -> None:
    assert refusal(make_session(), make_join("ann", "audience")) == "role-forbidden"


def test_leaving_is_told_recorded_and_frees_the_transport() -> None:
    session = publishing("ann")
    outcome = session.handle(Leave("ann"), 7.0)
    assert told(outcome, "bob") == [events.UserDisconnected("ann", "left")]
    assert of_type(outcome, effects.DeleteTransport) == [effects.DeleteTransport("ann", "t1")]
    assert of_type(outcome, effects.RecordLeave) == [effects.RecordLeave("ann", 7.0, "left")]
    assert of_type(outcome, effects.EndSession) == []


def test_the_session_ends_with_the_last_one_and_takes_nobody_in_afterwards() -> None:
    session = meeting("ann")
    assert of_type(session.handle(Leave("ann"), 1.0), effects.EndSession) == [effects.EndSession()]
    assert refusal(session, make_join("bob")) == "session-ended"


def test_a_lost_connection_is_told_and_so_is_its_return() -> None:
    session = meeting("ann", "bob")
    assert told(session.handle(LoseConnection("ann"), 1.0), "bob") == [events.UserReconnecting("ann")]
    assert session.view_for("bob").participants[0].reconnecting
    assert told(session.handle(Resume("ann"), 2.0), "bob") == [events.UserReconnected("ann")]
    assert not session.view_for("bob").participants[0].reconnecting
    assert session.next_deadline() is None


def test_media_survives_a_lost_connection() -> None:
    session = publishing("ann")
    outcome = session.handle(LoseConnection("ann"), 1.0)
    assert of_type(outcome, effects.DeleteTransport) == []
    session.handle(Resume("ann"), 2.0)
    assert len(session.view_for("ann").tracks) == 2


def test_after_the_grace_time_the_participant_is_gone_since_the_connection_broke() -> None:
    session = meeting("ann", "bob")
    session.handle(LoseConnection("ann"), 5.0)
    assert session.next_deadline() == 35.0
    assert session.handle(Tick(), 34.9) == []
    outcome = session.handle(Tick(), 35.0)
    assert told(outcome, "bob") == [events.UserDisconnected("ann", "connection-lost")]
    assert of_type(outcome, effects.RecordLeave) == [effects.RecordLeave("ann", 5.0, "connection-lost")]
    assert refusal(session, Resume("ann")) == "unknown-participant"


def test_the_first_to_be_lost_is_the_first_to_go() -> None:
    session = meeting("ann", "bob", "eve")
    session.handle(LoseConnection("bob"), 1.0)
    session.handle(LoseConnection("ann"), 2.0)
    session.handle(LoseConnection("bob"), 20.0)
    assert session.next_deadline() == 31.0
    session.handle(Tick(), 31.5)
    assert session.next_deadline() == 32.0


def test_an_end_from_outside_is_told_to_each_and_recorded_for_each() -> None:
    session = publishing("ann")
    session.handle(LoseConnection("bob"), 3.0)
    outcome = session.handle(End("session-ended", "Over."), 9.0)
    assert [one.client_id for one in of_type(outcome, effects.Disconnect)] == ["ann", "bob", "eve"]
    assert [(one.client_id, one.left_at) for one in of_type(outcome, effects.RecordLeave)] == [
        ("ann", 9.0),
        ("bob", 3.0),
        ("eve", 9.0),
    ]
    assert outcome[-1] == effects.EndSession()
    assert session.next_deadline() is None


# Media


def test_what_is_negotiated_is_put_on_the_node_and_told_to_the_others() -> None:
    session = meeting("ann", "bob")
    outcome = negotiate(session, "ann")
    (put,) = of_type(outcome, effects.PutTransport)
    assert [track.track_id for track in put.tracks] == ["t1-mic", "t1-cam"]
    assert [slot.slot_id for slot in put.slots] == ["a0", "v0"]
    published = [event.track.source for event in told(outcome, "bob") if isinstance(event, events.TrackPublished)]
    assert published == ["microphone", "camera"]
    assert told(outcome, "ann") == []


def test_a_viewer_does_not_publish_but_has_slots() -> None:
    session = meeting("ann")
    session.handle(make_join("vic", "viewer"), 0.0)
    tracks = (make_track("m", "microphone"),)
    assert refusal(session, Negotiate("vic", "t9", tracks, ())) == "role-forbidden"
    assert session.view_for("vic").tracks == ()
    session.handle(Negotiate("vic", "t9", (), (make_slot("a0", "audio"),)), 1.0)
    assert len(session.view_for("vic").slots) == 1
    assert refusal(session, Publish("vic", "m")) == "role-forbidden"


@pytest.mark.parametrize(
    ("settings", "source", "reason"),
    [
        ({"screen_share": False}, "screen", "screen-share-disabled"),
        ({"audio_only": True}, "camera", "audio-only"),
        ({"audio_only": True}, "screen", "audio-only"),
        ({}, "canvas", "canvas-disabled"),
    ],
)
def test_the_settings_of_the_room_say_what_may_be_published(settings: dict[str, Any], source: Any, reason: str) -> None:
    session = meeting("ann", **settings)
    assert refusal(session, Negotiate("ann", "t1", (make_track("x", source),), ())) == reason


def test_a_renegotiation_tells_only_what_changed() -> None:
    session = publishing("ann")
    mic, screen = make_track("t1-mic", "microphone"), make_track("t1-screen", "screen")
    outcome = negotiate(session, "ann", tracks=(mic, screen))
    assert told(outcome, "bob") == [
        events.TrackUnpublished("ann", "t1-cam"),
        events.TrackPublished("ann", session.state.participants["ann"].track_view(screen)),
    ]


def test_a_new_transport_replaces_the_old_one() -> None:
    session = publishing("ann")
    outcome = negotiate(session, "ann", "t2")
    assert of_type(outcome, effects.DeleteTransport) == [effects.DeleteTransport("ann", "t1")]
    gone = [event.track_id for event in told(outcome, "bob") if isinstance(event, events.TrackUnpublished)]
    assert gone == ["t1-mic", "t1-cam"]
    assert {track.track_id for track in session.view_for("bob").participants[0].tracks} == {"t2-mic", "t2-cam"}


def test_an_unpublished_track_is_neither_forwarded_nor_listed_until_it_is_published_again() -> None:
    session = publishing("ann")
    outcome = session.handle(Unpublish("ann", "t1-cam"), 2.0)
    assert [track.track_id for track in of_type(outcome, effects.PutTransport)[0].tracks] == ["t1-mic"]
    assert told(outcome, "bob") == [events.TrackUnpublished("ann", "t1-cam")]
    assert [track.published for track in session.view_for("ann").tracks] == [True, False]
    outcome = session.handle(Publish("ann", "t1-cam"), 3.0)
    assert len(of_type(outcome, effects.PutTransport)[0].tracks) == 2
    assert len(told(outcome, "bob")) == 1
    assert session.handle(Publish("ann", "t1-cam"), 4.0) == []


def test_a_track_may_be_negotiated_without_being_published() -> None:
    session = meeting("ann", "bob")
    outcome = negotiate(session, "ann", published={"t1-cam": False})
    assert len(told(outcome, "bob")) == 1
    # A renegotiation that says nothing of it leaves it so.
    assert told(negotiate(session, "ann"), "bob") == []


def test_a_mute_pauses_the_tracks_of_the_source_and_is_told() -> None:
    session = publishing("ann")
    outcome = session.handle(Mute("ann", "microphone"), 2.0)
    assert of_type(outcome, effects.PauseTracks) == [effects.PauseTracks("ann", "t1", {"t1-mic": True})]
    assert told(outcome, "bob") == [events.TrackMuted("ann", "t1-mic", "microphone")]
    assert session.handle(Mute("ann", "microphone"), 3.0) == []
    outcome = session.handle(Unmute("ann", "microphone"), 4.0)
    assert of_type(outcome, effects.PauseTracks) == [effects.PauseTracks("ann", "t1", {"t1-mic": False})]
    assert told(outcome, "bob") == [events.TrackUnmuted("ann", "t1-mic", "microphone")]


def test_a_source_that_is_not_there_cannot_be_muted() -> None:
    assert refusal(meeting("ann"), Mute("ann", "microphone")) == "unknown-track"
    assert refusal(publishing("ann"), Mute("ann", "screen")) == "unknown-track"


def test_a_mute_holds_across_the_loss_of_the_transport() -> None:
    session = publishing("ann")
    session.handle(Mute("ann", "microphone"), 2.0)
    session.handle(LoseMedia("ann", "t1", "transport-lost"), 3.0)
    (put,) = of_type(negotiate(session, "ann", "t2"), effects.PutTransport)
    assert {track.source: track.paused for track in put.tracks} == {"microphone": True, "camera": False}


def test_a_mute_ends_with_its_source() -> None:
    screen = make_track("t1-screen", "screen")
    session = publishing("ann")
    negotiate(session, "ann", tracks=(screen,))
    session.handle(Mute("ann", "screen"), 2.0)
    negotiate(session, "ann", tracks=())
    (put,) = of_type(negotiate(session, "ann", tracks=(screen,)), effects.PutTransport)
    assert not put.tracks[0].paused


def test_a_negotiation_may_say_what_is_muted() -> None:
    session = publishing("ann")
    outcome = negotiate(session, "ann", muted={"microphone": True})
    assert told(outcome, "bob") == [events.TrackMuted("ann", "t1-mic", "microphone")]
    outcome = negotiate(session, "ann", muted={"microphone": False})
    assert told(outcome, "bob") == [events.TrackUnmuted("ann", "t1-mic", "microphone")]


def test_a_track_that_is_published_muted_is_muted_from_the_first_packet() -> None:
    session = publishing("ann")
    session.handle(Unpublish("ann", "t1-mic"), 2.0)
    assert of_type(session.handle(Mute("ann", "microphone"), 3.0), effects.PauseTracks) == []
    (put,) = of_type(session.handle(Publish("ann", "t1-mic"), 4.0), effects.PutTransport)
    assert {track.source: track.paused for track in put.tracks} == {"microphone": True, "camera": False}


def test_a_lost_transport_is_told_to_its_owner_and_its_tracks_are_gone_for_the_others() -> None:
    session = publishing("ann")
    outcome = session.handle(LoseMedia("ann", "t1", "transport-failed"), 2.0)
    assert told(outcome, "ann") == [events.MediaDisconnected("transport-failed")]
    assert len([event for event in told(outcome, "bob") if isinstance(event, events.TrackUnpublished)]) == 2
    assert session.view_for("ann").slots == ()


def test_news_of_a_transport_that_was_replaced_is_no_news() -> None:
    session = publishing("ann")
    negotiate(session, "ann", "t2")
    assert session.handle(LoseMedia("ann", "t1", "transport-lost"), 2.0) == []
    assert session.handle(LoseMedia("nobody", "t1", "transport-lost"), 2.0) == []


def test_a_node_that_goes_takes_everyones_media_with_it() -> None:
    session = publishing("ann")
    negotiate(session, "bob", "t2")
    session.handle(ChangeStage(("ann",), frozenset({"ann"})), 2.0)
    outcome = session.handle(LoseNode("node-gone"), 3.0)
    assert events.MediaDisconnected("node-gone") in told(outcome, "ann")
    assert events.MediaDisconnected("node-gone") in told(outcome, "bob")
    assert events.MediaDisconnected("node-gone") not in told(outcome, "eve")
    assert session.view_for("eve").active_talkers == ()
    assert all(one.tracks == () for one in session.view_for("eve").participants)


def test_slot_limits_are_passed_on_and_kept() -> None:
    session = publishing("ann")
    outcome = session.handle(ChangeSlotLimits("ann", {"v0": 180}), 2.0)
    assert outcome == [effects.LimitSlots("ann", "t1", {"v0": 180})]
    (put,) = of_type(session.handle(Unpublish("ann", "t1-cam"), 3.0), effects.PutTransport)
    assert [slot.max_height for slot in put.slots] == [None, 180]
    assert refusal(session, ChangeSlotLimits("ann", {"v9": 180})) == "unknown-slot"
    assert refusal(session, ChangeSlotLimits("bob", {"v0": 180})) == "unknown-slot"


def test_nobody_acts_on_the_tracks_of_others() -> None:
    session = publishing("ann")
    negotiate(session, "bob", "t2")
    assert refusal(session, Unpublish("bob", "t1-mic")) == "unknown-track"
    assert refusal(session, Negotiate("bob", "t2", (make_track("t1-mic", "microphone"),), ())) == "unknown-track"


# Messages


def test_chat_goes_to_all_others_or_to_those_named() -> None:
    session = meeting("ann", "bob", "eve")
    outcome = session.handle(SendMessage("ann", "hello", None, "now"), 1.0)
    assert outcome == [
        effects.Notify(("bob", "eve"), events.MessageReceived("ann", "hello", None, broadcast=True, at="now"))
    ]
    outcome = session.handle(SendMessage("ann", "psst", ("eve", "eve"), "now"), 1.0)
    assert outcome == [
        effects.Notify(("eve",), events.MessageReceived("ann", "psst", ("eve",), broadcast=False, at="now"))
    ]
    assert refusal(session, SendMessage("ann", "psst", ("eve", "zoe"), "now")) == "unknown-participant"


def test_a_viewer_may_chat() -> None:
    session = meeting("ann")
    session.handle(make_join("vic", "viewer"), 0.0)
    assert len(told(session.handle(SendMessage("vic", "hi", None, "now"), 1.0), "ann")) == 1


def test_custom_data_is_delivered_or_kept_for_those_who_come_later() -> None:
    session = meeting("ann", "bob")
    outcome = session.handle(SendUserData("ann", {"hand": True}, None), 1.0)
    assert told(outcome, "bob") == [events.UserDataReceived("ann", {"hand": True}, broadcast=True)]
    outcome = session.handle(SetData("ann", {"mood": "fine"}), 1.0)
    assert told(outcome, "bob") == [events.UserDataChanged("ann", {"mood": "fine"})]
    session.handle(make_join("eve"), 2.0)
    assert session.view_for("eve").participants[0].data == {"mood": "fine"}


# Talkers


def test_a_change_of_the_stage_is_told_to_everyone_with_their_own_slots() -> None:
    session = publishing("ann")
    negotiate(session, "bob", "t2")
    outcome = session.handle(ChangeStage(("bob", "ann"), frozenset({"bob"})), 2.0)
    (event,) = told(outcome, "ann")
    assert isinstance(event, events.ActiveTalkersUpdated)
    assert [(one.client_id, one.speaking) for one in event.active] == [("bob", True), ("ann", False)]
    assert [slot.client_id for slot in event.slots] == [None, None]
    assert session.handle(ChangeStage(("bob", "ann"), frozenset({"bob"})), 3.0) == []


def test_nobody_hears_of_changes_behind_the_last_place_that_the_room_shows() -> None:
    session = meeting("ann", "bob", "eve", max_active_talkers=1)
    session.handle(ChangeStage(("ann", "bob"), frozenset()), 1.0)
    assert session.handle(ChangeStage(("ann", "eve"), frozenset({"eve"})), 2.0) == []
    assert [one.client_id for one in session.view_for("eve").active_talkers] == ["ann"]


def test_filled_slots_are_told_to_their_owner_only() -> None:
    session = publishing("ann")
    negotiate(session, "bob", "t2")
    outcome = session.handle(FillSlots({("ann", "t1"): {"v0": "t2-cam", "nonsense": "t2-cam"}}), 2.0)
    (event,) = told(outcome, "ann")
    assert isinstance(event, events.ActiveTalkersUpdated)
    assert [(slot.slot_id, slot.client_id, slot.track_id) for slot in event.slots] == [
        ("a0", None, None),
        ("v0", "bob", "t2-cam"),
    ]
    assert told(outcome, "bob") == []


def test_a_slot_never_shows_a_track_that_is_not_published_any_more() -> None:
    session = publishing("ann")
    negotiate(session, "bob", "t2")
    session.handle(FillSlots({("ann", "t1"): {"v0": "t2-cam"}}), 2.0)
    session.handle(Unpublish("bob", "t2-cam"), 3.0)
    assert [slot.client_id for slot in session.view_for("ann").slots] == [None, None]


def test_slots_of_a_replaced_transport_are_left_alone() -> None:
    session = publishing("ann")
    negotiate(session, "bob", "t2")
    negotiate(session, "ann", "t3")
    assert session.handle(FillSlots({("ann", "t1"): {"v0": "t2-cam"}}), 2.0) == []


def test_those_who_are_away_are_not_told_of_talkers() -> None:
    session = meeting("ann", "bob")
    session.handle(LoseConnection("ann"), 1.0)
    outcome = session.handle(ChangeStage(("bob",), frozenset()), 2.0)
    assert told(outcome, "ann") == []
    assert len(told(outcome, "bob")) == 1


def test_roles_have_the_permissions_of_the_published_api() -> None:
    assert permissions_of("moderator").record
    assert not permissions_of("participant").record
    assert permissions_of("participant").publish
    assert permissions_of("viewer").subscribe
    assert not permissions_of("viewer").publish
    assert not permissions_of("audience").subscribe
