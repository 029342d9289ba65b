"""Pictures and sounds from the files of a segment's folder. Only what is seen or heard now is open."""

from collections.abc import Iterable
from pathlib import Path

import av

from recorder.composite.mixer import Sound
from recorder.composite.pictures import PictureReader
from recorder.composite.planner import Clip, Scene
from recorder.composite.sound_reader import SoundReader
from recorder.composite.sources import pictures_of


class FileSources:
    """Answers for files; `left_out` collects those that could not be opened, with the reason."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.left_out: dict[str, str] = {}
        self._pictures: dict[Clip, PictureReader] = {}
        self._sounds: dict[Clip, SoundReader] = {}
        self._begun: set[Clip] = set()  # those whose sound was opened once: it is read to its end

    def follow(self, scene: Scene, at: float) -> None:
        """Open the files of the scene, close those of which nobody sees anything now."""
        shown = pictures_of(scene)
        for clip in self._pictures.keys() - shown:
            self._pictures.pop(clip).close()
        for clip in scene.heard:
            if clip not in self._begun:
                self._begun.add(clip)
                self._open_sound(clip)
        for clip in shown:
            if clip not in self._pictures:
                self._open_picture(clip, at)

    def picture(self, clip: Clip, at: float) -> av.VideoFrame | None:
        """The picture to be seen; None when the file gives none now."""
        reader = self._pictures.get(clip)
        return reader.picture(at) if reader is not None else None

    def sounds(self, start: int, samples: int) -> Iterable[Sound]:
        """What is heard in the block. A file whose sound has ended is closed."""
        for clip, reader in list(self._sounds.items()):
            sound = reader.read(start, samples)
            if reader.ended:
                self._sounds.pop(clip).close()
            if sound is not None:
                yield sound

    def close(self) -> None:
        """Let go of all files."""
        for picture in self._pictures.values():
            picture.close()
        for sound in self._sounds.values():
            sound.close()
        self._pictures.clear()
        self._sounds.clear()

    def _open_sound(self, clip: Clip) -> None:
        try:
            self._sounds[clip] = SoundReader(self._folder / clip.name, clip)
        except (av.FFmpegError, OSError) as error:
            self.left_out[clip.name] = reason_of(error)

    def _open_picture(self, clip: Clip, at: float) -> None:
        try:
            self._pictures[clip] = PictureReader(self._folder / clip.name, clip, at)
        except (av.FFmpegError, OSError) as error:
            self.left_out[clip.name] = reason_of(error)


def reason_of(error: Exception) -> str:
    """FFmpeg's or the system's reason, without the path."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
