"""Pictures and sounds of a running session, for the compositor."""

from collections.abc import Iterable

import av

from recorder.composite.mixer import Sound
from recorder.composite.planner import Clip, Scene
from recorder.composite.sources import pictures_of
from recorder.live.group import LiveGroup


class LiveSources:
    """Answers for groups by the names of their clips."""

    def __init__(self) -> None:
        self._groups: dict[str, LiveGroup] = {}
        self._gone = 0

    @property
    def undecodable(self) -> int:
        """Pictures and packets of sound that were left out since the beginning."""
        return self._gone + sum(group.undecodable for group in self._groups.values())

    def add(self, group: LiveGroup) -> None:
        self._groups[group.name] = group

    def follow(self, scene: Scene, at: float) -> None:
        """Scenes are some time behind what comes, so a group is there before its scene, and goes after it."""
        known = {clip.name for clip in scene.heard}
        shown = {clip.name for clip in pictures_of(scene)}
        for name, group in list(self._groups.items()):
            if name in known:
                group.watch(name in shown)
            elif group.over:
                self._gone += group.undecodable
                del self._groups[name]

    def picture(self, clip: Clip, at: float) -> av.VideoFrame | None:
        """See `recorder.composite.sources.Sources`."""
        group = self._groups.get(clip.name)
        return group.pictures.picture(at) if group is not None and group.pictures is not None else None

    def sounds(self, start: int, samples: int) -> Iterable[Sound]:
        """See `recorder.composite.sources.Sources`."""
        for group in self._groups.values():
            sound = group.sound.read(start, samples) if group.sound is not None else None
            if sound is not None:
                yield sound
