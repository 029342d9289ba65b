"""A process that makes a live film without end, to be killed: `python -m tests.support.live_process FOLDER`.

It prints, after each step of 50 ms of media, up to when it has been told everything (in seconds), as soon as all that
this makes of the film is encoded: a machine that is too slow for that is not what is tested. It takes its media from
memory, at most twice as fast as they are.
"""

import sys
import time
from pathlib import Path

from recorder.composite.film import _FRAMES
from tests.support.live import Someone, live_segment
from tests.support.publishing import encode_tone, encode_video

STEP = 0.05


def main() -> None:
    ada = Someone("ada", 0)
    frames, tone = encode_video("VP8", 40), encode_tone(2.0)
    with live_segment(Path(sys.argv[1])) as segment:
        ada.join(segment)
        for at, report in ada.reports():
            segment.on_sender_report(report, at)
        due = STEP
        while True:
            sent = sorted(ada.sends(frames, tone), key=lambda one: one.at)
            for one in sent:
                while one.at >= due:
                    segment.tick(due)
                    while segment._film._blank.qsize() < _FRAMES:
                        time.sleep(0.001)
                    print(due, flush=True)
                    due += STEP
                    time.sleep(STEP / 2)
                segment.on_rtp(one.packet, one.at)
            ada.begin += 2.0


if __name__ == "__main__":
    main()
