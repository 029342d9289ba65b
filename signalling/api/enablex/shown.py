"""What several endpoints show in the same way."""

from datetime import UTC, datetime

from signalling.api.enablex.answers import CompositeShown, RoomShown, Sip
from signalling.api.enablex.settings import from_settings
from signalling.domain.room import Room
from signalling.recording.composites import Composites


def room_shown(room: Room) -> RoomShown:
    """The definition of a room."""
    return RoomShown(
        name=room.name,
        owner_ref=room.owner_ref,
        settings=from_settings(room),
        sip=Sip(enabled=room.dial_in),
        data=room.data,
        created=instant_shown(room.created_at),
        room_id=room.room_id,
    )


def instant_shown(instant: float) -> str:
    """Unix seconds as the API writes them: 2027-01-15T08:00:00.000Z."""
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def composites_shown(composites: Composites, conf_num: str) -> list[CompositeShown]:
    """The composites of a session that are not done."""
    return [
        CompositeShown(segment=one.segment, percent=one.percent, failure=one.failure) for one in composites.of(conf_num)
    ]
