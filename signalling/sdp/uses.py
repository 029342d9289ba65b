"""What each m-line of an offer is for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sfu.link_messages import Kind, SlotUse, Source
from signalling.sdp.description import MediaSection
from signalling.sdp.errors import SdpError

USES = frozenset({"microphone", "camera", "screen", "canvas", "audio-slot", "video-slot", "screen-slot"})

SOURCES: Mapping[tuple[Kind, str], Source] = {
    ("audio", "microphone"): "microphone",
    ("video", "camera"): "camera",
    ("video", "screen"): "screen",
    # The sound of a shared screen or tab.
    ("audio", "screen"): "screen",
    ("video", "canvas"): "canvas",
}
SLOT_USES: Mapping[tuple[Kind, str], SlotUse] = {
    ("audio", "audio-slot"): "audio",
    ("video", "video-slot"): "video",
    ("video", "screen-slot"): "screen",
}


@dataclass(frozen=True, slots=True)
class MediaUse:
    """What the client says of one m-line, and whether it may.

    `use` is one of `USES`; an unknown one, or one that does not fit the kind, is refused like `allowed=False`, with
    port 0. `max_height` (pixels, None for no limit) is of slots only.
    """

    mid: str
    use: str
    max_height: int | None = None
    allowed: bool = True


def kind_of(section: MediaSection) -> Kind | None:
    """The kind of an m-line, None unless it is audio or video."""
    kinds: dict[str, Literal["audio", "video"]] = {"audio": "audio", "video": "video"}
    return kinds.get(section.kind)


def resolve_uses(
    media: Sequence[MediaSection], wanted: Sequence[MediaUse], before: Mapping[str, str]
) -> dict[str, MediaUse]:
    """The use of each m-line by mid: what the client says, else what it was before, else by kind and direction.

    An m-line that is new and neither sends nor receives has none yet.
    Raises SdpError `unknown-mid` when `wanted` names an m-line that is not there, or one twice, and `bad-max-height`.
    """
    uses = {use.mid: use for use in wanted}
    unknown = uses.keys() - {section.mid for section in media}
    if unknown or len(uses) != len(wanted):
        raise SdpError("unknown-mid", "The list of media names an m-line twice, or one that the offer does not have.")
    if any(use.max_height is not None and use.max_height < 0 for use in wanted):
        raise SdpError("bad-max-height", "The largest height of a slot is a number of pixels, 0 for no video at all.")
    for section in media:
        if section.mid not in uses and section.mid in before:
            uses[section.mid] = MediaUse(section.mid, before[section.mid])
    for section in media:
        use = _default_use(section, any(use.use == "camera" for use in uses.values()))
        if section.mid not in uses and use is not None:
            uses[section.mid] = MediaUse(section.mid, use)
    return uses


def _default_use(section: MediaSection, camera_taken: bool) -> str | None:
    if section.sends:
        defaults = {"audio": "microphone", "video": "screen" if camera_taken else "camera"}
    elif section.receives:
        defaults = {"audio": "audio-slot", "video": "video-slot"}
    else:
        return None
    return defaults.get(section.kind)
