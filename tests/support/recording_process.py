"""A process that records without end, to be killed: `python -m tests.support.recording_process FOLDER`.

It prints, after each step of 50 ms of media, up to when it has been told everything (in seconds). It takes its media
from memory, at most ten times as fast as they are.
"""

import sys
import time
from pathlib import Path

from recorder.segment import Segment
from recorder.timeline import SegmentBegan
from tests.support.publishing import OPUS, VIDEO, Stream, encode_tone, encode_video

STEP = 0.05


def main() -> None:
    began = SegmentBegan(conf_num="1", segment=1, started_at="2026-11-22T00:00:00Z", room_name="Room")
    segment = Segment(Path(sys.argv[1]), began, 0.0)
    sound, camera = Stream(OPUS, 2, delay=0.0), Stream(VIDEO["VP8"], 1, delay=0.0)
    for source, kind, stream in (("microphone", "audio", sound), ("camera", "video", camera)):
        segment.on_track(
            ssrc=stream.ssrc, track_id=source, client_id="ada", source=source, kind=kind, codec=stream.codec, now=0.0
        )
        segment.on_sender_report(stream.report(0.0), 0.0)
    frames, tone = encode_video("VP8", 40), encode_tone(2.0)
    begin = 0.0
    while True:
        packets = sorted(camera.video(frames, begin) + sound.audio(tone, begin), key=lambda sent: sent.at)
        due = begin + STEP
        for sent in packets:
            while sent.at >= due:
                segment.tick(due)
                print(due, flush=True)
                due += STEP
                time.sleep(STEP / 10)
            segment.on_rtp(sent.packet, sent.at)
        begin += 2.0


if __name__ == "__main__":
    main()
