"""Taps under test: a connection that is a list, and what a test asks of the packets that a recorder got."""

import itertools
import struct
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from sfu.link_messages import PutTap
from sfu.rtcp.packets import SenderReport, parse_rtcp
from sfu.rtp.packet import RtpPacket, parse_rtp
from sfu.tap.tap import Tap
from sfu.tap_messages import ControlFrame, TrackBegan
from tests.support.forwarding import Session

TOKEN = "the token of the recorder"
NTP_OFFSET = 1000.0

Item = RtpPacket | SenderReport | ControlFrame
I = TypeVar("I", bound=Item)  # noqa: E741 - item


class ListedConnection:
    """Takes what a tap writes; refuses packets while `stalled`."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.stalled = False
        self.ended = ""
        self.closed: Callable[[], None] = lambda: None
        self.heard: Callable[[bytes], None] = lambda frame: None

    def write_packet(self, data: bytes) -> bool:
        if self.stalled:
            return False
        if 192 <= data[1] < 224:
            self.items += [packet for packet in parse_rtcp(data) if isinstance(packet, SenderReport)]
        else:
            self.items.append(parse_rtp(data))
        return True

    def tell(self, message: ControlFrame) -> None:
        self.items.append(message)

    def close(self) -> None:
        self.ended = "closed"

    def reject(self) -> None:
        self.abort()

    def abort(self) -> None:
        self.ended = "aborted"
        self.closed()

    def taken(self) -> list[Item]:
        """What came since the last call."""
        items, self.items = self.items, []
        return items


def put_tap(**changes: object) -> PutTap:
    values: dict[str, object] = {"request_id": 1, "router_id": "r", "tap_id": "tap", "token": TOKEN}
    return PutTap.model_validate(values | changes)


def add_tap(session: Session, **changes: object) -> Tap:
    """A tap of the session's router, without a recorder."""
    tap = Tap(
        put_tap(**changes),
        session.path,
        ntp_offset=NTP_OFFSET,
        count=session.counters.count,
        changed=session.router.mark_stale,
    )
    session.router.taps["tap"] = tap
    return tap


def dial(session: Session, tap: Tap) -> ListedConnection:
    """A recorder that was let in."""
    connection = ListedConnection()
    tap.connect(connection, session.now)  # type: ignore[arg-type]  # a double that lists
    session.settle()
    return connection


def of(kind: type[I], items: Iterable[Item]) -> list[I]:
    return [item for item in items if isinstance(item, kind)]


def of_track(track_id: str, items: Sequence[Item]) -> list[RtpPacket]:
    """The packets of one track, which must have been announced before."""
    known: dict[int, TrackBegan] = {}
    packets = []
    for item in items:
        if isinstance(item, TrackBegan):
            known[item.ssrc] = item
        elif isinstance(item, RtpPacket):
            assert item.ssrc in known, "a packet before its track frame"
            assert item.payload_type == known[item.ssrc].codec.payload_type
            if known[item.ssrc].track_id == track_id:
                packets.append(item)
    return packets


def assert_continuous(packets: Sequence[RtpPacket]) -> None:
    """One SSRC, and numbers of VP8 that go on by one; timestamps never go back, nor jump by two seconds.

    A layer that is missing is given up after one second.
    """
    assert packets
    assert len({packet.ssrc for packet in packets}) == 1
    for before, after in itertools.pairwise(packets):
        assert (after.sequence_number - before.sequence_number) & 0xFFFF == 1
        assert (after.timestamp - before.timestamp) & 0xFFFFFFFF < 2 * 90_000
        step = (picture_id(after) - picture_id(before)) & 0x7FFF
        assert step == (0 if before.timestamp == after.timestamp else 1)


def picture_id(packet: RtpPacket) -> int:
    return int(struct.unpack_from("!H", packet.payload, 2)[0]) & 0x7FFF
