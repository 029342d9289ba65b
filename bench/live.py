"""CPU per minute of a live recording: four people with cameras of 640x360 (VP8, 30 fps) and microphones, 720p.

    python -m bench.live --seconds 60

Makes its inputs as `bench.composite` does, which is not measured, nor is the tap's connection. Everything else is:
ordering and joining packets, decoding, drawing, mixing, encoding, the file. Time is simulated: the film is made as fast
as it can be, from the same packets at the same moments of the session.
"""

import argparse
import os
import struct
import tempfile
import time
from pathlib import Path

import av

from bench.composite import NAMES, make_segment
from bench.recording import OPUS, PAYLOAD, TICK, VP8, rtp
from recorder.composite.film import Film, WholeFile
from recorder.encoders import choose_prompt
from recorder.layouts import SIZES, Quality
from recorder.live.finishing import with_index
from recorder.live.fragments import FRAGMENTED_MP4, FragmentedFile
from recorder.live.segment import LiveSegment
from sfu.rtp.packet import parse_rtp


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="length of the recording")
    parser.add_argument("--people", type=int, default=4)
    parser.add_argument("--quality", choices=("LD", "SD", "HD"), default="HD")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_segment(folder, arguments.people, arguments.seconds)
        packets = sorted(packet for number in range(arguments.people) for packet in packets_of(folder, number))
        cpu = time.process_time()
        record(folder / "fragments.mp4", packets, arguments.people, arguments.seconds, arguments.quality)
        cpu = time.process_time() - cpu
        wall = time.perf_counter()
        with_index(folder / "fragments.mp4", WholeFile(folder / "film.mp4"))
        wall = time.perf_counter() - wall
        rate = (folder / "film.mp4").stat().st_size * 8 / arguments.seconds / 1000
    print(
        f"{arguments.people} people, {arguments.quality}, {os.cpu_count()} cores: "
        f"{cpu * 60 / arguments.seconds:.1f} CPU seconds per minute of live recording, {rate:.0f} kb/s; "
        f"{wall:.2f} s for its index"
    )


def record(path: Path, packets: list[tuple[float, int, bytes]], people: int, seconds: int, quality: Quality) -> None:
    size = SIZES[quality]
    with Film(FragmentedFile(path), size, choose_prompt(size, "libx264"), FRAGMENTED_MP4, threads=1) as film:
        segment = LiveSegment(film, size, 0.0)
        everyone = tuple(f"p{number}" for number in range(people))
        for number, client_id in enumerate(everyone):
            join(segment, number, client_id)
        due = TICK
        for at, _, data in packets:
            while at >= due:
                speaker = everyone[int(due) // 5 % people]
                if due % 5 < TICK:
                    segment.on_talkers(everyone, (speaker,), due)
                segment.tick(due)
                due += TICK
            segment.on_rtp(parse_rtp(data), at)
        segment.finish(seconds)


def join(segment: LiveSegment, number: int, client_id: str) -> None:
    segment.on_person_joined(client_id, NAMES[number % len(NAMES)], "participant", 0.0)
    for offset, codec in enumerate((OPUS, VP8)):
        segment.on_track(
            ssrc=2 * number + offset,
            track_id=f"{client_id}-{offset}",
            client_id=client_id,
            source="camera" if offset else "microphone",
            kind="video" if offset else "audio",
            codec=codec,
            now=0.0,
        )


def packets_of(folder: Path, number: int) -> list[tuple[float, int, bytes]]:
    """(when, SSRC, packet) of one participant's file."""
    packets = []
    sequences = [0, 0]
    with av.open(str(folder / f"p{number}-1.mkv")) as container:
        for packet in container.demux():
            if packet.pts is None or packet.time_base is None:
                continue
            at = max(0.0, float(packet.pts * packet.time_base))  # the encoder of sound begins a little before 0
            video = packet.stream.type == "video"
            codec, ssrc = (VP8, 2 * number + 1) if video else (OPUS, 2 * number)
            payloads = vp8_payloads(bytes(packet), sequences[1]) if video else [bytes(packet)]
            for index, payload in enumerate(payloads):
                last = index == len(payloads) - 1
                data = rtp(codec, ssrc, sequences[video] & 0xFFFF, round(at * codec.clock_rate), last, payload)
                packets.append((at, ssrc, data))
                sequences[video] += 1
    return packets


def vp8_payloads(frame: bytes, picture_id: int) -> list[bytes]:
    """With a picture id of 15 bits (RFC 7741 section 4.2)."""
    number = struct.pack("!H", picture_id & 0x7FFF | 0x8000)
    return [
        (b"\x80" if start else b"\x90") + b"\x80" + number + frame[start : start + PAYLOAD]
        for start in range(0, len(frame), PAYLOAD)
    ]


if __name__ == "__main__":
    main()
