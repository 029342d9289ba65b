"""A router: one session's place on the node. It decides who fills which slot of whom; plans follow from that."""

from collections.abc import Callable, Iterable

from sfu.forwarding.layer import Layer
from sfu.forwarding.packet_path import PacketPath
from sfu.forwarding.peer import Count, Peer
from sfu.forwarding.slot import OutgoingSlot
from sfu.forwarding.track import PublishedTrack
from sfu.link_messages import (
    NodeMessage,
    PutRouter,
    PutTransport,
    SlotsFilled,
    Source,
    StageChanged,
    TrackLimited,
    TransportFigures,
    TransportStats,
)
from sfu.stage import audio_order, fill_screens, fill_slots, stage_order
from sfu.talkers import Ranking, TalkerRanking
from sfu.tap.tap import Tap

SWITCH_TIMEOUT = 2.0
"""Seconds after which a slot whose new occupant sends no keyframe stops showing the one before."""
VIDEO_SOURCES: tuple[Source, ...] = ("camera", "canvas")
REFRESH_RATE = 3_000
REFRESH_BURST = 2_000
"""Peers that may be looked at per second, and at once. Publishers cause refreshes, with each new layer or size, and a
refresh looks at every peer: what is more waits for the next decision, or a large room would do nothing else."""

STATS_BATCH = 50
"""Transports of which figures are told at once: more, and the making of the message would hold up packets."""


