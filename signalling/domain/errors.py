"""Refusals: why an input of a session was turned down. A refused input changes nothing."""

from enum import StrEnum


class Reason(StrEnum):
    """Stable codes, which clients act on."""

    ROLE_FORBIDDEN = "role-forbidden"
    ROOM_FULL = "room-full"
    ALREADY_JOINED = "already-joined"
    UNKNOWN_PARTICIPANT = "unknown-participant"
    UNKNOWN_TRACK = "unknown-track"
    UNKNOWN_SLOT = "unknown-slot"
    SCREEN_SHARE_DISABLED = "screen-share-disabled"
    CANVAS_DISABLED = "canvas-disabled"
    AUDIO_ONLY = "audio-only"
    TOO_MANY_TRACKS = "too-many-tracks"
    TOO_MANY_SLOTS = "too-many-slots"
    SESSION_ENDED = "session-ended"
    HARD_MUTED = "hard-muted"
    ROOM_LOCKED = "room-locked"
    STILL_AWAITED = "still-awaited"
    TOO_MANY_PINNED = "too-many-pinned"
    TOO_MANY_SPOTLIGHTED = "too-many-spotlighted"
    FLOOR_REQUIRED = "floor-required"
    NOT_LECTURE_MODE = "not-lecture-mode"
    NO_FLOOR_REQUEST = "no-floor-request"
    NO_FLOOR = "no-floor"
    EXTENSION_CLOSED = "extension-closed"
    NO_RECORDER = "no-recorder"
    ALREADY_RECORDING = "already-recording"
    NOT_RECORDING = "not-recording"


class RefusedError(ValueError):
    """`reason` is for programs, `sentence` for people."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence
