"""A router: one session's place on the node. It decides who fills which slot of whom; plans follow from that."""

from collections.abc import Callable, Iterator, Mapping

from sfu.forwarding.filling import fill_peer, report_changes
from sfu.forwarding.packet_path import PacketPath
from sfu.forwarding.peer import Count, Peer
from sfu.forwarding.scene import Scene
from sfu.forwarding.track import PublishedTrack
from sfu.link_messages import (
    NodeMessage,
    PutRouter,
    PutTransport,
    SlotsFilled,
    SlotUse,
    Source,
    StageChanged,
    TrackLimited,
    TransportFigures,
    TransportStats,
)
from sfu.stage import audio_order, stage_order
from sfu.talkers import Ranking, TalkerRanking
from sfu.tap.tap import Tap

USES: dict[Source, SlotUse] = {"microphone": "audio", "camera": "video", "canvas": "video", "screen": "screen"}
"""Which slots a track of this source fills."""

FILL_BATCH = 25
MOMENT_BATCH = 64
"""Participants whose slots are filled at once after a change that concerns everyone, and after all such changes of one
moment: some 1 ms and 2.5 ms, in which no packet is forwarded. The others follow with the next ticks."""
REFRESH_RATE = 10_000
REFRESH_BURST = 2_000
"""Effort that refreshes may take per second, and at once: REFRESH_EFFORT for each, one for each participant filled, and
one for each MEMBERS_PER_EFFORT that have to be ranked. Publishers cause refreshes, with each new layer or size: what is
more waits for the next decision, or a large room would do nothing else."""
REFRESH_EFFORT = 30
MEMBERS_PER_EFFORT = 16

STATS_PERIOD = 5.0
"""Seconds between two tellings of what flowed."""
TOLD_BATCH = 20
"""Transports that are told of in one message: more, and the making of the message would hold up packets."""


