"""The log of a session: which of the things that happen in it are kept, and how."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from signalling.domain.effects import Disconnect, Effect, Notify, RecordJoin
from signalling.domain.session import Input
from signalling.live.encoding import to_json

LOGGED = frozenset(
    {
        "message-received",
        "track-muted",
        "track-unmuted",
        "hard-mute-room",
        "hard-unmute-room",
        "hardmute-user-audio",
        "hardmute-user-video",
        "hardunmute-user-audio",
        "hardunmute-user-video",
        "room-locked",
        "room-unlocked",
        "room-mode-switched",
        "floor-changed",
        "user-role-changed",
        "updated-pinned-users",
        "spotlight-users",
        "conference-duration-extended",
        "room-record-on",
        "room-record-off",
        "room-record-failed",
        "room-live-recording-on",
        "room-live-recording-off",
        "room-live-recording-failed",
    }
)
"""The events (docs/protocol.md) that are kept. Who came and went is in the stays of the participants."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """`client_id` is who did it, None when nobody in the session did; `details` are the fields of the event."""

    name: str
    client_id: str | None
    details: dict[str, JsonValue]


def log_lines(given: Input, effects: Sequence[Effect]) -> list[LogLine]:
    """What to keep of an input and its effects. Each event of the log goes to whomever it goes in one effect."""
    # The inputs that people cause carry their client id; time and the media node have none.
    actor: str | None = getattr(given, "client_id", None)
    lines = []
    for effect in effects:
        match effect:
            case Notify(event=event) if event.name in LOGGED:
                lines.append(LogLine(event.name, actor, json.loads(to_json(event))))
            case Disconnect(client_id=client_id, reason="disconnected-by-moderator" as reason):
                lines.append(LogLine("room-disconnected", actor, {"client_id": client_id, "reason": reason}))
            case RecordJoin(client_id=client_id, was=str(was)):
                lines.append(LogLine("user-returned", client_id, {"client_id": client_id, "was": was}))
    return lines
