"""Any order of inputs: the rules hold, refusals change nothing, and what clients make of events is the truth."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from signalling.domain.arrangement import PinUsers, SpotlightUsers
from signalling.domain.decrees import NO_DECREES
from signalling.domain.duration import ExtendDuration
from signalling.domain.effects import Effect, RecordJoin
from signalling.domain.errors import RefusedError
from signalling.domain.floor import (
    CancelFloor,
    DenyFloor,
    FinishFloor,
    GrantFloor,
    InviteToFloor,
    ReleaseFloor,
    RequestFloor,
    SwitchMode,
)
from signalling.domain.hard_mutes import HardMuteRoom, HardMuteUser
from signalling.domain.lobby import ApproveAwaited, DenyAwaited
from signalling.domain.lock import LockRoom
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
from signalling.domain.presence import End, Join, Leave, LoseConnection, Resume, Tick
from signalling.domain.quality import LimitTrack
from signalling.domain.recording import (
    RecordersChanged,
    RecordingFailed,
    RecordingMoved,
    StartLiveRecording,
    StartRecording,
    StopLiveRecording,
    StopRecording,
)
from signalling.domain.removal import Destroy, DropUsers
from signalling.domain.role_switch import SwitchRole
from signalling.domain.roles import permissions_of
from signalling.domain.session import Input
from signalling.domain.talkers import ChangeStage, FillSlots
from signalling.live.session_log import log_lines
from tests.support.belief import Belief
from tests.support.restarts import Restarts
from tests.support.sessions import make_join, make_room, make_slot, make_track

# Who acts: the place among those who are in, so that most actions are somebody's. The last one is often nobody.
PLACES = st.integers(0, 3)
# Who acts as a moderator: mostly one who is (None), so that most of it happens.
ACTORS = st.sampled_from([None, None, None, 0, 1, 2])
SOURCES = st.sampled_from(["microphone", "camera", "screen"])
TRANSPORTS = st.sampled_from([0, 0, 0, 1])
PEOPLE = st.sampled_from(["", "ref-1", "ref-2", "ref-3"])
ROLES = st.sampled_from(["moderator", "participant", "participant", "participant", "viewer", "audience"])


class SessionMachine(Restarts):
    """The node is modelled too: what it was told must be what the session believes it has."""

    @initialize(
        participants=st.integers(2, 4),
        moderators=st.integers(1, 2),
        screen_share=st.sampled_from([True, True, False]),
        audio_only=st.sampled_from([False, False, False, True]),
        max_active_talkers=st.integers(1, 3),
        knock=st.sampled_from([False, True]),
        wait_for_moderator=st.booleans(),
        ends_at=st.sampled_from([None, None, 620.0, 1500.0]),
        auto_recording=st.booleans(),
    )
    def begin(self, ends_at: float | None, **settings: Any) -> None:
        self.now = 0.0
        self.ends_at = ends_at
        self.room = make_room(**settings)
        self.begin_session(NO_DECREES)
        self.room_muted = False
        self.user_muted: set[tuple[str, str]] = set()
        self.kept_muted: set[tuple[str, str]] = set()
        self.joined = 0
        for place in range(2):
            self.join("moderator" if place == 0 else "participant")
            self.answer_knock(0, 0, ApproveAwaited)
            self.negotiate(place, 0, {"microphone", "camera"}, min(2, settings["max_active_talkers"]), {}, {})

    def moderate(self, place: int | None, given: Input) -> bool:
        """Hand in what only moderators may do: everyone else is refused. Whether it was done."""
        actor = self.session.state.participants.get(self.who(place))
        role = actor.role if actor else None
        outcome = self.give(given)
        assert outcome is None or role == "moderator"
        return outcome is not None

    def who(self, place: int | None) -> str:
        people = self.session.state.participants
        if place is None:
            return next((one.client_id for one in people.values() if one.role == "moderator"), "nobody")
        present = list(people)
        return present[place] if place < len(present) else "nobody"

    def who_waits(self, number: int) -> str:
        waiting = list(self.session.state.lobby)
        return waiting[number] if number < len(waiting) else "nobody"

    def give(self, given: Input) -> list[Effect] | None:
        """Hand an input in and believe the effects; None when it was refused."""
        before = deepcopy(self.session.state)
        try:
            outcome = self.session.handle(given, self.now)
        except RefusedError:
            assert self.session.state == before
            return None
        self.log += [(line.name, line.details) for line in log_lines(given, outcome)]
        if isinstance(given, Join):
            self.came(given)
        for effect in outcome:
            self.carry_out(effect, self.now)
        return outcome

    def came(self, join: Join) -> None:
        """What is to be known of someone who came in, before they are told of anything."""
        view = self.session.view_for(join.client_id)
        self.user_refs[join.client_id] = join.user_ref
        if view.awaited:
            self.waiting.add(join.client_id)
            return
        self.beliefs[join.client_id] = Belief(view)

    def carry_out(self, effect: Effect, now: float) -> None:
        if isinstance(effect, RecordJoin) and effect.role != "moderator":
            muted = {kind for ref, kind in self.kept_muted if ref == effect.user_ref}
            muted |= {kind for one, kind in self.user_muted if one == effect.was}
            self.user_muted |= {(effect.client_id, kind) for kind in muted}
        super().carry_out(effect, now)

    @rule(role=ROLES, user_ref=PEOPLE)
    def join(self, role: Any, user_ref: str = "") -> None:
        self.joined += 1
        locked = self.session.state.locked
        given = replace(make_join(f"c{self.joined}", role), user_ref=user_ref)
        if self.give(given) is not None:
            assert not locked or role == "moderator"

    @rule(place=PLACES)
    def join_again(self, place: int) -> None:
        given = make_join(self.who(place))
        assert given.client_id == "nobody" or self.give(given) is None

    @rule(place=ACTORS, number=st.integers(0, 1), kind=st.sampled_from([ApproveAwaited, ApproveAwaited, DenyAwaited]))
    def answer_knock(self, place: int | None, number: int, kind: Any) -> None:
        target = self.who_waits(number)
        more = ("now",) if kind is ApproveAwaited else ()
        self.moderate(place, kind(self.who(place), target, *more))

    @rule(number=st.integers(0, 1), kind=st.sampled_from([Leave, LoseConnection, Resume]))
    def come_and_go_in_the_lobby(self, number: int, kind: Any) -> None:
        self.give(kind(self.who_waits(number)))

    @rule(place=PLACES, kind=st.sampled_from([Leave, LoseConnection, LoseConnection, Resume]))
    def come_and_go(self, place: int, kind: Any) -> None:
        # Something has to be left to look at.
        if kind is not Leave or len(self.beliefs) > 1:
            self.give(kind(self.who(place)))

    @rule(seconds=st.sampled_from([0.5, 5.0, 20.0, 31.0, 301.0]))
    def wait(self, seconds: float) -> None:
        deadline = self.session.next_deadline()
        self.now += seconds
        outcome = self.give(Tick())
        due = deadline is not None and deadline <= self.now
        # A notice may find nobody in the session, but only in the lobby.
        assert bool(outcome) == due or (due and not self.beliefs)
        after = self.session.next_deadline()
        assert after is None or after > self.now

    @rule(
        place=PLACES,
        transport=TRANSPORTS,
        sources=st.sets(SOURCES, min_size=1, max_size=3),
        slots=st.integers(0, 2),
        muted=st.dictionaries(SOURCES, st.booleans(), max_size=2),
        published=st.dictionaries(SOURCES, st.booleans(), max_size=2),
    )
    def negotiate(self, place: int, transport: int, sources: Any, slots: int, muted: Any, published: Any) -> None:
        client_id = self.who(place)
        transport_id = f"{client_id}/{transport}"
        given = Negotiate(
            client_id,
            transport_id,
            tuple(make_track(f"{transport_id}/{source}", source, mid=source) for source in sorted(sources)),
            tuple(make_slot(f"s{number}", "video", number) for number in range(slots)),
            muted=muted,
            published=published,
        )
        self.give(given)

    @rule(place=PLACES, transport=TRANSPORTS, source=SOURCES, kind=st.sampled_from([Publish, Unpublish]))
    def publish(self, place: int, transport: int, source: str, kind: Any) -> None:
        client_id = self.who(place)
        self.give(kind(client_id, f"{client_id}/{transport}/{source}"))

    @rule(place=PLACES, source=SOURCES, kind=st.sampled_from([Mute, Unmute]))
    def mute(self, place: int, source: Any, kind: Any) -> None:
        self.give(kind(self.who(place), source))

    @rule(place=ACTORS, muted=st.booleans())
    def hard_mute(self, place: int | None, muted: bool) -> None:
        if self.moderate(place, HardMuteRoom(self.who(place), muted)):
            self.room_muted = muted

    @rule(place=ACTORS, others=st.lists(PLACES, max_size=2))
    def drop(self, place: int | None, others: list[int]) -> None:
        targets = tuple(map(self.who, others))
        # Something has to be left to look at.
        if set(self.beliefs) - set(targets):
            self.moderate(place, DropUsers(self.who(place), targets))

    @rule(place=PLACES)
    def destroy_without_being_a_moderator(self, place: int) -> None:
        actor = self.session.state.participants.get(self.who(place))
        if actor is None or actor.role != "moderator":
            self.moderate(place, Destroy(self.who(place)))

    @rule(
        place=ACTORS,
        others=st.lists(PLACES, min_size=1, max_size=2),
        kind=st.sampled_from([PinUsers, SpotlightUsers]),
        added=st.sampled_from([True, True, False]),
    )
    def arrange(self, place: int | None, others: list[int], kind: Any, added: bool) -> None:
        self.moderate(place, kind(self.who(place), tuple(map(self.who, others)), added))

    @rule(place=ACTORS, mode=st.sampled_from(["lecture", "lecture", "group"]))
    def switch_mode(self, place: int | None, mode: Any) -> None:
        self.moderate(place, SwitchMode(self.who(place), mode))

    @rule(place=PLACES, kind=st.sampled_from([RequestFloor, RequestFloor, CancelFloor, FinishFloor]))
    def ask_for_the_floor(self, place: int, kind: Any) -> None:
        self.give(kind(self.who(place)))

    @rule(place=ACTORS, other=PLACES, kind=st.sampled_from([GrantFloor, DenyFloor, ReleaseFloor, InviteToFloor]))
    def control_the_floor(self, place: int | None, other: int, kind: Any) -> None:
        self.moderate(place, kind(self.who(place), self.who(other)))

    @rule(place=PLACES)
    def extend(self, place: int) -> None:
        self.give(ExtendDuration(self.who(place)))

    @rule(place=ACTORS, other=PLACES)
    def switch_role(self, place: int | None, other: int) -> None:
        target = self.who(other)
        if self.moderate(place, SwitchRole(self.who(place), target)):
            for kind in ("audio", "video"):
                self.user_muted.discard((target, kind))
                self.kept_muted.discard((self.user_refs[target], kind))

    @rule(place=ACTORS, locked=st.sampled_from([True, False, False]))
    def lock(self, place: int | None, locked: bool) -> None:
        self.moderate(place, LockRoom(self.who(place), locked))

    @rule(place=ACTORS, other=PLACES, kind=st.sampled_from(["audio", "video"]), muted=st.booleans())
    def hard_mute_user(self, place: int | None, other: int, kind: Any, muted: bool) -> None:
        target = self.who(other)
        if self.moderate(place, HardMuteUser(self.who(place), target, kind, muted)):
            person = (self.user_refs[target], kind)
            if muted != ((target, kind) in self.user_muted) and person[0]:
                (self.kept_muted.add if muted else self.kept_muted.discard)(person)
            (self.user_muted.add if muted else self.user_muted.discard)((target, kind))

    @rule(place=ACTORS, kind=st.sampled_from([StartRecording, StopRecording, StartLiveRecording, StopLiveRecording]))
    def record(self, place: int | None, kind: Any) -> None:
        available = self.session.state.recording.available
        before = dict(self.begun)
        self.moderate(place, kind(self.who(place)))
        assert available or self.begun == before

    @rule(available=st.sampled_from([True, True, False]))
    def recorders_change(self, available: bool) -> None:
        self.give(RecordersChanged(available))

    @rule(kind=st.sampled_from(["individual", "live"]), segment=st.integers(0, 3), moved=st.booleans())
    def recorder_breaks(self, kind: Any, segment: int, moved: bool) -> None:
        if moved:
            self.give(RecordingMoved(kind, segment))
        else:
            self.give(RecordingFailed(kind, segment, "recorder-gone", "Gone."))
            if self.segments.get(kind) == segment:
                del self.segments[kind]

    @rule(place=PLACES, slot=st.sampled_from(["s0", "s1"]), height=st.none() | st.integers(0, 720))
    def limit(self, place: int, slot: str, height: int | None) -> None:
        self.give(ChangeSlotLimits(self.who(place), {slot: height}))

    @rule(place=PLACES, transport=TRANSPORTS, source=SOURCES, too_large=st.booleans())
    def exceed_the_quality(self, place: int, transport: int, source: str, too_large: bool) -> None:
        client_id = self.who(place)
        transport_id = f"{client_id}/{transport}"
        layers: dict[str, Any] = {"": "resolution"} if too_large else {}
        before = deepcopy(self.session.state)
        self.give(LimitTrack(client_id, transport_id, f"{transport_id}/{source}", layers))
        assert self.session.state == before

    @precondition(lambda self: self.on_node)
    @rule(place=PLACES, transport=st.integers(0, 1))
    def lose_transport(self, place: int, transport: int) -> None:
        client_id = self.who(place)
        self.give(LoseMedia(client_id, f"{client_id}/{transport}", "transport-lost"))

    @precondition(lambda self: self.on_node)
    @rule(really=st.sampled_from([False, False, True]))
    def lose_node(self, really: bool) -> None:
        if not really:
            return
        self.on_node.clear()
        self.give(LoseNode("node-gone"))

    @rule(place=PLACES, to=st.none() | st.lists(PLACES, min_size=1, max_size=3))
    def say(self, place: int, to: list[int] | None) -> None:
        client_id = self.who(place)
        recipients = None if to is None else tuple(map(self.who, to))
        self.give(SendMessage(client_id, "hello", recipients, "now"))
        self.give(SendUserData(client_id, [1, 2], recipients))
        self.give(SetData(client_id, {"at": self.now}))

    @rule(stage=st.permutations(range(5)), speaking=st.frozensets(PLACES, max_size=2))
    def talk(self, stage: list[int], speaking: frozenset[int]) -> None:
        self.give(ChangeStage(tuple(map(self.who, stage)), frozenset(map(self.who, speaking))))

    @rule(place=PLACES, transport=TRANSPORTS, owner_place=PLACES, of=TRANSPORTS, source=SOURCES)
    def fill(self, place: int, transport: int, owner_place: int, of: int, source: str) -> None:
        client_id, owner = self.who(place), self.who(owner_place)
        self.give(FillSlots({(client_id, f"{client_id}/{transport}"): {"s0": f"{owner}/{of}/{source}", "s1": None}}))

    def teardown(self) -> None:
        if hasattr(self, "session"):
            self.give(End("session-ended", "Over."))
            assert self.ended
            assert not self.beliefs and not self.on_node
            # Everyone who ever was in has exactly one record, which is closed.
            assert self.left == self.recorded

    @invariant()
    def rules_hold(self) -> None:
        state = self.session.state
        settings = state.room.settings
        roles = [one.role for one in state.participants.values()]
        assert roles.count("moderator") <= settings.moderators
        assert len(roles) - roles.count("moderator") <= settings.participants
        assert "audience" not in roles
        hands = (*state.floor.raised, *state.floor.approved, *state.floor.invited)
        assert len(set(hands)) == len(hands)
        assert all(state.participants[one].role == "participant" for one in hands)
        assert state.mode == "lecture" or not hands
        assert self.waiting == state.lobby.keys()
        assert not self.ended or not self.waiting
        assert self.recorded - self.left == state.participants.keys()
        assert len(roles) - roles.count("moderator") + len(state.lobby) <= settings.participants
        assert len(state.pinned) <= settings.max_active_talkers - 1
        assert len(state.spotlighted) <= settings.max_active_talkers
        assert {*state.pinned, *state.spotlighted} <= state.participants.keys()
        # The end of a session takes its router with it.
        assert self.ended or (self.arrangement.first, self.arrangement.last) == (state.spotlighted, state.pinned)
        assert not (self.ended and roles)
        recording = state.recording
        assert {kind: one.segment for kind, one in recording.running.items()} == self.segments
        # Automatic recording misses nothing that it could record.
        assert not (
            recording.automatic
            and recording.available
            and any(one.published_tracks() for one in state.participants.values())
        )
        for one in state.participants.values():
            tracks = [entry.track for entry in one.media.tracks.values()] if one.media else []
            assert permissions_of(one.role).publish or not tracks
            assert not one.media or len(one.media.slots) <= settings.max_active_talkers
            may_publish = one.role == "moderator" or state.mode == "group" or one.client_id in state.floor.approved
            assert may_publish or not one.published_tracks()
            assert one.silenced == (state.hard_muted and one.role != "moderator")
            assert not settings.audio_only or all(track.kind == "audio" for track in tracks)
            assert settings.screen_share or all(track.source != "screen" for track in tracks)

    @invariant()
    def what_is_remembered_of_views_is_true(self) -> None:
        state = self.session.state
        for participant in state.participants.values():
            assert state.view_of(participant) == participant.view(participant.client_id in state.lost)
            entries = participant.media.slots.values() if participant.media else ()
            filling = [entry.track_id if entry.track_id in state.track_owners else None for entry in entries]
            slots = state.slots_of(participant)
            assert [slot.track_id for slot in slots] == filling
            assert [slot.client_id for slot in slots] == [state.track_owners.get(one or "") for one in filling]

    @invariant()
    def clients_believe_the_truth(self) -> None:
        assert self.beliefs.keys() == self.session.state.participants.keys()
        for client_id, belief in self.beliefs.items():
            view = self.session.view_for(client_id)
            truth = {one.client_id: {track.track_id: track for track in one.tracks} for one in view.participants}
            assert belief.tracks == truth
            assert belief.reconnecting == {one.client_id for one in view.participants if one.reconnecting}
            assert belief.hard_muted == {
                one.client_id: one.hard_muted for one in self.session.state.participants.values()
            }
            assert belief.room_hard_muted == self.session.state.hard_muted
            assert belief.locked == self.session.state.locked
            assert belief.extendable == view.room_state.extendable
            assert belief.roles == {one.client_id: one.role for one in self.session.state.participants.values()}
            assert belief.mode == view.room_state.mode
            assert belief.hands == (view.room_state.raised_hands, view.room_state.approved_hands)
            assert belief.awaited == {one.client_id for one in view.awaited_participants}
            assert belief.recording == (view.room_state.recording, view.room_state.live_recording)
            assert (belief.pinned, belief.spotlighted) == (view.room_state.pinned, view.room_state.spotlighted)
            assert belief.data == {one.client_id: one.data for one in view.participants}
            for slot in view.slots:
                assert (slot.client_id is None) == (slot.track_id is None)
                assert (
                    slot.client_id is None
                    or slot.track_id in truth.get(slot.client_id, {})
                    or (slot.client_id == client_id)
                )
            assert len(view.active_talkers) <= self.session.state.room.settings.max_active_talkers

    @invariant()
    def nothing_hard_muted_is_forwarded(self) -> None:
        """By what moderators did and what the node was told, whatever the session remembers."""
        roles = {client_id: belief.roles[client_id] for client_id, belief in self.beliefs.items()}
        for put in self.on_node.values():
            for track in put.tracks:
                owner = put.client_id
                silenced = self.room_muted and track.kind == "audio" and roles[owner] != "moderator"
                if silenced or (owner, track.kind) in self.user_muted:
                    assert self.paused[track.track_id]

    @invariant()
    def the_node_has_what_the_session_says(self) -> None:
        wanted = {one.media.transport_id: one for one in self.session.state.participants.values() if one.media}
        assert self.on_node.keys() == wanted.keys()
        for transport_id, put in self.on_node.items():
            owner = wanted[transport_id]
            assert [track.track_id for track in put.tracks] == [track.track_id for track in owner.published_tracks()]
            for track in put.tracks:
                silenced = self.session.state.hard_muted and owner.role != "moderator" and track.kind == "audio"
                hard_muted = silenced or track.kind in owner.hard_muted
                assert self.paused[track.track_id] == (track.source in owner.muted or hard_muted)
                assert owner.role != "moderator" or not owner.hard_muted


TestSession = SessionMachine.TestCase
TestSession.settings = hypothesis_settings(max_examples=100, stateful_step_count=40)
