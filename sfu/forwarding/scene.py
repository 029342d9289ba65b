"""What a session shows at one moment: everything that the filling of anybody's slots depends on.

It is made anew at each decision, and compared with the one before: when nothing changed nobody's slots need a look.
Participants in the same position get the same, so that is worked out once for all of them.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sfu.forwarding.layer import Layer
from sfu.forwarding.track import PublishedTrack
from sfu.link_messages import Excess
from sfu.stage import Assignment, fill_screens, fill_slots

MAX_SLOTS = 64
"""Of one use of one participant: `Slot.index` goes no further."""

Tracks = Mapping[str, PublishedTrack]
"""By endpoint."""


class LayerState(NamedTuple):
    """What decides whether slots get a layer, and whether they still have what they got."""

    layer: Layer
    height: int
    live: bool
    started: bool
    withheld: Excess | None
    releases: int


class TrackState(NamedTuple):
    track: PublishedTrack
    rids: tuple[str, ...]
    layers: tuple[LayerState, ...]


class Shown(NamedTuple):
    """Endpoints by importance, as far as anybody's slots may go, and the state of their tracks at the time."""

    heard: tuple[str, ...]
    seen: tuple[str, ...]
    screens: tuple[str, ...]
    tracks: tuple[TrackState, ...]
    max_video_slots: int


class Scene:
    """`audio`, `video` and `screens` are the tracks of the endpoints in `shown`."""

    def __init__(self, shown: Shown, audio: Tracks, video: Tracks, screens: Tracks, now: float) -> None:
        self.shown = shown
        self.audio = audio
        self.video = video
        self.screens = screens
        self._now = now
        self._present = {*shown.heard, *shown.seen}
        self._assignments: dict[tuple[Assignment, str, int, int], Assignment] = {}
        self._best_layers: dict[tuple[PublishedTrack, int | None], Layer | None] = {}

    @classmethod
    def of(
        cls,
        stage: Sequence[str],
        priority: Sequence[str],
        audio: Tracks,
        video: Tracks,
        screens: Tracks,
        max_video_slots: int,
        now: float,
    ) -> "Scene":
        """`stage` is that of `stage_order`, `priority` that of `audio_order`; both may leave out who sends nothing.

        Nobody gets their own, so one more than there are slots can matter.
        """
        heard = tuple(endpoint for endpoint in priority if endpoint in audio)[: MAX_SLOTS + 1]
        seen = tuple(endpoint for endpoint in stage if endpoint in video)[: max_video_slots + 1]
        started = tuple(sorted(screens, key=lambda endpoint: screens[endpoint].started)[: MAX_SLOTS + 1])
        tracks = (
            *(audio[endpoint] for endpoint in heard),
            *(video[endpoint] for endpoint in seen),
            *(screens[endpoint] for endpoint in started),
        )
        states = tuple(_state(track, now) for track in tracks)
        return cls(Shown(heard, seen, started, states, max_video_slots), audio, video, screens, now)

    def assignment(self, current: Assignment, own_endpoint: str, audio_slots: int, video_slots: int) -> Assignment:
        """Who is in which slot from now on; see `fill_slots`."""
        shown = self.shown
        video_slots = min(video_slots, shown.max_video_slots)
        # All who are not shown themselves are in the same position.
        key = current, own_endpoint if own_endpoint in self._present else "", audio_slots, video_slots
        known = self._assignments.get(key)
        if known is None:
            known = self._assignments[key] = fill_slots(
                current,
                shown.seen,
                own_endpoint,
                self.audio.keys(),
                self.video.keys(),
                audio_slots,
                video_slots,
                shown.heard,
            )
        return known

    def screen_assignment(self, current: Sequence[str | None], own_endpoint: str, slots: int) -> tuple[str | None, ...]:
        """Who is in which screen slot from now on; see `fill_screens`."""
        return fill_screens(current, self.shown.screens, own_endpoint, slots)

    def best_layer(self, track: PublishedTrack, max_height: int | None) -> Layer | None:
        """The same for all slots that ask for the same; see `PublishedTrack.best_layer`."""
        key = track, max_height
        if key not in self._best_layers:
            self._best_layers[key] = track.best_layer(max_height, self._now)
        return self._best_layers[key]


def _state(track: PublishedTrack, now: float) -> TrackState:
    layers = tuple(
        LayerState(layer, layer.height, layer.is_live(now), layer.started, layer.withheld, layer.releases)
        for layer in track.layers.values()
    )
    return TrackState(track, track.parameters.rids, layers)
