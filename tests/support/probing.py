"""What is in a media file, judged by ffprobe and by decoding."""

import json
import subprocess
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np


@dataclass
class Probe:
    """`packets`: presentation times in seconds by kind of stream, in the order of the file."""

    duration: float
    streams: dict[str, dict] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    packets: dict[str, list[float]] = field(default_factory=dict)


def seconds_written(path: Path) -> float:
    """How much is in a file that still grows: up to which time it has pictures, and sound if it has sound at all."""
    ends: dict[str, float] = {"video": 0.0}
    try:
        with av.open(str(path)) as container:
            for packet in container.demux():
                if packet.pts is not None:
                    kind = packet.stream.type
                    ends[kind] = max(ends.get(kind, 0.0), float(packet.pts * packet.time_base))
    except av.FFmpegError:
        # Caught in the middle of a write.
        return 0.0
    return min(ends.values())


def probe(path: Path) -> Probe:
    """Fails when ffprobe finds any fault."""
    command = ["ffprobe", "-v", "warning", "-show_format", "-show_streams", "-show_packets", "-of", "json", str(path)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    assert not done.stderr, done.stderr.decode()
    told = json.loads(done.stdout)
    kinds = {stream["index"]: stream["codec_type"] for stream in told["streams"]}
    packets: dict[str, list[float]] = defaultdict(list)
    for packet in told["packets"]:
        packets[kinds[packet["stream_index"]]].append(float(packet["pts_time"]))
    streams = {stream["codec_type"]: stream for stream in told["streams"]}
    return Probe(float(told["format"]["duration"]), streams, told["format"].get("tags", {}), dict(packets))


@dataclass(frozen=True)
class Picture:
    at: float
    width: int
    height: int
    brightness: float


def pictures(path: Path) -> list[Picture]:
    """Every picture that a decoder makes of the file; fails when it complains."""
    found = []
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.options = {"err_detect": "explode"}
        for frame in container.decode(video=0):
            rgb = frame.to_ndarray(format="rgb24")
            found.append(Picture(float(frame.pts * frame.time_base), frame.width, frame.height, float(rgb.mean())))
    return found


def sound(path: Path) -> np.ndarray:
    """All samples of the first channel."""
    with av.open(str(path)) as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