class Router:
    """`tell` sends events to signalling. `stale` says that `refresh` is wanted, and `is_due` that it may be called."""

    def __init__(
        self, parameters: PutRouter, path: PacketPath, *, count: Count, tell: Callable[[NodeMessage], None]
    ) -> None:
        self.parameters = parameters
        self.peers: dict[str, Peer] = {}
        self.taps: dict[str, Tap] = {}
        self.stale = False
        self._path = path
        self._count = count
        self._tell = tell
        self._members: dict[str, int] = {}  # endpoints in the order of joining, with their number of transports
        self._talkers = TalkerRanking()
        self._ranking = Ranking((), ())
        self._stage: StageChanged | None = None
        self._best_layers: dict[tuple[PublishedTrack, int | None], Layer | None] = {}  # of the refresh under way
        self._effort = 0.0
        """Peers looked at lately, less what REFRESH_RATE allows."""
        self._refreshed = 0.0
        self._to_be_told: list[Peer] = []

    def put(self, parameters: PutRouter) -> None:
        self.parameters = parameters
        self.stale = True

    def put_transport(self, command: PutTransport, now: float) -> Peer:
        """Add a transport, or change what it publishes and its slots."""
        peer = self.peers.get(command.transport_id)
        if peer is None:
            peer = self._add(command, now)
        peer.ingress.put_tracks(command.tracks, now)
        peer.put_slots(command.slots)
        self.stale = True
        return peer

    def remove_transport(self, transport_id: str) -> None:
        peer = self.peers.pop(transport_id)
        peer.close()
        self._members[peer.endpoint_id] -= 1
        if not self._members[peer.endpoint_id]:
            del self._members[peer.endpoint_id]
            self._talkers.remove(peer.endpoint_id)
        self.stale = True

    def decide(self, now: float) -> None:
        """Rank the talkers, look again at which layers are live, and fill the slots; due each 300 ms."""
        self._ranking = self._talkers.decide(now)
        self.refresh(now)

    def is_due(self, now: float) -> bool:
        """Whether a refresh is wanted, and can be afforded now."""
        return self.stale and self._effort_at(now) < REFRESH_BURST

    def refresh(self, now: float) -> None:
        """Fill the slots of every connected peer by the present ranking."""
        self.stale = False
        # A large room's decisions alone may cost more than the rate: that debt is not carried on.
        self._effort = min(self._effort_at(now) + len(self.peers), 2 * REFRESH_BURST)
        self._refreshed = now
        self._best_layers.clear()
        parameters = self.parameters
        members = tuple(self._members)
        stage = stage_order(self._ranking, parameters.first, parameters.last, members, parameters.max_video_slots)
        priority = audio_order(self._ranking, stage)
        # A muted microphone keeps its place, else unmuting would move pictures to pair them with their sound.
        audio = self._tracks(("microphone",), muted=True)
        video = self._tracks(VIDEO_SOURCES)
        screens = self._tracks(("screen",))
        started = sorted(screens, key=lambda endpoint: screens[endpoint].started)
        filled: dict[str, dict[str, str | None]] = {}
        for peer in self.peers.values():
            if not peer.slots or not peer.connected:
                continue
            audio_slots, video_slots = peer.slots_of("audio"), peer.slots_of("video")
            screen_slots = peer.slots_of("screen")
            peer.assignment = fill_slots(
                peer.assignment,
                stage,
                peer.endpoint_id,
                audio.keys(),
                video.keys(),
                len(audio_slots),
                min(len(video_slots), parameters.max_video_slots),
                priority,
            )
            peer.screens = fill_screens(peer.screens, started, peer.endpoint_id, len(screen_slots))
            self._fill(audio_slots, peer.assignment.audio, audio, now)
            self._fill(video_slots, peer.assignment.video, video, now)
            self._fill(screen_slots, peer.screens, screens, now)
            if changes := _changes(peer):
                filled[peer.transport_id] = changes
        for tap in self.taps.values():
            tap.refresh(self.peers.values(), now)
        self._announce(stage, filled)

    def mark_stale(self) -> None:
        self.stale = True

    def state(self) -> Iterable[NodeMessage]:
        """What signalling is told after it was away."""
        if self._stage is not None:
            yield self._stage
        yield SlotsFilled(
            router_id=self.parameters.router_id,
            transports={peer.transport_id: dict(peer.reported) for peer in self.peers.values()},
        )

    def begin_stats(self) -> None:
        """It is time to tell what flowed over the transports."""
        self._to_be_told = list(self.peers.values())

    def tell_stats(self) -> None:
        """Tell what flowed over some of the transports that are left to be told of."""
        batch, self._to_be_told = self._to_be_told[:STATS_BATCH], self._to_be_told[STATS_BATCH:]
        figures: dict[str, TransportFigures] = {}
        for peer in batch:
            flowed = peer.figures()
            if flowed is not None and peer.transport_id in self.peers:
                figures[peer.transport_id] = flowed
        if figures:
            self._tell(TransportStats(router_id=self.parameters.router_id, transports=figures))

    def _add(self, command: PutTransport, now: float) -> Peer:
        endpoint = command.endpoint_id
        if endpoint not in self._members:
            self._members[endpoint] = 0
            self._talkers.add(endpoint, now)
        self._members[endpoint] += 1
        peer = Peer(
            command.transport_id,
            endpoint,
            command.cname,
            self._path,
            count=self._count,
            changed=self.mark_stale,
            started=self._layer_started,
            level=lambda level, voice, at: self._talkers.level(endpoint, level, voice, at),
            limited=lambda track: self._track_limited(command.transport_id, track),
        )
        self.peers[command.transport_id] = peer
        return peer

    def _track_limited(self, transport_id: str, track: PublishedTrack) -> None:
        self.stale = True
        self._tell(TrackLimited(transport_id=transport_id, track_id=track.track_id, layers=track.withheld()))

    def _layer_started(self, now: float) -> None:
        """Refresh at once where that can be afforded: slots then join with the layer's very first keyframe."""
        self.stale = True
        if self.is_due(now):
            self.refresh(now)

    def _effort_at(self, now: float) -> float:
        return max(0.0, self._effort - (now - self._refreshed) * REFRESH_RATE)

    def _tracks(self, sources: tuple[Source, ...], *, muted: bool = False) -> dict[str, PublishedTrack]:
        """The track of each endpoint that is being sent, with `muted` also those that are muted or were just now."""
        found: dict[str, PublishedTrack] = {}
        for peer in self.peers.values():
            for track in peer.ingress.tracks.values():
                if track.source not in sources:
                    continue
                if track.was_sent if muted else track.has_started and not track.paused:
                    known = found.get(peer.endpoint_id)
                    if known is None or (known.paused and not track.paused):
                        found[peer.endpoint_id] = track
        return found

    def _fill(
        self,
        slots: list[OutgoingSlot],
        endpoints: tuple[str | None, ...],
        tracks: dict[str, PublishedTrack],
        now: float,
    ) -> None:
        for slot, endpoint in zip(slots, (*endpoints, *[None] * len(slots)), strict=False):
            track = None if endpoint is None else tracks.get(endpoint)
            slot.track = track
            if track is None:
                slot.idle()
                continue
            layer = self._best_layer(track, None if slot.audio else slot.max_height, now)
            if slot.aim(layer, now):
                track.keyframes.want(now)
            if slot.layer not in track.layers.values() and now - slot.target_since > SWITCH_TIMEOUT:
                slot.stop()

    def _best_layer(self, track: PublishedTrack, max_height: int | None, now: float) -> Layer | None:
        """The same for all slots that ask for the same."""
        key = track, max_height
        if key not in self._best_layers:
            self._best_layers[key] = track.best_layer(max_height, now)
        return self._best_layers[key]

    def _announce(self, stage: tuple[str, ...], filled: dict[str, dict[str, str | None]]) -> None:
        """Tell what changed, and only that."""
        changed = StageChanged(router_id=self.parameters.router_id, endpoints=stage, speaking=self._ranking.speaking)
        if filled:
            self._tell(SlotsFilled(router_id=self.parameters.router_id, transports=filled))
        if changed != self._stage:
            self._stage = changed
            self._tell(changed)


def _changes(peer: Peer) -> dict[str, str | None]:
    """The slots whose occupant differs from what was told last."""
    present = {slot.slot_id: slot.track.track_id if slot.track else None for slot in peer.slots.values()}
    changes = {slot_id: track_id for slot_id, track_id in present.items() if peer.reported.get(slot_id) != track_id}
    peer.reported = present
    return changes
