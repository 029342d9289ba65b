"""What every scenario is made of."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bench.adapters.server import Server
from bench.client.traffic import Burst
from bench.figures import Round

WARM_UP = 2.0
"""Seconds of media before anything is measured."""
JOINING_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class Scenario:
    """`run` drives a server that was just started, in which there is nobody, for one round.

    `servers` are the adapters that can do this. `key` names it in the JSON and on the command line, `title` for people.
    """

    key: str
    title: str
    run: Callable[[Server, float], Awaitable[Round]]
    servers: tuple[str, ...] = ("roomcast", "janus")
    burst: Burst = field(default_factory=Burst)