class Router:
    """`tell` sends events to signalling.

    `mark_stale` says that `refresh` is wanted, and `is_due` that it may be called. While there is anything to be done
    before the next decision, the router is in `waiting`, for whoever has many routers to know which of them to `tend`.
    """

    def __init__(
        self,
        parameters: PutRouter,
        path: PacketPath,
        *,
        count: Count,
        tell: Callable[[NodeMessage], None],
        waiting: "set[Router] | None" = None,
    ) -> None:
        self.parameters = parameters
        self.peers: dict[str, Peer] = {}
        self.taps: dict[str, Tap] = {}
        self.senders: dict[str, Peer] = {}
        """Those with video that arrives: who may be asked for packets and keyframes."""
        self._stale = False
        self._path = path
        self._count = count
        self._tell = tell
        self._waiting: set[Router] = set() if waiting is None else waiting
        self._publishers: dict[str, Peer] = {}
        self._members: dict[str, int] = {}  # endpoints in the order of joining, with their number of transports
        self._talkers = TalkerRanking()
        self._ranking = Ranking((), ())
        self._order: tuple[str, ...] | None = None
        """The stage; None when it has to be put in order anew."""
        self._places: dict[str, int] = {}
        """Of each endpoint on the stage."""
        self._stage: StageChanged | None = None
        self._scene: Scene | None = None
        self._unfilled: dict[str, Peer] = {}
        """Those whom nobody but themselves keeps from being filled: they are at once."""
        self._behind: dict[str, Peer] = {}
        """Those who have not followed the scene yet."""
        self._unsettled: dict[str, Peer] = {}
        """Those who still see somebody who should have made way."""
        self._moment, self._allowance = 0.0, 0
        self._effort = 0.0
        """What refreshes have taken lately, less what REFRESH_RATE allows."""
        self._refreshed = 0.0
        self._stats_told: float | None = None
        self._to_be_told: list[Peer] = []

    def mark_stale(self) -> None:
        self._stale = True
        self._waiting.add(self)

    def put(self, parameters: PutRouter) -> None:
        self.parameters = parameters
        self._order = None
        self.mark_stale()

    def put_transport(self, command: PutTransport, now: float) -> Peer:
        """Add a transport, or change what it publishes and its slots."""
        peer = self.peers.get(command.transport_id)
        if peer is None:
            peer = self._add(command, now)
        published = bool(peer.ingress.tracks)
        peer.ingress.put_tracks(command.tracks, now)
        peer.put_slots(command.slots)
        if command.tracks:
            self._publishers[command.transport_id] = peer
        else:
            self._publishers.pop(command.transport_id, None)
        if published or command.tracks:
            self.mark_stale()
        self._fill_soon(peer)
        return peer

    def remove_transport(self, transport_id: str) -> None:
        peer = self.peers.pop(transport_id)
        published = bool(peer.ingress.tracks)
        peer.close()
        for kept in (self._publishers, self.senders, self._unfilled, self._behind, self._unsettled):
            kept.pop(transport_id, None)
        self._members[peer.endpoint_id] -= 1
        if not self._members[peer.endpoint_id]:
            del self._members[peer.endpoint_id]
            self._order = None
            self._talkers.remove(peer.endpoint_id)
        if published:
            self.mark_stale()

    def connected(self, transport_id: str) -> None:
        """A transport can be sent to: its slots are filled without waiting for anything else."""
        self._fill_soon(self.peers[transport_id])

    def pause_tracks(self, transport_id: str, paused: Mapping[str, bool]) -> None:
        """Mute and unmute, by track."""
        for track_id, is_paused in paused.items():
            self.peers[transport_id].ingress.pause(track_id, is_paused)
        self.mark_stale()

    def limit_slots(self, transport_id: str, max_heights: Mapping[str, int | None]) -> None:
        """Take over how high a picture each slot can use."""
        peer = self.peers[transport_id]
        for slot_id, max_height in max_heights.items():
            slot = peer.slots.get(slot_id)
            if slot is not None:
                slot.max_height = max_height
        self._fill_soon(peer)

    def decide(self, now: float) -> None:
        """Rank the talkers, look again at which layers are live, and fill the slots; due each 300 ms."""
        for peer in self._publishers.values():
            peer.ingress.listen()
        ranking = self._talkers.decide(now)
        if ranking != self._ranking:
            self._ranking = ranking
            self._order = None
        self._behind.update(self._unsettled)
        self._unsettled.clear()
        self.refresh(now)
        if self._stats_told is None:
            self._stats_told = now
        elif now - self._stats_told >= STATS_PERIOD:
            self._stats_told = now
            self.begin_stats()

    def is_due(self, now: float) -> bool:
        """Whether a refresh is wanted, and can be afforded now."""
        return self._stale and self._effort_at(now) < REFRESH_BURST

    def attend(self, now: float) -> None:
        """Do what cannot wait, after each batch of packets: look at what changed, and fill the slots of newcomers."""
        if self.is_due(now):
            self.refresh(now)
        elif self._unfilled:
            self._fill_some(now, newcomers_only=True)

    def tend(self, now: float) -> None:
        """Do some of what there is to do; due each 10 ms while the router is in `waiting`."""
        if self.is_due(now):
            self.refresh(now)
        else:
            self._fill_some(now)
        if self._to_be_told:
            self.tell_stats()
        if not (self._stale or self._unfilled or self._behind or self._to_be_told):
            self._waiting.discard(self)

    def refresh(self, now: float) -> None:
        """Look at what is shown by the present ranking, and begin to fill the slots of all whom a change concerns."""
        self._stale = False
        self._effort = self._effort_at(now) + REFRESH_EFFORT + len(self._members) / MEMBERS_PER_EFFORT
        self._refreshed = now
        stage = self._put_in_order()
        tracks = self._tracks()
        audio, video, screens = tracks
        present = sorted({*audio, *video, *screens}.intersection(self._places), key=self._places.__getitem__)
        scene = Scene.of(
            present,
            audio_order(self._ranking, present),
            audio,
            video,
            screens,
            self.parameters.max_video_slots,
            now,
        )
        if self._scene is None or scene.shown != self._scene.shown:
            self._scene = scene
            # Who has waited since the change before comes first.
            self._behind = self._behind | self.peers
        self._find_senders()
        self._fill_some(now)
        for tap in self.taps.values():
            tap.refresh(self._publishers.values(), now)
        self._announce(stage)

    def state(self) -> Iterator[NodeMessage]:
        """What signalling is told after it was away. Time may pass, and peers may leave, between two messages."""
        if self._stage is not None:
            yield self._stage
        peers = list(self.peers.values())
        for start in range(0, len(peers), TOLD_BATCH):
            batch = [peer for peer in peers[start : start + TOLD_BATCH] if peer.transport_id in self.peers]
            yield SlotsFilled(
                router_id=self.parameters.router_id,
                transports={peer.transport_id: dict(peer.reported) for peer in batch},
            )

    def begin_stats(self) -> None:
        """It is time to tell what flowed over the transports."""
        self._to_be_told = list(self.peers.values())
        self._waiting.add(self)

    def tell_stats(self) -> None:
        """Tell what flowed over some of the transports that are left to be told of."""
        batch, self._to_be_told = self._to_be_told[:TOLD_BATCH], self._to_be_told[TOLD_BATCH:]
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
            self._order = None
            self._talkers.add(endpoint, now)
        self._members[endpoint] += 1
        peer = Peer(
            command.transport_id,
            endpoint,
            command.cname,
            self._path,
            count=self._count,
            changed=self.mark_stale,
            started=lambda at: self._layer_started(command.transport_id, at),
            level=lambda level, voice, at: self._talkers.level(endpoint, level, voice, at),
            limited=lambda track: self._track_limited(command.transport_id, track),
        )
        self.peers[command.transport_id] = peer
        return peer

    def _track_limited(self, transport_id: str, track: PublishedTrack) -> None:
        self.mark_stale()
        self._tell(TrackLimited(transport_id=transport_id, track_id=track.track_id, layers=track.withheld()))

    def _layer_started(self, transport_id: str, now: float) -> None:
        """Refresh at once where that can be afforded: slots then join with the layer's very first keyframe."""
        self.senders[transport_id] = self.peers[transport_id]
        self.mark_stale()
        if self.is_due(now):
            self.refresh(now)

    def _effort_at(self, now: float) -> float:
        # A large room's decisions alone may cost more than the rate: that debt is not carried on.
        return max(0.0, min(self._effort, 2 * REFRESH_BURST) - (now - self._refreshed) * REFRESH_RATE)

    def _put_in_order(self) -> tuple[str, ...]:
        if self._order is None:
            parameters = self.parameters
            self._order = stage_order(
                self._ranking, parameters.first, parameters.last, tuple(self._members), parameters.max_video_slots
            )
            self._places = {endpoint: place for place, endpoint in enumerate(self._order)}
        return self._order

    def _tracks(self) -> tuple[dict[str, PublishedTrack], dict[str, PublishedTrack], dict[str, PublishedTrack]]:
        """The audio, video and screen track of each endpoint that is being sent.

        A muted microphone keeps its place, else unmuting would move pictures to pair them with their sound.
        """
        found: dict[SlotUse, dict[str, PublishedTrack]] = {"audio": {}, "video": {}, "screen": {}}
        for peer in self._publishers.values():
            for track in peer.ingress.tracks.values():
                use = USES[track.source]
                if track.was_sent if use == "audio" else track.has_started and not track.paused:
                    tracks = found[use]
                    known = tracks.get(peer.endpoint_id)
                    if known is None or (known.paused and not track.paused):
                        tracks[peer.endpoint_id] = track
        return found["audio"], found["video"], found["screen"]

    def _find_senders(self) -> None:
        self.senders = {
            transport_id: peer for transport_id, peer in self._publishers.items() if peer.ingress.sends_video
        }

    def _fill_soon(self, peer: Peer) -> None:
        self._unfilled[peer.transport_id] = peer
        self._waiting.add(self)

    def _fill_some(self, now: float, *, newcomers_only: bool = False) -> None:
        """Fill the slots of newcomers, and of some of those who are behind the scene."""
        scene = self._scene
        if scene is None:
            # The first refresh or decision makes one.
            self.mark_stale()
            return
        chosen = self._unfilled
        self._unfilled = {}
        if now != self._moment:
            self._moment, self._allowance = now, MOMENT_BATCH
        batch = 0 if newcomers_only else min(FILL_BATCH, self._allowance)
        while self._behind and len(chosen) < batch:
            transport_id = next(iter(self._behind))
            chosen[transport_id] = self._behind.pop(transport_id)
        filled: dict[str, dict[str, str | None]] = {}
        remaining = iter(list(chosen.items()))
        try:
            for transport_id, peer in remaining:
                self._behind.pop(transport_id, None)
                if not peer.slots or not peer.connected:
                    continue
                if not fill_peer(peer, scene, now):
                    self._unsettled[transport_id] = peer
                if changes := report_changes(peer):
                    filled[transport_id] = changes
        finally:
            # Whom a fault with another one kept from being filled.
            self._behind.update(remaining)
        self._effort += len(chosen)
        self._allowance -= len(chosen)
        if self._behind:
            self._waiting.add(self)
        if filled:
            self._tell(SlotsFilled(router_id=self.parameters.router_id, transports=filled))

    def _announce(self, stage: tuple[str, ...]) -> None:
        """Tell what changed, and only that."""
        told, speaking = self._stage, self._ranking.speaking
        if told is None or told.endpoints != stage or told.speaking != speaking:
            self._stage = StageChanged(router_id=self.parameters.router_id, endpoints=stage, speaking=speaking)
            self._tell(self._stage)
