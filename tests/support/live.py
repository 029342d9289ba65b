"""Live films under test: a segment without a clock, and people who publish a colour and a tone."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from recorder.composite.film import Film
from recorder.encoders import choose_prompt
from recorder.layouts import SIZES
from recorder.live.fragments import FRAGMENTED_MP4, FragmentedFile
from recorder.live.messages import FRAGMENTS
from recorder.live.segment import LiveSegment
from sfu.link_messages import Source
from tests.support.publishing import FRAME_RATE, OPUS, VIDEO, Encoded, Sent, Stream, encode_colours, encode_tone

SIZE = SIZES["LD"]
RED, GREEN, BLUE, GREY = (200, 30, 30), (30, 160, 30), (30, 30, 200), (120, 120, 120)

Report = tuple[float, object]


@contextmanager
def live_segment(folder: Path, began_at: float = 0.0) -> Iterator[LiveSegment]:
    """Of LD size, writing to `film_of(folder)`."""
    film = Film(FragmentedFile(film_of(folder)), SIZE, choose_prompt(SIZE, "libx264"), FRAGMENTED_MP4, threads=1)
    with film:
        yield LiveSegment(film, SIZE, began_at)


def film_of(folder: Path) -> Path:
    return folder / FRAGMENTS


def heard(path: Path) -> float:
    """Seconds of sound in a film that may still grow."""
    if not path.stat().st_size:
        return 0.0
    with av.open(str(path)) as film:
        loud = [np.count_nonzero(np.abs(frame.to_ndarray()[0]) > 0.01) for frame in film.decode(audio=0)]
    return sum(loud) / 48_000


@dataclass
class Someone:
    """Publishes from `begin` on; `number` makes the SSRCs. `delay` is that of the pictures' packets, in seconds."""

    name: str
    number: int
    codec: str = "VP8"
    begin: float = 0.0
    delay: float = 0.02

    def __post_init__(self) -> None:
        self.camera = Stream(VIDEO[self.codec], 2 * self.number, delay=self.delay)
        self.microphone = Stream(OPUS, 2 * self.number + 1)

    def join(self, segment: LiveSegment) -> None:
        segment.on_person_joined(self.name, self.name.title(), "participant", self.begin)
        self.put(segment, "camera", self.camera)
        self.put(segment, "microphone", self.microphone)

    def put(self, segment: LiveSegment, source: Source, stream: Stream, at: float | None = None) -> None:
        segment.on_track(
            ssrc=stream.ssrc,
            track_id=f"{self.name}-{source}",
            client_id=self.name,
            source=source,
            kind="audio" if stream.codec is OPUS else "video",
            codec=stream.codec,
            now=self.begin if at is None else at,
        )

    def sends(self, pictures: Sequence[Encoded], sound: Sequence[Encoded]) -> list[Sent]:
        return self.camera.video(pictures, self.begin) + self.microphone.audio(sound, self.begin)

    def colour(self, colour: tuple[int, int, int], seconds: float, tone: float = 440.0) -> list[Sent]:
        return self.sends(
            encode_colours(self.codec, (colour,) * round(seconds * FRAME_RATE)), encode_tone(seconds, tone)
        )

    def reports(self) -> list[tuple[float, object]]:
        return [(self.begin, stream.report(self.begin)) for stream in (self.camera, self.microphone)]
