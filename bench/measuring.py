"""One window of time: what the server used and what arrived in it."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bench.adapters.server import Member, Server, Stall
from bench.client.datagrams import dropped_by
from bench.client.engine import Engine
from bench.figures import BUSY, LOST, Figures, Round, percentile
from bench.joining import at_work
from bench.processes import busy_seconds, cpu_of
from bench.windows import Windows

BUSY_CLIENT = 90.0
"""Percent of a core; above that the load client is part of what is measured."""
OTHERS = 0.15
"""Of a core, used by processes that have nothing to do with the run; the kernel's own work for it included."""
_CALM = 0.2
_MICRO = 1e6


@dataclass(frozen=True, slots=True)
class _Reading:
    at: float
    server_cpu: float
    client_cpu: float
    received: int
    lost: int
    recovered: int
    dropped: int
    busy: float
    counters: Counter[str]


FAILED_JOINS = "failed-joins"
"""The load client's counter of them."""
_STALLS_EACH = 1.9
"""Seconds between two looks at a server's stalls: a little less than roomcast's reports are apart."""


def _read(engine: Engine, pid: int | None) -> _Reading:
    tally = engine.intake.tally
    return _Reading(
        time.monotonic(),
        cpu_of(pid) if pid is not None else 0.0,
        time.process_time(),
        int(tally.received.sum()),
        tally.lost,
        tally.recovered,
        sum(dropped_by(one.transport.udp) for one in engine.endpoints if one.transport.udp is not None),
        busy_seconds(),
        Counter(engine.intake.counters),
    )


async def measure(engine: Engine, server: Server | None, window: Windows) -> Round:
    """Look at what happens for so long. `server` is None when it runs elsewhere."""
    window.tell("measuring")
    with engine.undisturbed():
        # What waited for that is over before the window begins.
        await asyncio.sleep(_CALM)
        return await _measure(engine, server, window)


async def _measure(engine: Engine, server: Server | None, window: Windows) -> Round:
    engine.intake.latencies.clear()
    pid = server.pid if server is not None else None
    stalls: list[Stall] = []
    begin = _read(engine, pid)
    async with at_work(*([_watch_stalls(server, stalls)] if server is not None else [])):
        await asyncio.sleep(window.seconds)
    engine.check()
    end = _read(engine, pid)
    figures = _figures(engine, begin, end, pid is not None)
    if server is not None and (last := await server.stall()) is not None:
        stalls.append(last)
    if stalls:
        figures["stall"] = 1000 * max(stall.delay for stall in stalls)
        figures["turn"] = 1000 * max(stall.turn for stall in stalls)
    return Round(figures, _notes(engine, begin, end), _facts(engine), _faults(engine, begin, end))


async def _watch_stalls(server: Server, stalls: list[Stall]) -> None:
    while True:
        await asyncio.sleep(_STALLS_EACH)
        stall = await server.stall()
        if stall is not None:
            stalls.append(stall)


def _figures(engine: Engine, begin: _Reading, end: _Reading, with_server: bool) -> Figures:
    passed = end.at - begin.at
    received = end.received - begin.received
    lost = end.lost - begin.lost
    figures = {
        "packets_per_second": received / passed,
        "loss": 100 * lost / max(1, received + lost),
        "client_cpu": 100 * (end.client_cpu - begin.client_cpu) / passed,
    }
    latencies = [one / _MICRO for one in engine.intake.latencies]
    for share in (50, 95, 99):
        if latencies:
            figures[f"latency_p{share}"] = percentile(latencies, share / 100)
    if with_server:
        used = end.server_cpu - begin.server_cpu
        figures["server_cpu"] = 100 * used / passed
        reports = end.counters["transport-wide-reports"] - begin.counters["transport-wide-reports"]
        figures["feedback_rate"] = reports / passed
        if received:
            figures["cpu_per_packet"] = used / received * 1e6
    if engine.intake.drop and lost:
        # What was lost just before the window may have been recovered in it.
        figures["recovered"] = min(100.0, 100 * (end.recovered - begin.recovered) / lost)
    return figures


def _facts(engine: Engine) -> dict[str, str]:
    receivers = [one for one in engine.endpoints if one.streams]
    profiles = {one.transport.profile for one in receivers}
    sequenced = {bool(one.sequence_id) for one in receivers}
    return {
        "SRTP": ", ".join(sorted(profiles)),
        "feedback of receivers": "transport-wide, 13 a second" if sequenced == {True} else "receiver reports only",
    }


def _faults(engine: Engine, begin: _Reading, end: _Reading) -> list[str]:
    """What no server should do, however much it has to do."""
    told = []
    lost = end.lost - begin.lost
    if lost and not engine.intake.drop:
        told.append(f"{lost} {LOST}")
    if end.received == begin.received:
        told.append("nothing arrived")
    if faults := engine.intake.inspector.found:
        names = ", ".join(f"{number} × {name}" for name, number in sorted(faults.items()))
        told.append(f"of {engine.intake.inspector.sampled} samples some were wrong: {names}")
    if number := end.counters["unknown-ssrc"] - begin.counters["unknown-ssrc"]:
        told.append(f"{number} packets came under SSRCs that the server had not announced")
    return told


def _notes(engine: Engine, begin: _Reading, end: _Reading) -> list[str]:
    notes = []
    if number := end.counters[FAILED_JOINS]:
        notes.append(f"{number} joins failed and were tried again")
    if end.dropped > begin.dropped:
        notes.append(f"the load client's own buffers dropped {end.dropped - begin.dropped} packets")
    busy = 100 * (end.client_cpu - begin.client_cpu) / (end.at - begin.at)
    if busy > BUSY_CLIENT:
        notes.append(f"the load client used {busy:.0f} % of its core: it may be what is slow")
    others = end.busy - begin.busy - (end.server_cpu - begin.server_cpu) - (end.client_cpu - begin.client_cpu)
    if others > OTHERS * (end.at - begin.at):
        notes.append(f"{BUSY} {100 * others / (end.at - begin.at):.0f} % of a core meanwhile")
    for name, sentence in (
        ("frames-not-sent", "frames were not sent, because the load client was late"),
        ("send-failed", "datagrams could not be sent"),
        ("srtp-auth-failed", "samples did not authenticate"),
        ("srtp-replayed", "samples were replayed"),
        ("srtp-too-old", "samples came too late to be checked"),
    ):
        if number := end.counters[name] - begin.counters[name]:
            notes.append(f"{number} {sentence}")
    return notes


def join_figures(members: Sequence[Member], seconds: float) -> Figures:
    """How long those who joined within `seconds` waited for their first packet."""
    waited = [
        (first - one.receiving.opened_at) / _MICRO
        for one in members
        if (first := one.receiving.first_media_at) is not None
    ]
    return {
        "join_p50": percentile(waited, 0.5),
        "join_p95": percentile(waited, 0.95),
        "joins_per_second": len(waited) / seconds,
    }
