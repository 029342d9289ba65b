"""CPU per recorded participant-minute: RTP of microphones and cameras to MKV files, one process.

    python -m bench.recording --participants 20 --seconds 60

Counted is all that the recorder does with a parsed packet: reordering, joining, timing and writing to a real disk, the
kernel's part included. Sound is 50 packets a second, pictures are 30 frames a second of VP8 at the given bitrate.
"""

import argparse
import heapq
import resource
import tempfile
from collections.abc import Iterator
from pathlib import Path

from recorder.segment import Segment
from recorder.timeline import SegmentBegan
from sfu.link_messages import Codec
from sfu.rtp.packet import parse_rtp

OPUS = Codec(format="opus", name="opus", payload_type=111, clock_rate=48000)
VP8 = Codec(format="VP8", name="VP8", payload_type=96, clock_rate=90000)
FRAME_RATE = 30
PAYLOAD = 1100
TICK = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--participants", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60.0, help="of media")
    parser.add_argument("--bitrate", type=int, default=1_500_000, help="of each camera, bits a second")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cpu, size = measure(Path(folder) / "1", arguments.participants, arguments.seconds, arguments.bitrate)
    minutes = arguments.participants * arguments.seconds / 60
    print(
        f"{arguments.participants} participants, {arguments.bitrate / 1e6:.1f} Mb/s each: "
        f"{cpu / minutes:.2f} s of CPU per participant-minute (parsing the packets included), "
        f"{size / minutes / 1e6:.1f} MB"
    )


def measure(folder: Path, participants: int, seconds: float, bitrate: int) -> tuple[float, int]:
    """Seconds of CPU, and bytes of files."""
    began = SegmentBegan(conf_num="1", segment=1, started_at="2026-01-01T00:00:00Z", room_name="bench")
    segment = Segment(folder, began, 0.0)
    for number in range(participants):
        for offset, source, codec in ((0, "microphone", OPUS), (1, "camera", VP8)):
            segment.on_track(
                ssrc=2 * number + offset,
                track_id=f"{number}-{source}",
                client_id=f"c{number}",
                source="camera" if offset else "microphone",
                kind="video" if offset else "audio",
                codec=codec,
                now=0.0,
            )
    packets = heapq.merge(*(packets_of(number, seconds, bitrate) for number in range(participants)))
    spent, due = 0.0, TICK
    batch: list[tuple[float, int, bytes]] = []
    for packet in packets:
        if packet[0] >= due:
            spent += record(segment, batch, due)
            batch, due = [], due + TICK
        batch.append(packet)
    spent += record(segment, batch, seconds)
    started = cpu_time()
    files = segment.finish(seconds)
    return spent + cpu_time() - started, sum(file.size for file in files)


def record(segment: Segment, batch: list[tuple[float, int, bytes]], now: float) -> float:
    """Seconds of CPU for the packets of one tick."""
    started = cpu_time()
    for at, _, data in batch:
        segment.on_rtp(parse_rtp(data), at)
    segment.tick(now)
    return cpu_time() - started


def cpu_time() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def packets_of(number: int, seconds: float, bitrate: int) -> Iterator[tuple[float, int, bytes]]:
    """(when, a number that makes order certain, packet) of one participant's microphone and camera."""
    return heapq.merge(sound_of(number, seconds), camera_of(number, seconds, bitrate))


def sound_of(number: int, seconds: float) -> Iterator[tuple[float, int, bytes]]:
    for index in range(round(seconds * 50)):
        yield index * 0.02, number, rtp(OPUS, 2 * number, index, index * 960, True, b"\xfc".ljust(90, b"x"))


def camera_of(number: int, seconds: float, bitrate: int) -> Iterator[tuple[float, int, bytes]]:
    sequence = 0
    size = bitrate // 8 // FRAME_RATE
    for frame in range(round(seconds * FRAME_RATE)):
        key = frame % (10 * FRAME_RATE) == 0
        header = b"\x10\x02\x00\x9d\x01\x2a\x00\x05\xd0\x02" if key else b"\x11\x02\x00"
        data = header.ljust(size * 5 if key else size, b"x")
        for start in range(0, len(data), PAYLOAD):
            descriptor = b"\x80" if start else b"\x90"
            payload = (
                descriptor + b"\x80" + (frame & 0x7FFF | 0x8000).to_bytes(2, "big") + data[start : start + PAYLOAD]
            )
            last = start + PAYLOAD >= len(data)
            packet = rtp(VP8, 2 * number + 1, sequence, frame * 90000 // FRAME_RATE, last, payload)
            yield frame / FRAME_RATE, number, packet
            sequence += 1


def rtp(codec: Codec, ssrc: int, sequence: int, timestamp: int, marker: bool, payload: bytes) -> bytes:
    header = bytes((0x80, codec.payload_type | (0x80 if marker else 0))) + (sequence & 0xFFFF).to_bytes(2, "big")
    return header + timestamp.to_bytes(4, "big") + ssrc.to_bytes(4, "big") + payload


if __name__ == "__main__":
    main()
