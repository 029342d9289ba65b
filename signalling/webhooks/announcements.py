"""What is announced: the names of webhook events, and the body that goes out. Pure."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from pydantic import JsonValue

from signalling.journal.entries import ConnectionBegan, ConnectionEnded, Entry, Happened, SessionEnded, UsageMeasured

AnnouncementName = Literal[
    "session-started",
    "session-ended",
    "participant-joined",
    "participant-left",
    "recording-started",
    "recording-stopped",
    "recording-failed",
    "live-recording-started",
    "live-recording-stopped",
    "live-recording-failed",
    "file-ready",
]

_OF_THE_LOG: dict[str, AnnouncementName] = {
    "room-record-on": "recording-started",
    "room-record-off": "recording-stopped",
    "room-record-failed": "recording-failed",
    "room-live-recording-on": "live-recording-started",
    "room-live-recording-off": "live-recording-stopped",
    "room-live-recording-failed": "live-recording-failed",
}


@dataclass(frozen=True, slots=True)
class Announcement:
    """`at` is in Unix seconds. `key` tells it from others of its name in the same session."""

    name: AnnouncementName
    at: float
    key: str
    data: dict[str, JsonValue]


def announcement_of(entry: Entry) -> Announcement | None:
    """What an entry of the journal means to the application, if it is to be told."""
    match entry:
        case ConnectionBegan():
            data: dict[str, JsonValue] = {
                "client_id": entry.client_id,
                "name": entry.name,
                "role": entry.role,
                "user_ref": entry.user_ref,
            }
            return Announcement("participant-joined", entry.at, entry.client_id, data)
        case ConnectionEnded():
            return participant_left(entry.client_id, entry.reason, entry.at)
        case SessionEnded():
            return session_ended("server-restart" if entry.interrupted else "ended", entry.at)
        case Happened():
            name = _OF_THE_LOG.get(entry.name)
            return None if name is None else Announcement(name, entry.at, entry.event_id, dict(entry.details))
        case UsageMeasured():
            return None


def participant_left(client_id: str, reason: str, at: float) -> Announcement:
    return Announcement("participant-left", at, client_id, {"client_id": client_id, "reason": reason})


def session_started(at: float) -> Announcement:
    return Announcement("session-started", at, "", {})


def session_ended(reason: str, at: float) -> Announcement:
    return Announcement("session-ended", at, "", {"reason": reason})


def file_ready(file_id: str, kind: str, name: str, size: int, sha256: str, at: float) -> Announcement:
    """`size` is in bytes. The same file told of again is the same event; another one of its name is not."""
    data: dict[str, JsonValue] = {"file_id": file_id, "kind": kind, "name": name, "size": size, "sha256": sha256}
    return Announcement("file-ready", at, f"{file_id} {sha256}", data)


def event_id(conf_num: str, announcement: Announcement) -> str:
    """The same whenever the same is announced, so that a receiver can tell what it had before."""
    text = json.dumps([conf_num, announcement.name, announcement.key])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def body(announcement: Announcement, *, app_id: str, conf_num: str, room_id: str, room_name: str) -> str:
    """The JSON that is sent, as text: it is signed as it stands."""
    at = datetime.fromtimestamp(announcement.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps(
        {
            "id": event_id(conf_num, announcement),
            "event": announcement.name,
            "at": at,
            "app_id": app_id,
            "conf_num": conf_num,
            "room": {"room_id": room_id, "name": room_name},
            "data": announcement.data,
        }
    )
