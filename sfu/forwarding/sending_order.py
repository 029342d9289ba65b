"""In which order one participant's packets are sent: so that few messages to the kernel take them.

A message holds packets of one size, of which the last may be shorter (UDP generic segmentation offload). Where a
picture and some sound wait for the same participant, the sound is sent last: it closes the picture's message.
"""

from collections.abc import Sequence

from sfu.forwarding.egress import Batch
from sfu.forwarding.plan import Plan

MOST_SORTED = 32
"""Batches; more, for one participant, are sent as they came: what takes them is a message for each of them anyway."""


def sending_order(work: Sequence[tuple[Plan, Batch]]) -> Sequence[tuple[Plan, Batch]]:
    """What waits for one participant, batches of one SSRC together and as they came, those with large packets first."""
    if len(work) < 2 or len(work) > MOST_SORTED:
        return work
    streams: dict[int, list[tuple[Plan, Batch]]] = {}
    for plan, batch in work:
        streams.setdefault(plan.ssrc, []).append((plan, batch))
    return [one for stream in sorted(streams.values(), key=_largest, reverse=True) for one in stream]


def _largest(stream: Sequence[tuple[Plan, Batch]]) -> int:
    return max(len(packet.data) for _, batch in stream for packet in batch.packets)
