"""The four filters by which archives and call detail reports are asked for.

By session (`conf`), by room, by room and period, by period. A period is two dates, `YYYY-MM-DD` in UTC, both included,
and takes the sessions that began in it.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from signalling.api.enablex.errors import ApiError, ErrorCode, unknown_room
from signalling.domain.room import is_room_id
from signalling.store import SessionSelection, Store, is_conf_num, number_of

FILTERS = {
    "/conf/{conf_num}": "by conference number",
    "/room/{room_id}": "by room",
    "/room-period/{room_id}/{from}/{to}": "by room and date range",
    "/period/{from}/{to}": "across all rooms by date",
}
"""The paths of the filters, below /archive and /cdr, and what they do."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def errors_of(path: str) -> tuple[ErrorCode, ...]:
    """What may be wrong with the variable parts of a filter's path, beside dates."""
    named = {"{conf_num}": ErrorCode.UNKNOWN_SESSION, "{room_id}": ErrorCode.UNKNOWN_ROOM}
    return tuple(code for part, code in named.items() if part in path)


async def selected(path: Mapping[str, str], store: Store, app_id: str) -> SessionSelection:
    """The sessions that the variable parts of a path (`request.match_info`) name.

    Raises ApiError for a date that is none, a period that ends before it begins, and a session or a room that the
    application does not have. A room that was deleted is known by the sessions that it had.
    """
    number = await _session_number(path["conf_num"], store, app_id) if "conf_num" in path else None
    opened_from, opened_before = _period(path["from"], path["to"]) if "from" in path else (None, None)
    room_id = path.get("room_id")
    if room_id is not None:
        await _check_room(room_id, store, app_id)
    return SessionSelection(app_id, number, room_id, opened_from, opened_before)


async def _session_number(conf_num: str, store: Store, app_id: str) -> int:
    session = await store.sessions.get(conf_num) if is_conf_num(conf_num) else None
    if session is None or session.app_id != app_id:
        raise ApiError(
            ErrorCode.UNKNOWN_SESSION,
            "There is no session with this conf_num: it looks like CONF-100001, and is in the answers of the filters "
            "by room and by period.",
        )
    return number_of(conf_num)


async def _check_room(room_id: str, store: Store, app_id: str) -> None:
    if is_room_id(room_id) and (
        await store.rooms.get(room_id, app_id) is not None
        or await store.sessions.find(SessionSelection(app_id, room_id=room_id), limit=1)
    ):
        return
    raise unknown_room()


def _period(first: str, last: str) -> tuple[float, float | None]:
    """From the beginning of the first day to the end of the last: Unix seconds, None for the end of all days."""
    first_day, last_day = _day("from", first), _day("to", last)
    if first_day > last_day:
        raise ApiError(ErrorCode.INVALID_VALUE, "from is after to: give the earlier date first.")
    return _midnight(first_day), None if last_day == date.max else _midnight(last_day + timedelta(days=1))


def _day(name: str, text: str) -> date:
    try:
        if not _DATE.fullmatch(text):
            raise ValueError("not in the form of the API")
        return date.fromisoformat(text)
    except ValueError as error:
        raise ApiError(
            ErrorCode.INVALID_VALUE, f"{name} must be a date in UTC written as YYYY-MM-DD, such as 2027-03-31."
        ) from error


def _midnight(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
