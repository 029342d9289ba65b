"""Building blocks for tests of the session: rooms, tracks, slots."""

from typing import Any

from sfu.link_messages import Codec, Kind, Slot, SlotUse, Source, Track
from signalling.domain.presence import Join
from signalling.domain.room import Role, Room, RoomSettings
from signalling.domain.session import Session

OPUS = Codec(format="opus", name="opus", payload_type=111, clock_rate=48_000)
VP8 = Codec(format="VP8", name="VP8", payload_type=96, clock_rate=90_000)


def make_room(**settings: Any) -> Room:
    return Room(
        room_id="room",
        app_id="app",
        name="Weekly",
        owner_ref="owner",
        created_at=0.0,
        settings=RoomSettings(**settings),
    )


def make_session(**settings: Any) -> Session:
    return Session(make_room(**settings), "CONF-100001", resume_grace=30.0)


def make_join(client_id: str, role: Role = "participant") -> Join:
    return Join(client_id, client_id.title(), role, f"ref-{client_id}", {}, "2026-11-22T09:30:00.000Z")


def make_track(track_id: str, source: Source, kind: Kind | None = None, mid: str | None = None) -> Track:
    kind = kind or ("audio" if source == "microphone" else "video")
    return Track(
        track_id=track_id,
        mid=track_id if mid is None else mid,
        source=source,
        kind=kind,
        codecs=(OPUS if kind == "audio" else VP8,),
        extensions={"mid": 1},
    )


def make_slot(slot_id: str, use: SlotUse, index: int = 0) -> Slot:
    codecs = (OPUS if use == "audio" else VP8,)
    return Slot(slot_id=slot_id, mid=slot_id, use=use, index=index, ssrc=1000 + index, codecs=codecs, extensions={})
