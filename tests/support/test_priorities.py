"""Nothing that the tests do leaves this process at real-time priority, for a browser to inherit."""

import os

from tests.support.clips import encode_clip


def test_encoding_av1_leaves_the_priority_as_it_was() -> None:
    before = os.sched_getscheduler(0)
    encode_clip.__wrapped__("libsvtav1", 320, 180)
    assert os.sched_getscheduler(0) == before == os.SCHED_OTHER
