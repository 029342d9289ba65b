"""The compositor: tick by tick, the picture and the sound of a scene. The same for files and for a running session."""

from dataclasses import dataclass

import av

from recorder.composite.canvas import Canvas
from recorder.composite.mixer import SAMPLE_RATE, Mixer, Sound
from recorder.composite.planes import Stamp
from recorder.composite.planner import Scene
from recorder.composite.sources import Sources
from recorder.encoders import FRAME_RATE
from recorder.layouts import Size

SAMPLES_PER_TICK = SAMPLE_RATE // FRAME_RATE


@dataclass(frozen=True)
class Output:
    """What composites look like, besides who is in them."""

    size: Size
    watermark: Stamp | None = None


class Compositor:
    """Tick `n` is the frame at n/25 s with the 40 ms of sound from there on.

    Call `show` when the scene changed, then `draw` and `sound` once for each tick, and `last_sound` at the end.
    """

    def __init__(self, output: Output, sources: Sources) -> None:
        self._sources = sources
        self._canvas = Canvas(output.size, output.watermark)
        self._mixer = Mixer()
        self._scene = Scene()

    def show(self, scene: Scene, tick: int) -> None:
        """From this tick on the scene is this one."""
        self._sources.follow(scene, tick / FRAME_RATE)
        # Whatever else changed, such as a file that is only heard: what is seen need not be drawn again.
        if scene.views != self._scene.views:
            self._canvas.show(scene)
        self._scene = scene

    def draw(self, tick: int, frame: av.VideoFrame) -> None:
        """Draw the tick's picture on a yuv420p frame of the output's size."""
        for place, view in enumerate(self._scene.views):
            if view.clip is not None:
                self._canvas.draw(place, self._sources.picture(view.clip, tick / FRAME_RATE))
        self._canvas.copy_to(frame)

    def repeat(self, frame: av.VideoFrame) -> None:
        """Put the picture that was drawn last on a frame, where there is no time for drawing."""
        self._canvas.copy_to(frame)

    def sound(self, tick: int) -> Sound:
        """The tick's sound, mixed; 5 ms later than asked for, see `Mixer`."""
        return self._mixer.mix(self._sources.sounds(tick * SAMPLES_PER_TICK, SAMPLES_PER_TICK), SAMPLES_PER_TICK)

    def last_sound(self) -> Sound:
        """What the mixer still holds back."""
        return self._mixer.flush()
