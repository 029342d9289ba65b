"""The one loop of the load client: reads all sockets in bulk, publishes, and answers as browsers do.

Sockets are looked at each 4 ms rather than whenever something comes, because times are the kernel's anyway. Only while
somebody is joining they are read at once, so that a join takes no longer than it has to. All that is done for many is
done in parts of a few milliseconds, between which those publish whose time has come: a publisher that is late would be
taken for a server that is.
"""

import asyncio
import gc
import random
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from aiortc.rtcdtlstransport import RTCCertificate

from bench.client.answers import CompiledAnswers
from bench.client.compiled import library
from bench.client.compiled_intake import CompiledIntake
from bench.client.datagrams import Datagrams
from bench.client.description import Remote
from bench.client.endpoint import Endpoint
from bench.client.feedback import FEEDBACK_PERIOD
from bench.client.film import FilmTraffic
from bench.client.intake import Intake
from bench.client.reading import Reader
from bench.client.traffic import AudioTraffic, Burst, VideoTraffic

READ_PERIOD = 0.004
SLICES = 15
"""Endpoints answer in so many groups, one after the other, so that what they send is spread as that of real ones is."""
MOST_BEHIND = 5
"""Frames that a publisher who is late sends at once; beyond that time is lost for good, and counted."""
MOST_REQUESTS = 20
"""Requests for missing packets that are sent in one go; when a server loses packets of hundreds, the others wait for
their turn."""
_NEVER = 1 << 30


