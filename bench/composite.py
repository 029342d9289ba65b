"""CPU per minute of composite: four people with cameras of 640x360 (VP8, 30 fps) and microphones, 720p, one process.

    python -m bench.composite --seconds 60

Makes its inputs itself: a still room, light noise of a sensor, and a head that moves and speaks; everyone speaks in
turn. Making them is not measured. Everything else is: reading, decoding, drawing, mixing, encoding, the file.
"""

import argparse
import os
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from recorder.composite.planes import new_frame, planes_of
from recorder.composite.segment import Choices, compose_segment
from recorder.layouts import Size
from recorder.timeline import (
    FILE_NAME,
    FileBegan,
    Line,
    PersonJoined,
    SegmentBegan,
    SegmentEnded,
    SourceShown,
    TalkersChanged,
)

SIZE = Size(640, 360)
RATE = 30
NAMES = ("Ada Lovelace", "Grace Hopper", "Hedy Lamarr", "Radia Perlman")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="length of the composite")
    parser.add_argument("--people", type=int, default=4)
    parser.add_argument("--quality", choices=("LD", "SD", "HD"), default="HD")
    parser.add_argument("--encoder", default="auto")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_segment(folder, arguments.people, arguments.seconds)
        cpu, wall = time.process_time(), time.perf_counter()
        made = compose_segment(folder, choices=Choices(arguments.quality, arguments.encoder))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        rate = made.path.stat().st_size * 8 / made.duration / 1000
    print(
        f"{arguments.people} people, {arguments.quality}, {made.encoder}, {os.cpu_count()} cores: "
        f"{cpu * 60 / made.duration:.1f} CPU seconds per minute of composite, "
        f"{made.duration / wall:.1f} times real time, {rate:.0f} kb/s"
    )


def make_segment(folder: Path, people: int, seconds: int) -> None:
    """A folder as the recorder leaves it."""
    lines: list[Line] = [SegmentBegan(conf_num="1", segment=1, started_at="2026-01-01T00:00:00Z", room_name="bench")]
    everyone = tuple(f"p{number}" for number in range(people))
    for number, client_id in enumerate(everyone):
        write_person(folder / f"{client_id}-1.mkv", number, people, seconds)
        lines += [
            PersonJoined(client_id=client_id, name=NAMES[number % len(NAMES)], role="participant"),
            SourceShown(client_id=client_id, source="camera", live=True),
            FileBegan(file=f"{client_id}-1.mkv", client_id=client_id, at=0.02 * number),
        ]
    for second in range(0, seconds, 5):
        speaker = everyone[second // 5 % people]
        lines.append(TalkersChanged(at=second, stage=everyone, speaking=(speaker,)))
    lines.append(SegmentEnded(at=seconds))
    (folder / FILE_NAME).write_text("".join(line.model_dump_json() + "\n" for line in lines), encoding="utf-8")


def write_person(path: Path, number: int, people: int, seconds: int) -> None:
    noise = np.random.default_rng(number)
    background = room(number)
    head = np.asarray(Image.effect_noise((160, 200), 40).filter(ImageFilter.GaussianBlur(3)), np.int16)
    oval = Image.new("L", (160, 200))
    ImageDraw.Draw(oval).ellipse((0, 0, 159, 199), fill=255)
    mask = np.asarray(oval) > 0
    with av.open(str(path), "w") as container:
        options = {"deadline": "realtime", "cpu-used": "8", "b": "700k", "g": "3000"}
        video = container.add_stream("libvpx", RATE, options)
        video.width, video.height, video.pix_fmt = SIZE.width, SIZE.height, "yuv420p"
        audio = container.add_stream("libopus", 48_000, layout="mono")
        for index in range(seconds * RATE):
            frame = new_frame(SIZE)
            luma, blue, red = planes_of(frame)
            x, y = round(240 + 30 * np.sin(index / 25 + number)), round(120 + 6 * np.sin(index / 9))
            picture = background.copy()
            picture[y : y + 200, x : x + 160][mask] = head[mask]
            picture[y + 140 : y + 142 + index * 7 % 13, x + 50 : x + 110] = 40  # the mouth
            picture += np.rint(noise.normal(0, 1.5, picture.shape)).astype(np.int16)
            luma[:], blue[:], red[:] = picture.clip(16, 235), 118 + 3 * number, 138
            frame.pts, frame.time_base = index, Fraction(1, RATE)
            container.mux(video.encode(frame))
            speaking = index // (5 * RATE) % people == number
            container.mux(audio.encode(voice(index, noise, 0.2 if speaking else 0.002)))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))


def room(number: int) -> NDArray[np.int16]:
    """A wall with a window, shelves and books, a little out of focus."""
    image = (
        Image.linear_gradient("L").resize((SIZE.width, SIZE.height)).point([90 + value // 3 for value in range(256)])
    )
    draw = ImageDraw.Draw(image)
    random = np.random.default_rng(100 + number)
    for shelf in range(40, 300, 70):
        for book in range(20, 600, 14):
            draw.rectangle(
                (book, shelf, book + 11, shelf + int(random.integers(30, 60))), int(random.integers(60, 200))
            )
    return np.asarray(image.filter(ImageFilter.GaussianBlur(1.5)), np.int16)


def voice(index: int, noise: np.random.Generator, level: float) -> av.AudioFrame:
    """A thirtieth of a second of something like speech: a tone that rises and falls, and breath."""
    time_axis = (index * 1600 + np.arange(1600)) / 48_000
    tone = np.sin(2 * np.pi * 180 * time_axis) * (0.5 + 0.5 * np.sin(2 * np.pi * 4 * time_axis))
    samples = level * (tone + noise.normal(0, 0.3, 1600))
    frame = av.AudioFrame.from_ndarray(samples.astype(np.float32)[None], "flt", "mono")
    frame.sample_rate, frame.pts, frame.time_base = 48_000, index * 1600, Fraction(1, 48_000)
    return frame


if __name__ == "__main__":
    main()
