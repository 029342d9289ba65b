"""In which order one participant's packets are sent: so that few messages to the kernel take them.

A message holds packets of one size, of which the last may be shorter (UDP generic segmentation offload). Where a
picture and some sound wait for the same participant, the sound is sent last: it closes the picture's message.
"""

from collections.abc import Sequence

from sfu.forwarding.plan import Plan
from sfu.forwarding.wire_format import Canonical

Work = Sequence[tuple[Plan, Sequence[Canonical]]]
"""Packets that one participant gets, those of each plan as they came together."""

MOST_SORTED = 32
"""More than these wait only when there is no time to sort."""


def sending_order(work: Work) -> Work:
    """What waits for one participant, that of one SSRC together and as it came, streams with large packets first."""
    if len(work) < 2 or len(work) > MOST_SORTED:
        return work
    streams: dict[int, list[tuple[Plan, Sequence[Canonical]]]] = {}
    for plan, packets in work:
        streams.setdefault(plan.ssrc, []).append((plan, packets))
    return [one for stream in sorted(streams.values(), key=_largest, reverse=True) for one in stream]


def _largest(stream: Work) -> int:
    return max(len(packet.data) for _, packets in stream for packet in packets)
