"""All scenarios by key, and those that a whole run is made of."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from bench.client.traffic import Burst
from bench.scenarios.capacity import capacity
from bench.scenarios.churn import churn
from bench.scenarios.frames import first_frames
from bench.scenarios.lecture import lecture
from bench.scenarios.meetings import audio, meeting, rooms
from bench.scenarios.scenario import Scenario
from bench.scenarios.webinar import audience, feedback, join_storm, recovery, webinar

BURSTS: Mapping[int, Burst] = {20: Burst(20, 0.02), 15: Burst(15, 0.02), 5: Burst(5, 0.005), 2: Burst(2, 0.002)}
"""A thousand packets a second, as large pictures make them and as a browser sends them. Those of 15 are 750 a second:
with the sound, 50 viewers get 40,000 packets a second."""
CALM = Burst(5, 0.025)
"""200 packets a second, 1.7 Mb/s: an ordinary camera."""
CALM_BURSTS: Mapping[int, Burst] = {5: CALM, 20: Burst(20, 0.1)}
"""The same rate as a browser's pictures, and as few large ones, such as of a shared screen."""


class UnknownScenarioError(ValueError):
    """A key that names no scenario; the text says which there are."""


def _of(bursts: Mapping[int, Burst], number: int) -> Burst:
    try:
        return bursts[number]
    except KeyError:
        raise UnknownScenarioError(f"bursts are of {', '.join(map(str, bursts))} packets, not {number}") from None


def _loud(number: int) -> Burst:
    return _of(BURSTS, number)


def _calm(number: int = CALM.packets) -> Burst:
    return _of(CALM_BURSTS, number)


# The name of each, the numbers that follow in its key (the last may be left out where it is in brackets), and how it is
# made of them.
_MAKERS: Mapping[str, tuple[str, Callable[..., Scenario]]] = {
    "webinar": ("VIEWERS-BURST", lambda viewers, burst: webinar(viewers, _loud(burst), f"webinar-{viewers}-{burst}")),
    "audience": ("VIEWERS", lambda viewers: audience(viewers, CALM)),
    "capacity": ("VIEWERS-BURST", lambda viewers, burst: capacity(viewers, _loud(burst))),
    "recovery": ("VIEWERS", lambda viewers: recovery(viewers, CALM)),
    "meeting": ("PEOPLE-TALKERS[-BURST]", lambda people, talkers, *burst: meeting(people, talkers, _calm(*burst))),
    "audio": ("LISTENERS", lambda listeners: audio(listeners)),
    "rooms": ("ROOMS[-BURST]", lambda number, *burst: rooms(number, _calm(*burst))),
    "join-storm": ("PEOPLE[-BURST]", lambda people, *burst: join_storm(people, _calm(*burst))),
    "feedback": ("VIEWERS", lambda viewers: feedback(viewers, CALM)),
    "lecture": ("PEOPLE", lambda people: lecture(people)),
    "chromium": ("JOINS", lambda joins: first_frames(joins)),
    "churn": ("PEOPLE[-BURST]", lambda people, *burst: churn(people, _calm(*burst))),
}
KEYS = tuple(f"{name}-{numbers}" for name, (numbers, _) in _MAKERS.items())
"""The shape of the keys."""

FULL = (
    "webinar-50-20", "webinar-50-15", "webinar-50-5", "webinar-50-2", "capacity-50-20", "recovery-50", "meeting-12-4",
    "meeting-12-4-20", "audio-100", "rooms-5", "rooms-5-20", "join-storm-100", "churn-40", "chromium-5",
    "audience-500", "feedback-500", "lecture-1000",
)  # fmt: skip
"""A whole run."""


def scenario_of(key: str) -> Scenario:
    """The scenario of a key such as `webinar-50-20`. Raises UnknownScenarioError."""
    for name, (numbers, make) in _MAKERS.items():
        rest = key.removeprefix(f"{name}-").split("-")
        most = len(numbers.split("-"))
        least = most - numbers.count("[")
        if key.startswith(f"{name}-") and least <= len(rest) <= most and all(map(str.isdecimal, rest)):
            values = [int(number) for number in rest]
            if all(0 < value <= 5000 for value in values):
                return replace(make(*values), key=key)
    raise UnknownScenarioError(f"{key!r} is no scenario; there are {', '.join(KEYS)}")
