"""Slots: the m-lines on which the server sends."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sfu.link_messages import Kind, Slot, SlotUse
from signalling.sdp.codecs import SLOT_FEEDBACK, negotiate_codecs
from signalling.sdp.description import MediaSection, SsrcGroup
from signalling.sdp.extensions import SLOTS, feedback_for, negotiate_extensions
from signalling.sdp.sections import answered_section

MAX_INDEX = 63


def slot_id_of(mid: str, use: SlotUse) -> str:
    """Unique within the transport, and the same for the same m-line in every negotiation."""
    return f"{use}-slot-{mid}"


class SsrcAllocator:
    """SSRCs that nobody on the same transport uses, neither the client nor another slot."""

    def __init__(self, new_ssrc: Callable[[], int], used: Iterable[int]) -> None:
        self._new_ssrc = new_ssrc
        self._used = {0, *used}

    def allocate(self) -> int:
        while (ssrc := self._new_ssrc()) in self._used:
            pass
        self._used.add(ssrc)
        return ssrc


def allocate_indexes(places: Sequence[tuple[str, SlotUse]], before: Mapping[str, Slot]) -> dict[str, int]:
    """The index of each slot (mid, use) by mid.

    Known slots keep theirs, for the pairing of audio slot k with video slot k must not change; new ones get the
    lowest free index of their use in the order of the m-lines. Slots beyond the largest index get none.
    """
    indexes: dict[str, int] = {}
    taken: set[tuple[SlotUse, int]] = set()
    for mid, use in places:
        known = before.get(slot_id_of(mid, use))
        if known:
            indexes[mid] = known.index
            taken.add((use, known.index))
    for mid, use in places:
        if mid in indexes:
            continue
        free = next((index for index in range(MAX_INDEX + 1) if (use, index) not in taken), None)
        if free is not None:
            indexes[mid] = free
            taken.add((use, free))
    return indexes


@dataclass(frozen=True, slots=True)
class SlotPlace:
    """One m-line that becomes a slot."""

    kind: Kind
    use: SlotUse
    index: int
    max_height: int | None


def answer_slot(
    section: MediaSection, place: SlotPlace, before: Slot | None, ssrcs: SsrcAllocator, cname: str
) -> tuple[MediaSection, Slot] | None:
    """The answer's m-line and the slot, None without a common codec.

    Chromium plays nothing of a stream that the answer does not announce by `a=ssrc`.
    """
    ids, extensions = negotiate_extensions(section, SLOTS[place.kind], offerer_sends=False)
    codecs, payloads = negotiate_codecs(section.payloads, place.kind, feedback_for(SLOT_FEEDBACK[place.kind], ids))
    if not codecs:
        return None
    has_rtx = any(codec.rtx_payload_type is not None for codec in codecs)
    ssrc = before.ssrc if before else ssrcs.allocate()
    rtx_ssrc = before.rtx_ssrc if before else None
    if has_rtx and rtx_ssrc is None:
        rtx_ssrc = ssrcs.allocate()
    slot = Slot(
        slot_id=slot_id_of(section.mid, place.use),
        mid=section.mid,
        use=place.use,
        index=place.index,
        ssrc=ssrc,
        rtx_ssrc=rtx_ssrc if has_rtx else None,
        codecs=codecs,
        extensions=ids,
        max_height=place.max_height,
    )
    # Audio slot k and video slot k share a stream, else the browser does not synchronise lips.
    stream = "screen" if place.use == "screen" else "slot"
    answered = answered_section(
        section,
        direction="sendonly",
        payloads=payloads,
        extensions=extensions,
        msid=f"{stream}-{place.index} {slot.slot_id}",
        cname=cname,
        ssrcs=(ssrc,) if slot.rtx_ssrc is None else (ssrc, slot.rtx_ssrc),
        ssrc_groups=() if slot.rtx_ssrc is None else (SsrcGroup("FID", (ssrc, slot.rtx_ssrc)),),
    )
    return answered, slot


def answer_idle(section: MediaSection, kind: Kind) -> MediaSection | None:
    """The answer's m-line on which nothing flows for now, None without a common codec."""
    ids, extensions = negotiate_extensions(section, SLOTS[kind], offerer_sends=False)
    _, payloads = negotiate_codecs(section.payloads, kind, feedback_for(SLOT_FEEDBACK[kind], ids))
    if not payloads:
        return None
    return answered_section(section, direction="inactive", payloads=payloads, extensions=extensions)
