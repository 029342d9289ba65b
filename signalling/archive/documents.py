"""The files that tell of a session: `chat.json` and `session-meta.json`. Their formats are in docs/archive.md."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from operator import itemgetter

from pydantic import JsonValue

from signalling.store import ConnectionRecord, SessionEvent, SessionRecord

CHAT = "message-received"
"""The event of a chat message; those are in `chat.json` only, since private ones are among them."""

# Seconds. A clock that is read twice in one moment tells two times, and whoever was dropped leaves after that.
_ONE_MOMENT = 0.001
_ROOM = ("name", "owner_ref", "settings", "data")

Document = dict[str, JsonValue]


def chat_document(
    session: SessionRecord, stays: Sequence[ConnectionRecord], events: Sequence[SessionEvent]
) -> Document | None:
    """All messages in their order; None when nobody wrote any."""
    known = {stay.client_id: stay for stay in stays}
    messages: list[JsonValue] = [
        _message(event, known.get(event.client_id or "")) for event in events if event.name == CHAT
    ]
    if not messages:
        return None
    return {"conf_num": session.conf_num, "room_id": session.room_id, "messages": messages}


def metadata_document(
    session: SessionRecord, stays: Sequence[ConnectionRecord], events: Sequence[SessionEvent]
) -> Document:
    """The session: its room, its times, who was in it, and what happened."""
    participants: list[JsonValue] = [_participant(stay) for stay in stays]
    return {
        "conf_num": session.conf_num,
        "app_id": session.app_id,
        "room": {"room_id": session.room_id, **{name: session.room[name] for name in _ROOM}},
        "opened_at": instant(session.opened_at),
        "closed_at": None if session.closed_at is None else instant(session.closed_at),
        "participants": participants,
        "events": [_shown(event) for event in _in_order(stays, events)],
    }


def encode(document: Document) -> bytes:
    """The bytes of the file: JSON in UTF-8 that people can read."""
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


def instant(at: float) -> str:
    """Unix seconds as UTC in ISO 8601, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _message(event: SessionEvent, sender: ConnectionRecord | None) -> Document:
    return {
        "at": instant(event.at),
        "from": event.client_id,
        "name": sender.name if sender else None,
        "user_ref": sender.user_ref if sender else None,
        "to": event.details.get("to"),
        "text": event.details.get("text"),
    }


def _participant(stay: ConnectionRecord) -> Document:
    return {
        "client_id": stay.client_id,
        "name": stay.name,
        "role": stay.role,
        "user_ref": stay.user_ref,
        "joined_at": instant(stay.joined_at),
        "left_at": None if stay.left_at is None else instant(stay.left_at),
        "left_reason": stay.left_reason,
    }


def _in_order(stays: Sequence[ConnectionRecord], events: Sequence[SessionEvent]) -> list[SessionEvent]:
    """Comings, what happened, and goings, by time; in this order where the times are the same."""
    found = [(stay.joined_at, SessionEvent(stay.joined_at, "user-connected", stay.client_id, {})) for stay in stays]
    found += [(event.at, event) for event in events if event.name != CHAT]
    for stay in stays:
        if stay.left_at is not None:
            going = SessionEvent(stay.left_at, "user-disconnected", stay.client_id, {"reason": stay.left_reason})
            found.append((stay.left_at + _ONE_MOMENT, going))
    return [event for _, event in sorted(found, key=itemgetter(0))]


def _shown(event: SessionEvent) -> Document:
    return {"at": instant(event.at), "name": event.name, "client_id": event.client_id, "details": event.details}
