"""A load test of one's own installation, through its public API only: what `roomcast bench` runs."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.adapters.roomcast_client import RoomcastClient
from bench.adapters.server import Member, Seat, ServerError
from bench.client.datagrams import is_supported
from bench.client.engine import Engine
from bench.client.traffic import Burst
from bench.figures import Round
from bench.joining import all_of
from bench.measuring import join_figures, measure
from bench.windows import Windows

SETTLE = 2.0
_JOINING_AT_ONCE = 10
MOST_SLOTS = 16


@dataclass(frozen=True, slots=True)
class Load:
    """`publishers` are seen and heard by each other and by `subscribers`, for `duration` seconds."""

    publishers: int = 1
    subscribers: int = 20
    duration: float = 30.0
    burst: Burst = field(default_factory=Burst)

    @property
    def people(self) -> int:
        return self.publishers + self.subscribers


@dataclass(frozen=True, slots=True)
class Now:
    """How a load test goes on: who has joined, and what arrived in the last second."""

    phase: str
    joined: int
    seconds: float
    packets_per_second: float
    lost: int


async def load(client: RoomcastClient, wanted: Load, tell: Callable[[Now], None]) -> Round:
    """Fill a new room, let media flow and measure; the room is deleted at the end.

    Raises ServerError, TransportError and DescriptionError with a sentence that says what to do.
    """
    if not is_supported():
        raise ServerError("the load client needs 64-bit Linux")
    slots = min(MOST_SLOTS, wanted.publishers)
    room = await client.create_room(wanted.people, slots)
    try:
        async with Engine(burst=wanted.burst, switching=wanted.publishers > slots) as engine:
            return await _Test(client, engine, room, wanted, tell).run(slots)
    finally:
        await _delete(client, room)


class _Test:
    def __init__(
        self, client: RoomcastClient, engine: Engine, room: str, wanted: Load, tell: Callable[[Now], None]
    ) -> None:
        self._client, self._engine, self._room, self._wanted, self._tell = client, engine, room, wanted, tell
        self._members: list[Member] = []

    async def run(self, slots: int) -> Round:
        wanted = self._wanted
        publisher = Seat(publishes_video=True, publishes_audio=True, audio_slots=slots, video_slots=slots)
        seats = [publisher] * wanted.publishers + [Seat(audio_slots=slots, video_slots=slots)] * wanted.subscribers
        gate = asyncio.Semaphore(_JOINING_AT_ONCE)
        began = time.monotonic()
        try:
            await all_of(self._join(seat, gate) for seat in seats)
            joining = time.monotonic() - began
            await asyncio.sleep(SETTLE)
            watching = asyncio.create_task(self._watch())
            try:
                measured = await measure(self._engine, None, Windows(wanted.duration))
            finally:
                watching.cancel()
            return measured.with_figures(join_figures(self._members, joining))
        finally:
            await asyncio.gather(*(member.leave() for member in self._members))

    async def _join(self, seat: Seat, gate: asyncio.Semaphore) -> None:
        async with gate:
            member = await self._client.join(self._engine, self._room, seat)
            self._members.append(member)
            if seat.publishes:
                self._engine.publish(member.publishing)
            self._tell(Now("joining", len(self._members), 0.0, 0.0, 0))

    async def _watch(self) -> None:
        tally = self._engine.intake.tally
        began = at = time.monotonic()
        before = int(tally.received.sum())
        while True:
            await asyncio.sleep(1.0)
            received, now = int(tally.received.sum()), time.monotonic()
            rate = (received - before) / (now - at)
            self._tell(Now("measuring", len(self._members), now - began, rate, tally.lost))
            before, at = received, now


async def _delete(client: RoomcastClient, room: str) -> None:
    """As soon as the server has noticed that everyone left. A server that does not notice keeps an empty room more."""
    for _ in range(20):
        try:
            await client.delete_room(room)
        except ServerError:
            await asyncio.sleep(0.1)
            continue
        return
