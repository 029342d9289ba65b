"""The stage: who is seen and heard, in which order, and who fills which slot of one participant."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sfu.talkers import Ranking


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who is in each audio and video slot of one participant: endpoint ids, None where the slot is idle."""

    audio: tuple[str | None, ...] = ()
    video: tuple[str | None, ...] = ()


def stage_order(ranking: Ranking, first: Sequence[str], last: Sequence[str], members: Sequence[str]) -> tuple[str, ...]:
    """All `members` (given in join order), the most important first: spotlighted, speaking, pinned, earlier talkers
    (the most recent first), then the rest by join order.

    Pinned endpoints stand before those who have stopped talking, else everyone who ever spoke would in time push them
    out of the slots. Ids that are no members are left out, and no one is in it twice.
    """
    present = set(members)
    wanted = (*first, *ranking.speaking, *last, *ranking.order, *members)
    return tuple(endpoint for endpoint in dict.fromkeys(wanted) if endpoint in present)


def audio_order(ranking: Ranking, stage: Sequence[str]) -> tuple[str, ...]:
    """The stage for audio slots: talkers first, so that silent spotlighted or pinned endpoints take no one's voice."""
    present = set(stage)
    return tuple(endpoint for endpoint in dict.fromkeys((*ranking.order, *stage)) if endpoint in present)


def fill_slots(
    current: Assignment,
    order: Sequence[str],
    own_endpoint: str,
    has_audio: Collection[str],
    has_video: Collection[str],
    audio_slots: int,
    video_slots: int,
    audio_priority: Sequence[str] | None = None,
) -> Assignment:
    """Who is in which slot of `own_endpoint` from now on.

    `order` is that of `stage_order`; `audio_priority` that of `audio_order` (by default the same as `order`).
    """
    raise NotImplementedError


def fill_screens(
    current: Sequence[str | None], started: Sequence[str], own_endpoint: str, slots: int
) -> tuple[str | None, ...]:
    """Screen slots: `started` are the endpoints that share a screen, the earliest start first."""
    raise NotImplementedError
