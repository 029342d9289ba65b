"""The rules by which quality is good, moderate or bad. They are written down for readers in docs/rest-api.md."""

from typing import Literal, NamedTuple

from sfu.link_messages import Flow, SlotUse

Quality = Literal["good", "moderate", "bad"]
Direction = Literal["send", "receive"]
"""As the participant sees it."""


class Limits(NamedTuple):
    """Up to where a quality reaches: `loss` is the share of packets lost, `bitrate` (bits per second) that of each
    stream at least."""

    loss: float
    bitrate: int


# Lost video is sent again, lost audio is not. Opus sends next to nothing in silence, and a screen that stands still
# needs nothing either: of these the bitrate tells nothing, but that nothing at all came. Pictures of a camera move, so
# that very few bits are a hint, but no proof: a covered lens needs no more.
_LIMITS: dict[SlotUse, tuple[Limits, Limits]] = {
    "audio": (Limits(0.03, 1), Limits(0.10, 1)),
    "video": (Limits(0.05, 30_000), Limits(0.15, 1)),
    "screen": (Limits(0.05, 0), Limits(0.15, 0)),
}
GOOD_SHARE = 0.8
"""The least share of the time that is good, where the whole is."""
BAD_SHARE = 0.2
"""The share of the time that makes the whole bad, when it is bad."""


def quality_of(use: SlotUse, direction: Direction, flow: Flow) -> Quality:
    """The quality of one interval that has steady time."""
    # What was received does not hold what was lost; what was sent does.
    expected = flow.packets + flow.lost if direction == "send" else flow.packets
    loss = min(flow.lost / expected, 1.0) if expected else 0.0
    bitrate = flow.bitrate / flow.streams if flow.streams else 0.0
    good, moderate = _LIMITS[use]
    if loss <= good.loss and bitrate >= good.bitrate:
        return "good"
    return "moderate" if loss <= moderate.loss and bitrate >= moderate.bitrate else "bad"


def overall(good: float, moderate: float, bad: float) -> Quality:
    """The quality of the whole, by how many seconds were of which; without any, nothing was wrong."""
    total = good + moderate + bad
    if not total:
        return "good"
    if bad >= total * BAD_SHARE:
        return "bad"
    return "good" if good >= total * GOOD_SHARE else "moderate"


def percentages(good: float, moderate: float, bad: float) -> tuple[int, int, int]:
    """Whole percents that add up to 100; three times 0 without any time."""
    parts = (good, moderate, bad)
    total = sum(parts)
    if not total:
        return 0, 0, 0
    exact = [part * 100 / total for part in parts]
    whole = [int(part) for part in exact]
    # The largest remainders get what rounding down left over.
    by_remainder = sorted(range(3), key=lambda index: whole[index] - exact[index])
    for index in by_remainder[: 100 - sum(whole)]:
        whole[index] += 1
    return whole[0], whole[1], whole[2]
