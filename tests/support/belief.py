"""A client that goes by the view at its join and by events alone, to be compared with the truth."""

from signalling.domain import events
from signalling.domain.views import SessionView, TrackView


class Belief:
    """What a client takes the others to be: the view at its join, and then only events."""

    def __init__(self, view: SessionView) -> None:
        self.tracks: dict[str, dict[str, TrackView]] = {
            one.client_id: {track.track_id: track for track in one.tracks} for one in view.participants
        }
        self.reconnecting = {one.client_id for one in view.participants if one.reconnecting}
        self.data = {one.client_id: one.data for one in view.participants}
        self.hard_muted = {one.client_id: set(one.hard_muted) for one in view.participants}
        self.hard_muted[view.client_id] = set(view.hard_muted)
        self.room_hard_muted = view.room_state.hard_muted
        self.locked = view.room_state.locked
        self.awaited = {one.client_id for one in view.awaited_participants}
        self.roles = {one.client_id: one.role for one in view.participants} | {view.client_id: view.role}
        self.own = view.client_id
        self.mode = view.room_state.mode
        self.hands = (view.room_state.raised_hands, view.room_state.approved_hands)
        self.extendable = view.room_state.extendable
        self.pinned = view.room_state.pinned
        self.spotlighted = view.room_state.spotlighted
        self.recording = (view.room_state.recording, view.room_state.live_recording)

    def hear(self, event: events.Event) -> None:
        match event:
            case events.UserConnected(participant):
                self.tracks[participant.client_id] = {track.track_id: track for track in participant.tracks}
                self.data[participant.client_id] = participant.data
                # Who was let in while their connection was lost is in, and reconnecting.
                if participant.reconnecting:
                    self.reconnecting.add(participant.client_id)
                self.roles[participant.client_id] = participant.role
                self.hard_muted[participant.client_id] = set(participant.hard_muted)
            case events.UserDisconnected(client_id):
                del self.tracks[client_id], self.data[client_id], self.hard_muted[client_id]
                del self.roles[client_id]
                raised, approved = self.hands
                self.hands = (
                    tuple(one for one in raised if one != client_id),
                    tuple(one for one in approved if one != client_id),
                )
                self.reconnecting.discard(client_id)
                self.pinned = tuple(one for one in self.pinned if one != client_id)
                self.spotlighted = tuple(one for one in self.spotlighted if one != client_id)
            case events.UserReconnecting(client_id):
                self.reconnecting.add(client_id)
            case events.UserReconnected(client_id):
                self.reconnecting.remove(client_id)
            case events.TrackPublished(client_id, track):
                assert track.track_id not in self.tracks[client_id]
                self.tracks[client_id][track.track_id] = track
            case events.TrackUnpublished(client_id, track_id):
                del self.tracks[client_id][track_id]
            case events.TrackMuted(client_id, track_id) | events.TrackUnmuted(client_id, track_id):
                old = self.tracks[client_id][track_id]
                muted = isinstance(event, events.TrackMuted)
                assert old.muted != muted
                self.tracks[client_id][track_id] = TrackView(old.track_id, old.source, old.kind, muted)
            case events.UserDataChanged(client_id, data):
                self.data[client_id] = data
            case _:
                self.hear_of_moderation(event)

    def hear_of_moderation(self, event: events.Event) -> None:
        match event:
            case events.RoomHardMuted() | events.RoomHardUnmuted():
                self.room_hard_muted = isinstance(event, events.RoomHardMuted)
            case events.RoomLocked() | events.RoomUnlocked():
                self.locked = isinstance(event, events.RoomLocked)
            case events.UserAwaited(client_id):
                assert client_id not in self.awaited
                self.awaited.add(client_id)
            case events.AwaitedUserGone(client_id):
                self.awaited.remove(client_id)
            case events.RoomModeSwitched(mode):
                self.mode = mode
                self.hands = ((), ())
            case events.FloorChanged(_, _, raised, approved):
                self.hands = (raised, approved)
            case events.UserRoleChanged(change, raised, approved, permissions):
                assert permissions.keys() == {change.new, change.old}
                self.hands = (raised, approved)
                self.roles |= {change.new: "moderator", change.old: "participant"}
                self.hard_muted[change.new] = set()
                if self.own == change.old:
                    self.awaited = set()
            case events.RemainingDuration() | events.DurationExtended():
                self.extendable = isinstance(event, events.RemainingDuration)
            case events.PinnedUsersUpdated(_, client_ids):
                self.pinned = client_ids
            case events.SpotlightUpdated(_, users):
                self.spotlighted = users
            case events.UserAudioHardMuted(client_id):
                self.hard_muted[client_id].add("audio")
            case events.UserVideoHardMuted(client_id):
                self.hard_muted[client_id].add("video")
            case events.UserAudioHardUnmuted(client_id):
                self.hard_muted[client_id].remove("audio")
            case events.UserVideoHardUnmuted(client_id):
                self.hard_muted[client_id].remove("video")
            case events.RecordOn() | events.RecordOff():
                self.recording = (isinstance(event, events.RecordOn), self.recording[1])
            case events.LiveRecordingOn() | events.LiveRecordingOff():
                self.recording = (self.recording[0], isinstance(event, events.LiveRecordingOn))
