"""Call detail reports: one for each connection that is over. From then on it stays as it is."""

import asyncio
import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, JsonValue, TypeAdapter

from sfu.link_messages import SlotUse
from signalling.api.enablex.backend import Backend
from signalling.api.enablex.cdr_answers import (
    CallDetail,
    CdrAnswer,
    CdrRoom,
    CdrUsage,
    CdrUser,
    PublishedTrack,
    StatsQuality,
)
from signalling.api.enablex.filters import FILTERS, errors_of, selected
from signalling.api.enablex.operations import Call, Nothing, Operation
from signalling.api.enablex.pages import ConfNum, CursorInstant, PageQuery, page_of
from signalling.api.enablex.shown import instant_shown, room_shown
from signalling.reports import FlowUsage, Usage
from signalling.reports.quality import percentages
from signalling.store import ConnectionRecord, SessionRecord

_KEY: TypeAdapter[tuple[str, float, str]] = TypeAdapter(
    tuple[ConfNum, CursorInstant, Annotated[str, Field(max_length=64, pattern="^[!-~]*$")]]
)


def operations(backend: Backend) -> list[Operation[Any, Any]]:
    """One endpoint behind four filters."""

    async def show(call: Call[PageQuery, Nothing]) -> CdrAnswer:
        page = page_of(call.query, _KEY)
        selection = await selected(call.path, backend.store, backend.app_id)
        found = await backend.store.connections.ended(selection, page.limit + 1, page.after)
        # A full page takes a third of a second, in which the meetings of this process are not to stand still.
        reports = await asyncio.to_thread(lambda: [report(*one) for one in found[: page.limit]])
        return CdrAnswer(
            cdr=reports,
            next=page.next([(session.conf_num, *connection.key) for session, connection in found]),
        )

    return [
        Operation("GET", "/cdr" + path, f"CDR {summary}", show, CdrAnswer, PageQuery, Nothing, errors_of(path))
        for path, summary in FILTERS.items()
    ]


def report(session: SessionRecord, connection: ConnectionRecord) -> CallDetail:
    """The report of a connection that is over. Raises ValueError when it is not."""
    if connection.left_at is None:
        raise ValueError(f"{connection.client_id} is still connected")
    usage = connection.usage
    # The clock of the machine may have been set back meanwhile.
    left_at = max(connection.left_at, connection.joined_at)
    duration = round(left_at - connection.joined_at)
    return CallDetail(
        conf_num=session.conf_num,
        call_num=f"CALL-{connection.client_id}",
        call_log_id=f"LOG-{session.conf_num.removeprefix('CONF-')}-{connection.client_id}",
        trans_date=instant_shown(left_at),
        app_id=session.app_id,
        cdr_id=f"cdr_{connection.client_id}",
        sip=False,
        lowcode=False,
        room=CdrRoom(
            room_id=session.room_id,
            connect_dt=instant_shown(connection.joined_at),
            disconnect_dt=instant_shown(left_at),
            duration=duration,
            room_details=room_shown(session.definition()),
        ),
        user=CdrUser(
            role=connection.role,
            name=connection.name,
            ref=connection.user_ref,
            ip=connection.address,
            agent=connection.agent,
        ),
        published_track=PublishedTrack(
            audio="audio" in usage.published,
            video="video" in usage.published,
            screen="screen" in usage.published,
            data=False,
            url=False,
        ),
        usage=CdrUsage(
            published_minutes=_minutes(min(usage.published_seconds, duration)),
            screen_minutes=_minutes(min(usage.screen_seconds, duration)),
            connect_minutes=_minutes(duration),
            connect_minutes_cal=math.ceil(duration / 60),
            room_connect_minutes=_minutes(max(left_at - session.opened_at, 0)),
        ),
        stats_quality=_quality_shown(usage),
    )


def _quality_shown(usage: Usage) -> StatsQuality:
    return StatsQuality.model_validate(
        {
            "send": {use: _send_shown(flow) for use, flow in _uses(usage.send).items()},
            "receive": {use: _receive_shown(flow) for use, flow in _uses(usage.receive).items()},
            "call_quality": "Good" if usage.is_good else "Bad",
        }
    )


def _uses(flows: Mapping[SlotUse, FlowUsage]) -> dict[SlotUse, FlowUsage]:
    """Audio and video are always there, a screen if there was one."""
    shown: dict[SlotUse, FlowUsage] = {"audio": FlowUsage(), "video": FlowUsage()}
    return shown | dict(flows)


def _send_shown(flow: FlowUsage) -> dict[str, JsonValue]:
    return {
        "avg_bitrate": flow.average,
        "avg_bitrate_quality": flow.quality.capitalize(),
        "max_bitrate": flow.highest,
        "min_bitrate": flow.lowest or 0,
    }


def _receive_shown(flow: FlowUsage) -> dict[str, JsonValue]:
    good, moderate, bad = percentages(flow.good, flow.moderate, flow.bad)
    return {
        **_send_shown(flow),
        "bitrate_good_percent": good,
        "bitrate_moderate_percent": moderate,
        "bitrate_bad_percent": bad,
    }


def _minutes(seconds: float) -> int:
    """To the nearest minute, halves up."""
    return math.floor(seconds / 60 + 0.5)
