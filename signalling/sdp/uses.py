"""What each m-line of an offer is for."""

from dataclasses import dataclass

USES = frozenset({"microphone", "camera", "screen", "canvas", "audio-slot", "video-slot", "screen-slot"})


@dataclass(frozen=True, slots=True)
class MediaUse:
    """What the client says of one m-line, and whether it may.

    `use` is one of `USES`; an unknown one is refused like `allowed=False`, with port 0. `max_height` (pixels, None for
    no limit) is of slots only.
    """

    mid: str
    use: str
    max_height: int | None = None
    allowed: bool = True
