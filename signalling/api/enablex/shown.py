"""What several endpoints show in the same way."""

from datetime import UTC, datetime

from signalling.api.enablex.answers import RoomShown, Sip
from signalling.api.enablex.settings import from_settings
from signalling.domain.room import Room


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
