"""What was asked of roomcast's speed, and whether a run shows it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.figures import Round, Spread, spread
from bench.results import Results
from bench.soak import TOO_MUCH

OURS, THEIRS = "roomcast", "janus"
_ARRIVED = 0.97
"""Of the packets that a publisher should send; fewer were sent, or got lost before the server counted them."""
_AUDIENCE = 500 * (200 + 50)
_LECTURE = 999 * (30 + 50)
"""Packets a second of video and sound to everyone in `audience-500` and `lecture-1000`."""
_CORE_SHARE = 100 / 3
_ENOUGH_REPORTS = 3_000
"""A second: from so many on it can be told what one costs."""
_STALL = 5.0
_STEADY = ("webinar", "meeting", "audio", "rooms", "churn", "recovery", "audience", "lecture")
"""Scenarios in which the server has time; in the others it is driven to its limit, or joins are."""


@dataclass(frozen=True, slots=True)
class Goal:
    """`met` None: not measured in this run."""

    title: str
    wanted: str
    measured: str = "–"
    met: bool | None = None


def goals(results: Results) -> list[Goal]:
    """All of them, in the order in which the report shows them."""
    seen = _Seen(results)
    return [
        _ratio(seen, "CPU per forwarded packet, bursts of 20", "webinar-50-20", "cpu_per_packet", 0.30),
        _ratio(seen, "CPU per forwarded packet, bursts of 5", "webinar-50-5", "cpu_per_packet", 0.45),
        _ratio(seen, "CPU per forwarded packet, bursts of 2", "webinar-50-2", "cpu_per_packet", 0.60),
        _capacity(seen),
        _ratio(seen, "latency p99 at 40,000 packets a second", "webinar-50-15", "latency_p99", 0.50),
        _feedback(seen),
        _holds(seen, "1 → 500 viewers, 200 packets a second each", "audience-500", _AUDIENCE),
        _holds(seen, "a lecture of 1,000 connected people", "lecture-1000", _LECTURE),
        _memory(seen),
        _soak(results),
        _stalls(seen),
    ]


class _Seen:
    """The results, by scenario and server."""

    def __init__(self, results: Results) -> None:
        self._rounds = {(one.key, name): rounds for one in results.outcomes for name, rounds in one.servers.items()}
        self.keys = [one.key for one in results.outcomes]

    def rounds(self, key: str, server: str = OURS) -> Sequence[Round]:
        return self._rounds.get((key, server), [])

    def figure(self, key: str, name: str, server: str = OURS) -> Spread | None:
        return spread(self.rounds(key, server), name)

    def nothing(self, title: str, wanted: str, *keys: str) -> Goal:
        """A goal of which there are no figures: not tried, or in vain."""
        tried = any(rounds for (key, _), rounds in self._rounds.items() if key in keys)
        return Goal(title, wanted, "its rounds failed", met=False) if tried else Goal(title, wanted)

    def worst(self, name: str, of: Callable[[str], bool], *, alone: bool = False) -> tuple[float, str] | None:
        """The highest of a figure in any round, and the scenario; `alone`: in any in which the server had its core to
        itself."""
        rounds = ((key, one) for key in self.keys if of(key) for one in self.rounds(key))
        found = ((key, one.figures) for key, one in rounds if not (alone and one.was_disturbed))
        return max(((figures[name], key) for key, figures in found if name in figures), default=None)


def _ratio(seen: _Seen, title: str, key: str, name: str, most: float) -> Goal:
    ours, theirs = seen.figure(key, name), seen.figure(key, name, THEIRS)
    wanted = f"at most {most:.2f} of Janus's"
    if ours is None:
        return seen.nothing(title, wanted, key)
    if theirs is None or not theirs.median:
        return Goal(title, wanted, "Janus was not measured")
    found = ours.median / theirs.median
    return Goal(title, wanted, f"{found:.2f}", found <= most)


def _capacity(seen: _Seen) -> Goal:
    title, wanted = "packets a second on one core without loss", "at least 200,000"
    ours, theirs = seen.figure("capacity-50-20", "capacity"), seen.figure("capacity-50-20", "capacity", THEIRS)
    if ours is None:
        return seen.nothing(title, wanted, "capacity-50-20")
    beside = f", {ours.median / theirs.median:.1f} times Janus's" if theirs and theirs.median else ""
    return Goal(title, wanted, f"{ours.median:,.0f}{beside}", ours.median >= 200_000)


def _feedback(seen: _Seen) -> Goal:
    title, wanted = "feedback of 500 subscribers, 13 reports a second each", "less than a third of a core"
    cost, rate = seen.figure("feedback-500", "feedback_cpu"), seen.figure("feedback-500", "feedback_rate")
    if cost is None or rate is None:
        return seen.nothing(title, wanted, "feedback-500")
    measured = f"{cost.median:.0f} % of a core for {rate.median:,.0f} reports a second"
    if rate.median < _ENOUGH_REPORTS:
        return Goal(title, wanted, measured, False)
    # A load client that is late sends fewer; each costs what it costs.
    wanted_rate = 500 * 13
    scaled = cost.median * wanted_rate / rate.median
    return Goal(title, wanted, f"{measured}, so {scaled:.0f} % for {wanted_rate:,}", scaled < _CORE_SHARE)


def _holds(seen: _Seen, title: str, key: str, packets: float) -> Goal:
    """Nothing is lost in any round, and everything that should be sent is."""
    wanted = "holds on one core, loss-free"
    loss, rate, cpu, latency = (
        seen.figure(key, name) for name in ("loss", "packets_per_second", "server_cpu", "latency_p99")
    )
    if loss is None or rate is None or cpu is None:
        return seen.nothing(title, wanted, key)
    measured = f"{rate.median:,.0f} packets a second, {loss.most:.3f} % lost, CPU {cpu.median:.0f} %"
    if latency is not None:
        measured += f", p99 {latency.median:.1f} ms"
    met = all(
        one.figures.get("loss") == 0.0 and one.figures["packets_per_second"] >= _ARRIVED * packets
        for one in seen.rounds(key)
    )
    return Goal(title, wanted, measured, met)


def _memory(seen: _Seen) -> Goal:
    title, wanted = "memory per participant in the media process", "less than 1 MB"
    worst = seen.worst("memory_of_media", lambda key: True)
    if worst is None:
        return Goal(title, wanted)
    return Goal(title, wanted, f"at most {worst[0]:,.0f} kB (`{worst[1]}`)", worst[0] < 1000)


def _soak(results: Results) -> Goal:
    title, wanted = "memory over an hour of people who come and go", "flat"
    growth = results.soak.growth if results.soak is not None else None
    if results.soak is None or growth is None:
        return Goal(title, wanted)
    measured = f"{growth:+.1f} MB per hour in {results.soak.minutes:.0f} minutes"
    return Goal(title, wanted, measured, growth < TOO_MUCH)


def _stalls(seen: _Seen) -> Goal:
    """By processor time: by the clock it counts as well that the server's other processes share the core. Where others
    do, too, even that is more: caches are empty after them."""
    title, wanted = "longest that the media process keeps packets waiting by work of its own", f"at most {_STALL:g} ms"
    worst, delay = (seen.worst(name, lambda key: key.startswith(_STEADY), alone=True) for name in ("turn", "stall"))
    if worst is None:
        return Goal(title, wanted)
    measured = f"{worst[0]:.1f} ms of processor time (`{worst[1]}`)"
    if delay is not None:
        measured += f", {delay[0]:.1f} ms by the clock (`{delay[1]}`)"
    return Goal(title, wanted, measured, worst[0] <= _STALL)
