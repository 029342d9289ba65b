"""The stage: who is seen and heard, in which order, and who fills which slot of one participant."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sfu.talkers import Ranking


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who is in each audio and video slot of one participant: endpoint ids, None where the slot is idle."""

    audio: tuple[str | None, ...] = ()
    video: tuple[str | None, ...] = ()


def stage_order(
    ranking: Ranking, first: Sequence[str], last: Sequence[str], members: Sequence[str], places: int
) -> tuple[str, ...]:
    """All `members` (given in join order), the most important first: spotlighted, speaking, pinned, earlier talkers
    (the most recent first), then the rest by join order.

    Pinned endpoints are among the first `places`, whoever speaks: when more speak than there is room for beside them,
    those of lower rank stand behind the pinned ones. Only the spotlight goes before. Ids that are no members are left
    out, and no one is in it twice.
    """
    present = set(members)
    free = places - len(present.intersection((*first, *last)))
    seen = [endpoint for endpoint in ranking.speaking if endpoint not in (*first, *last)][: max(free, 0)]
    speaking = [endpoint for endpoint in ranking.speaking if endpoint in seen or endpoint in last]
    wanted = (*first, *speaking, *last, *ranking.order, *members)
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

    `order` is that of `stage_order`; `audio_priority` that of `audio_order` (by default the same as `order`). The most
    important are in as far as slots go; whoever was in already keeps their slot. Who is both heard and seen has audio
    slot k and video slot k; to make it so, the less important move. Count a muted microphone into `has_audio`, else
    every unmute may move a picture.
    """
    video = _most_important(order, own_endpoint, has_video, video_slots)
    audio = _most_important(order if audio_priority is None else audio_priority, own_endpoint, has_audio, audio_slots)
    old_audio = _places(current.audio, audio, audio_slots)
    old_video = _places(current.video, video, video_slots)
    both = [endpoint for endpoint in video if endpoint in audio]
    paired = _pair(both, old_audio, old_video, min(audio_slots, video_slots), order)
    return Assignment(
        _place(audio, paired, old_audio, audio_slots),
        _place(video, paired, old_video, video_slots),
    )


def fill_screens(
    current: Sequence[str | None], started: Sequence[str], own_endpoint: str, slots: int
) -> tuple[str | None, ...]:
    """Who is in which screen slot: `started` are those who share a screen, the earliest start first.

    With more screens than slots the earliest are in; whoever was in already keeps their slot.
    """
    wanted = _most_important(started, own_endpoint, started, slots)
    return _place(wanted, {}, _places(current, wanted, slots), slots)


def _most_important(order: Sequence[str], own_endpoint: str, eligible: Collection[str], slots: int) -> list[str]:
    """Stops as soon as the slots are full: an order may hold a thousand, and this runs for each of them."""
    found: list[str] = []
    for endpoint in order:
        if len(found) >= slots:
            break
        if endpoint in eligible and endpoint != own_endpoint and endpoint not in found:
            found.append(endpoint)
    return found


def _places(current: Sequence[str | None], wanted: Sequence[str], slots: int) -> dict[str, int]:
    """The slots of those who stay."""
    places: dict[str, int] = {}
    for index, endpoint in enumerate(current[:slots]):
        if endpoint is not None and endpoint in wanted:
            places.setdefault(endpoint, index)
    return places


def _pair(
    both: Sequence[str], audio: dict[str, int], video: dict[str, int], common: int, importance: Sequence[str]
) -> dict[str, int]:
    """The common slot of each who is both heard and seen. `audio` and `video` are the slots of those who stay; slots
    below `common` exist in both; `both` is in the order of `importance`."""
    # Who has a pair keeps it: moving a picture costs a keyframe.
    paired = {
        endpoint: video[endpoint] for endpoint in both if endpoint in video and audio.get(endpoint) == video[endpoint]
    }
    if len(paired) == len(both):
        return paired
    free = set(range(common)) - set(paired.values())
    seen = {slot: endpoint for endpoint, slot in video.items()}
    heard = {slot: endpoint for endpoint, slot in audio.items()}
    rank = {endpoint: index for index, endpoint in enumerate(importance)}

    def cost(endpoint: str, slot: int) -> tuple[int, int, int, int]:
        """Pictures that move, voices that move, how important whoever must make way is, and the slot itself."""
        displaced = seen.get(slot)
        pictures = (video.get(endpoint, slot) != slot) + (displaced not in (None, endpoint))
        voices = (audio.get(endpoint, slot) != slot) + (heard.get(slot) not in (None, endpoint))
        return pictures, voices, -rank.get(displaced or endpoint, 0), slot

    for endpoint in both:
        if endpoint not in paired:
            slot = min(free, key=lambda slot: cost(endpoint, slot))
            free.remove(slot)
            paired[endpoint] = slot
    return paired


def _place(wanted: Sequence[str], paired: dict[str, int], places: dict[str, int], slots: int) -> tuple[str | None, ...]:
    """Pairs first, then those who stay where they were, then the others from the first free slot on."""
    filled: list[str | None] = [None] * slots
    waiting = []
    for endpoint, slot in paired.items():
        filled[slot] = endpoint
    for endpoint in wanted:
        if endpoint in paired:
            continue
        place = places.get(endpoint)
        if place is None or filled[place] is not None:
            waiting.append(endpoint)
        else:
            filled[place] = endpoint
    for endpoint in waiting:
        filled[filled.index(None)] = endpoint
    return tuple(filled)
