"""Building blocks for tests of the session: rooms, tracks, slots."""

from typing import Any

import pytest

from sfu.link_messages import Codec, Kind, Slot, SlotUse, Source, Track
from signalling.domain.effects import Effect, Notify
from signalling.domain.errors import RefusedError
from signalling.domain.events import Event
from signalling.domain.media import Negotiate
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


def told(outcome: list[Effect], client_id: str) -> list[Event]:
    """The events that one participant gets."""
    return [one.event for one in outcome if isinstance(one, Notify) and client_id in one.to]


def of_type(outcome: list[Effect], kind: type) -> list[Any]:
    return [one for one in outcome if isinstance(one, kind)]


def refusal(session: Session, given: Any, now: float = 1.0) -> str:
    """The reason why an input is refused."""
    with pytest.raises(RefusedError) as raised:
        session.handle(given, now)
    return raised.value.reason


def negotiate(session: Session, client_id: str, transport_id: str = "t1", **changes: Any) -> list[Effect]:
    """Microphone, camera and two slots, unless `changes` say otherwise."""
    given: dict[str, Any] = {
        "tracks": (make_track(f"{transport_id}-mic", "microphone"), make_track(f"{transport_id}-cam", "camera")),
        "slots": (make_slot("a0", "audio"), make_slot("v0", "video")),
    }
    return session.handle(Negotiate(client_id, transport_id, **(given | changes)), 1.0)


def moderated(*client_ids: str, **settings: Any) -> Session:
    """A session of the moderator `mod` and some participants."""
    session = make_session(**settings)
    session.handle(make_join("mod", "moderator"), 0.0)
    for client_id in client_ids:
        session.handle(make_join(client_id), 0.0)
    return session
