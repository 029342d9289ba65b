"""What every adapter offers: a server that can be started and stopped, rooms in it, and people who join them."""

import asyncio
import ctypes
import signal
import socket
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bench.client.endpoint import Endpoint
from bench.client.engine import Engine

START_TIMEOUT = 60.0
STOP_TIMEOUT = 20.0
_LOG_TAIL = 4000
_PR_SET_PDEATHSIG = 1


class ServerError(RuntimeError):
    """A server that does not start, refuses, or ends; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Seat:
    """What one person does in a room. Slots are how many people they can hear and see at the same time."""

    publishes_video: bool = False
    publishes_audio: bool = False
    audio_slots: int = 0
    video_slots: int = 0

    @property
    def publishes(self) -> bool:
        return self.publishes_video or self.publishes_audio

    @property
    def receives(self) -> bool:
        return bool(self.audio_slots or self.video_slots)


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a room: one endpoint, or one for what they publish and then one for what they receive."""

    endpoints: Sequence[Endpoint]
    leave: Callable[[], Awaitable[None]]

    @property
    def receiving(self) -> Endpoint:
        return self.endpoints[-1]

    @property
    def publishing(self) -> Endpoint:
        return self.endpoints[0]


@dataclass(frozen=True, slots=True)
class Stall:
    """How long packets had to wait for the server's loop by the clock, and what of that, at most, was its own work: its
    processor time. Both in seconds."""

    delay: float
    turn: float


class Server(Protocol):
    """`key` tells the adapters apart, `name` and `version` are for the report.

    `pid` is that of the process with all the others below it.
    """

    key: str
    name: str
    version: str

    @property
    def pid(self) -> int: ...

    async def start(self) -> None:
        """Start, and return when people can join. Raises ServerError."""

    async def stop(self) -> None:
        """End it. Idempotent."""

    async def create_room(self, people: int, talkers: int) -> str:
        """A room for so many, of whom so many are seen and heard; its id. Raises ServerError."""

    async def join(self, engine: Engine, room: str, seat: Seat) -> Member:
        """One person joins. Returns when media can flow. Raises ServerError, TransportError and DescriptionError."""

    async def access(self, room: str) -> dict[str, Any]:
        """What a page needs to join as a viewer, when somebody publishes: see `bench/browser`. Raises ServerError."""

    async def stall(self) -> Stall | None:
        """The longest of late; None: the server does not tell."""

    async def complete(self, engine: Engine, room: str) -> None:
        """Let those who publish receive the others too, when all have joined: for servers that need to be asked."""


@dataclass(slots=True)
class ServerProcess:
    """A child process with its log in a file."""

    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] | None = None
    process: Process | None = field(default=None, init=False)

    async def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                *self.command,
                stdin=DEVNULL,
                stdout=output,
                stderr=STDOUT,
                env=self.environment,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )

    @property
    def pid(self) -> int:
        if self.process is None:
            raise ServerError("the server was not started")
        return self.process.pid

    async def until(self, ready: Callable[[], Awaitable[bool]], name: str) -> None:
        """Wait until it answers. Raises ServerError with the end of its log."""
        give_up = asyncio.get_running_loop().time() + START_TIMEOUT
        while not await ready():
            ended = self.process is None or self.process.returncode is not None
            if ended or asyncio.get_running_loop().time() > give_up:
                raise ServerError(f"{name} does not start; the end of its log:\n{self.tail()}")
            await asyncio.sleep(0.05)

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-_LOG_TAIL:]

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL for whoever does not listen."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_TIMEOUT)
        except TimeoutError:
            with suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()
        self.process = None


def _end_with_parent() -> None:
    """Runs in the child: the kernel ends it when this process dies, however that comes."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def free_port(host: str) -> int:
    """A TCP port that is free now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
