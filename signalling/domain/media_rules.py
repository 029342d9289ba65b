"""What of an offer someone may use: by role, by the room's settings, and how much of it."""

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from signalling.domain.errors import Reason
from signalling.domain.roles import permissions_of
from signalling.domain.room import Role, RoomSettings

Use = Literal["microphone", "camera", "screen", "canvas", "audio-slot", "video-slot", "screen-slot"]

MAX_TRACKS = 8
MAX_AUDIO_SLOTS = 16
MAX_SCREEN_SLOTS = 2

_SLOTS = frozenset({"audio-slot", "video-slot", "screen-slot"})
_VIDEO = frozenset({"camera", "canvas", "video-slot", "screen-slot"})


def review(settings: RoomSettings, role: Role, media: Iterable[tuple[str, str, str]]) -> dict[str, Reason]:
    """Why some m-lines are refused, by mid. `media` is mid, kind ("audio" or "video") and use of each m-line.

    Of slots, the first ones are allowed, up to what the room shows.
    """
    refused: dict[str, Reason] = {}
    granted: Counter[str] = Counter()
    for mid, kind, use in media:
        reason = _refusal(settings, role, kind, use, granted)
        if reason is None:
            granted[use if use in _SLOTS else "track"] += 1
        else:
            refused[mid] = reason
    return refused


def _refusal(settings: RoomSettings, role: Role, kind: str, use: str, granted: Counter[str]) -> Reason | None:
    permissions = permissions_of(role)
    if not (permissions.subscribe if use in _SLOTS else permissions.publish):
        return Reason.ROLE_FORBIDDEN
    if use == "screen" and not settings.screen_share:
        return Reason.SCREEN_SHARE_DISABLED
    if use == "canvas" and not settings.canvas:
        return Reason.CANVAS_DISABLED
    if settings.audio_only and (kind == "video" or use in _VIDEO):
        return Reason.AUDIO_ONLY
    if use in _SLOTS:
        limits = {
            "audio-slot": MAX_AUDIO_SLOTS,
            "video-slot": settings.max_active_talkers,
            "screen-slot": MAX_SCREEN_SLOTS,
        }
        return Reason.TOO_MANY_SLOTS if granted[use] >= limits[use] else None
    return Reason.TOO_MANY_TRACKS if granted["track"] >= MAX_TRACKS else None