class Engine:
    """Endpoints, and what they receive in `intake`. An async context."""

    def __init__(
        self,
        *,
        seed: int = 1,
        burst: Burst | None = None,
        drop: float = 0.0,
        switching: bool = False,
        film: Sequence[bytes] = (),
    ) -> None:
        """`drop` and `switching`: see Intake and Inspector. `film`: frames that are published instead of probes."""
        self.burst = burst or Burst()
        self.pace = 1.0
        """How many times as often as `burst` says frames are sent; timestamps are as if it was 1."""
        self.answering = True
        """Whether receivers answer at all (reports, requests); ICE consent goes on."""
        functions = library()
        # Packets that are dropped on purpose are picked by Python, which then has to do the rest as well.
        self._answers = CompiledAnswers(functions) if functions is not None and not drop else None
        compiled = CompiledIntake(functions, self._answers) if self._answers is not None else None
        self.intake = Intake(self.burst, seed=seed, drop=drop, switching=switching, compiled=compiled)
        self._film = film
        self._seed = seed
        self._certificate = RTCCertificate.generateCertificate()
        self._random = random.Random(seed)
        self._datagrams = Datagrams()
        self._reader = Reader(self._datagrams, functions)
        self._slices: list[dict[int, Endpoint]] = [{} for _ in range(SLICES)]
        self._joining = 0
        self._next_owner = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Engine":
        self._tasks = [asyncio.create_task(self._read_steadily()), asyncio.create_task(self._answer_steadily())]
        gc.collect()
        gc.freeze()
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(self.close(endpoint) for endpoint in list(self.intake.endpoints.values())))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._reader.close()
        gc.unfreeze()

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Meanwhile nobody looks through all objects, which takes a tenth of a second where there are a thousand
        endpoints; once before."""
        gc.collect()
        gc.freeze()
        young, middle, old = gc.get_threshold()
        gc.set_threshold(young, middle, _NEVER)
        try:
            yield
        finally:
            gc.set_threshold(young, middle, old)

    def check(self) -> None:
        """Raise what ended one of the engine's own tasks, which nothing should."""
        for task in self._tasks:
            if task.done():
                task.result()

    @property
    def endpoints(self) -> list[Endpoint]:
        return list(self.intake.endpoints.values())

    def open(self, *, setup: str = "actpass", video: str = "", audio: str = "") -> Endpoint:
        """A new endpoint; `video` and `audio` are the mids that it publishes on, if any."""
        self._next_owner += 1
        endpoint = Endpoint(self._next_owner, self.intake.tally, self._certificate, setup, self._count)
        if video:
            ours = (endpoint.owner, self._new_ssrc(), self._new_ssrc(), video, self.burst, self._seed)
            endpoint.video = FilmTraffic(*ours, self._film) if self._film else VideoTraffic(*ours)
        if audio:
            endpoint.audio = AudioTraffic(endpoint.owner, self._new_ssrc(), audio, self._seed)
        return endpoint

    async def connect(self, endpoint: Endpoint, remote: Remote) -> None:
        """Connect by what the server described. Raises TransportError."""
        endpoint.expect(remote.sections)
        self.intake.add(endpoint)

        def opened(sock: socket.socket) -> None:
            self._reader.add(sock, endpoint.owner)

        self._slices[endpoint.owner % SLICES][endpoint.owner] = endpoint
        with self._reading_at_once():
            await endpoint.transport.connect(remote, opened)
        if self._answers is not None and endpoint.reports_apart:
            self._answers.send_from(endpoint.owner, endpoint.shown.ssrc, *endpoint.transport.sending)
            endpoint.build_reports = None

    def publish(self, endpoint: Endpoint) -> None:
        """Send what the endpoint has to publish, until it is closed."""
        if endpoint.video is not None:
            sending = self._send(endpoint.send_video, lambda: self._frame_interval, lambda: False)
            endpoint.tasks.append(asyncio.create_task(sending))
        if (audio := endpoint.audio) is not None:
            sending = self._send(endpoint.send_audio, lambda: AudioTraffic.interval, lambda: audio.muted)
            endpoint.tasks.append(asyncio.create_task(sending))

    async def close(self, endpoint: Endpoint) -> None:
        """The endpoint leaves. Idempotent."""
        sock = endpoint.transport.udp
        if sock is not None:
            self._reader.remove(sock)
        self.intake.remove(endpoint)
        self._slices[endpoint.owner % SLICES].pop(endpoint.owner, None)
        await endpoint.close()

    @contextmanager
    def _reading_at_once(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        self._joining += 1
        if self._joining == 1:
            loop.add_reader(self._reader.fileno(), self._read)
        try:
            yield
        finally:
            self._joining -= 1
            if not self._joining:
                loop.remove_reader(self._reader.fileno())

    async def _read_steadily(self) -> None:
        while True:
            was_all = self._read()
            await asyncio.sleep(READ_PERIOD if was_all else 0)

    def _read(self) -> bool:
        """Take in some of what waits; whether that was all."""
        was_all = self._reader.read()
        self.intake.take(self._datagrams)
        if self.intake.gapped:
            now, left = time.monotonic(), MOST_REQUESTS if self.answering else 0
            for stream in self.intake.gapped.values():
                stream.owner.missed(stream)
                if left > 0:
                    left -= stream.owner.ask(now)
            self.intake.gapped.clear()
        return was_all

    async def _answer_steadily(self) -> None:
        loop = asyncio.get_running_loop()
        due, part = loop.time(), 0
        while True:
            due = max(due + FEEDBACK_PERIOD / SLICES, loop.time() - FEEDBACK_PERIOD)
            await asyncio.sleep(max(0.0, due - loop.time()))
            part = (part + 1) % SLICES
            self._answer(part, time.monotonic())

    def _answer(self, part: int, now: float) -> None:
        """What the endpoints of one slice have to send."""
        if self._answers is not None and self.answering:
            reported, failed = self._answers.send(part, SLICES)
            self.intake.counters["transport-wide-reports"] += reported
            self.intake.counters["send-failed"] += failed
        left = MOST_REQUESTS if self.answering else 0
        for endpoint in self._slices[part].values():
            if endpoint.due <= now:
                endpoint.answer(now, silent=not self.answering)
            if endpoint.gapped and left > 0:
                left -= endpoint.ask(now)

    @property
    def _frame_interval(self) -> float:
        return self.burst.interval / self.pace

    async def _send(
        self, send: Callable[[int], None], interval_now: Callable[[], float], muted: Callable[[], bool]
    ) -> None:
        loop = asyncio.get_running_loop()
        # Publishers are not in step with each other.
        due = loop.time() + self._random.random() * interval_now()
        while True:
            await asyncio.sleep(max(0.0, due - loop.time()))
            interval = interval_now()
            behind = int((loop.time() - due) / interval)
            if behind > MOST_BEHIND:
                if not muted():
                    self.intake.counters["frames-not-sent"] += behind - MOST_BEHIND
                due += (behind - MOST_BEHIND) * interval
            send(time.time_ns())
            due += interval

    def _new_ssrc(self) -> int:
        return self._random.getrandbits(31) | 1

    def _count(self, name: str) -> None:
        self.intake.counters[name] += 1
