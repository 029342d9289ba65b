"""A room full of people over the WebSocket alone: how long a moderator's action takes to reach everyone, and its CPU.

    python -m bench.websocket --participants 300

The server runs in a process of its own, as it really runs but for the media node; the clients, in this process, do no
more than notice what arrives. Times are from the moderator's request to the last client's event.
"""

import argparse
import asyncio
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from signalling.app import create_app
from signalling.credentials import Credentials
from signalling.domain.room import PARTICIPANTS_IN_GROUP_MODE, Mode, Role, RoomSettings
from signalling.settings import SignallingSettings
from signalling.store import Store
from signalling.tokens import TokenIssuer

JOINING_AT_ONCE = 20
ROUNDS = 5
PATIENCE = 60.0


@dataclass(frozen=True)
class Figures:
    """What one thing took: seconds until the first and the last client had it, and seconds of the server's CPU."""

    what: str
    first: float
    last: float
    cpu: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--participants", type=int, default=300)
    participants: int = parser.parse_args().participants
    for one in measure(participants):
        reached = f"first {one.first * 1e3:7.1f} ms, last {one.last * 1e3:7.1f} ms"
        print(f"{one.what:<14} {reached}, CPU of the server {one.cpu * 1e3:7.1f} ms")


def measure(participants: int, rounds: int = ROUNDS) -> list[Figures]:
    """Start a server, fill a room, and let a moderator act. Of several rounds the median of each figure.

    Raises TimeoutError when something does not reach everyone.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with tempfile.TemporaryDirectory() as folder:
        server = context.Process(target=run_server, args=(theirs, participants, folder), daemon=True)
        server.start()
        try:
            url, tokens = ours.recv()
            return asyncio.run(_measure(url, tokens, CpuClock(server.pid or 0), rounds))
        finally:
            ours.send("stop")
            server.join(10)
            server.kill()


class CpuClock:
    """The CPU time of another process, all its threads (Linux)."""

    def __init__(self, pid: int) -> None:
        self._tasks = Path(f"/proc/{pid}/task")

    def seconds(self) -> float:
        return sum(int((task / "schedstat").read_text().split()[0]) for task in self._tasks.iterdir()) / 1e9


class Client:
    """One connection that notes when which event came."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._awaited = ""
        self._came: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._reader = asyncio.create_task(self._read())

    async def call(self, method: str, **params: Any) -> None:
        """Send a request; its answer is awaited only by `expect("result")`."""
        await self._socket.send_json({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})

    def expect(self, event: str) -> "asyncio.Future[float]":
        """When the next event of this name, or answer ("result"), comes."""
        self._awaited = f'"method":"{event}"' if event != "result" else '"result":'
        self._came = asyncio.get_running_loop().create_future()
        return self._came

    async def _read(self) -> None:
        async for message in self._socket:
            if self._awaited and self._awaited in message.data[:120]:
                self._awaited = ""
                self._came.set_result(time.monotonic())


async def _measure(url: str, tokens: Sequence[str], cpu: CpuClock, rounds: int) -> list[Figures]:
    async with AsyncExitStack() as stack:
        connector = aiohttp.TCPConnector(limit=0)
        http = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        clients: list[Client] = []
        gate = asyncio.Semaphore(JOINING_AT_ONCE)

        async def join(token: str) -> None:
            async with gate:
                client = Client(await http.ws_connect(f"{url}/ws", max_msg_size=0))
                clients.append(client)
                answered = client.expect("result")
                await client.call("join", token=token)
                async with asyncio.timeout(PATIENCE):
                    await answered

        used, begin = cpu.seconds(), time.monotonic()
        await join(tokens[0])
        await asyncio.gather(*map(join, tokens[1:]))
        figures = [Figures(f"{len(tokens)} join", 0.0, time.monotonic() - begin, cpu.seconds() - used)]
        moderator = clients[0]
        actions: dict[str, tuple[str, Callable[[], Awaitable[None]]]] = {
            "hard mute": ("hard-mute-room", lambda: moderator.call("hard-mute")),
            "hard unmute": ("hard-unmute-room", lambda: moderator.call("hard-unmute")),
            "lock": ("room-locked", lambda: moderator.call("lock")),
            "unlock": ("room-unlocked", lambda: moderator.call("unlock")),
            "chat to all": ("message-received", lambda: moderator.call("send-message", text="Hello everybody!")),
        }
        table = [
            [await _act(what, event, act, clients, cpu) for what, (event, act) in actions.items()]
            for _ in range(rounds)
        ]
        return figures + [_median(column) for column in zip(*table, strict=True)]


async def _act(
    what: str, event: str, act: Callable[[], Awaitable[None]], clients: Sequence[Client], cpu: CpuClock
) -> Figures:
    """Everyone but the sender of a chat message gets the event."""
    recipients = clients[1:] if event == "message-received" else clients
    await asyncio.sleep(0.2)
    came = [client.expect(event) for client in recipients]
    used, begin = cpu.seconds(), time.monotonic()
    await act()
    async with asyncio.timeout(PATIENCE):
        times = await asyncio.gather(*came)
    return Figures(what, min(times) - begin, max(times) - begin, cpu.seconds() - used)


def _median(figures: Sequence[Figures]) -> Figures:
    return Figures(
        figures[0].what,
        statistics.median(one.first for one in figures),
        statistics.median(one.last for one in figures),
        statistics.median(one.cpu for one in figures),
    )


def run_server(pipe: Connection, participants: int, folder: str) -> None:
    """Serve a room for one moderator and so many participants, until told to stop."""
    asyncio.run(_serve(pipe, participants, folder))


async def _serve(pipe: Connection, participants: int, folder: str) -> None:
    store = await Store.open(f"sqlite:///{folder}/roomcast.db")
    issuer = TokenIssuer(TokenIssuer.new_private_key())
    settings = SignallingSettings(link_secret="bench", sockets_per_address=participants + 1)
    runner = web.AppRunner(
        create_app(settings, store, issuer, Credentials.generate()), access_log=None, shutdown_timeout=1.0
    )
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    port = runner.addresses[0][1]
    now = time.time()
    mode: Mode = "group" if participants <= PARTICIPANTS_IN_GROUP_MODE else "lecture"
    room_settings = RoomSettings(mode=mode, participants=participants)
    room = await store.rooms.create("app", "Full", "owner", now=now, settings=room_settings)
    guests: list[Role] = ["participant"] * participants
    tokens = [
        issuer.issue(room.room_id, f"Guest {number}", role, user_ref=f"guest-{number}", data={}, now=now)
        for number, role in enumerate(["moderator", *guests])
    ]
    pipe.send((f"http://127.0.0.1:{port}", tokens))
    await asyncio.to_thread(pipe.recv)
    await runner.cleanup()
    await store.close()


if __name__ == "__main__":
    main()
