"""Where a composite's pictures and sounds come from: what the compositor asks, whoever answers."""

from collections.abc import Collection, Iterable
from typing import Protocol

import av

from recorder.composite.mixer import Sound
from recorder.composite.planner import Clip, Scene


class Sources(Protocol):
    """Files after the session, or live streams during it."""

    def follow(self, scene: Scene, at: float) -> None:
        """A new scene begins `at` seconds: what it does not show may be closed, what it lets hear is opened."""

    def picture(self, clip: Clip, at: float) -> av.VideoFrame | None:
        """The picture to be seen `at` seconds, the same object as long as it has not changed; None without one."""

    def sounds(self, start: int, samples: int) -> Iterable[Sound]:
        """Everything that is heard in the block of `samples` from sample `start` of the segment, at 48 kHz.

        Each sound has one or two channels and exactly so many samples; what is silent is left out.
        """


def pictures_of(scene: Scene) -> Collection[Clip]:
    """The clips whose pictures a scene shows."""
    return {view.clip for view in scene.views if view.clip is not None}
