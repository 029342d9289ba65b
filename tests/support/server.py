"""A real `roomcast serve` in a process of its own, on free ports and with an empty data folder."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.probing import seconds_written
from tests.support.process_log import logged
from tests.support.processes import children, command_line, descendants, is_running

COMMAND = Path(sys.executable).with_name("roomcast")
START_TIMEOUT = 120.0
STOP_TIMEOUT = 120.0
ARCHIVE_TIMEOUT = 120.0
# Enough of the log to see why something failed, little enough to read.
LOG_TAIL = 6000


class ServerError(AssertionError):
    """The server ended, never became healthy, or answered a request of the tests with an error."""


def free_port() -> int:
    """A port that is free for TCP and for UDP just now, on every address."""
    return free_ports(1)


def free_ports(number: int) -> int:
    """The first of so many ports in a row that are."""
    for _ in range(50):
        with ExitStack() as held:
            first = 0
            with suppress(OSError, OverflowError):
                for index in range(number):
                    tcp = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
                    tcp.bind(("", first + index if first else 0))
                    first = first or tcp.getsockname()[1]
                    held.enter_context(socket.socket(type=socket.SOCK_DGRAM)).bind(("", first + index))
                return first
    raise ServerError("no port is free for both TCP and UDP")


@dataclass(frozen=True, slots=True)
class Invitation:
    """A room and a token to enter it."""

    room_id: str
    token: str
    url: str


class Server:
    """A running server; every method asks it over HTTP, as any client would."""

    def __init__(self, process: Process, http_port: int, media_port: int, data_dir: Path, log: Path) -> None:
        self.process = process
        self.http_port = http_port
        self.media_port = media_port
        self.data_dir = data_dir
        self.log = log
        self.url = f"http://127.0.0.1:{http_port}"
        self._session = aiohttp.ClientSession(self.url)

    async def get(self, path: str) -> Any:
        """The JSON of a GET request that must succeed."""
        async with self._session.get(path) as response:
            return await self._json(response)

    async def text(self, path: str) -> str:
        async with self._session.get(path) as response:
            if response.status != 200:
                raise ServerError(f"GET {path}: {response.status}")
            return await response.text()

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON of a POST request that must succeed."""
        async with self._session.post(path, json=body) as response:
            return await self._json(response)

    def _authorization(self) -> dict[str, str]:
        credentials = json.loads((self.data_dir / "credentials.json").read_text())
        return {"Authorization": aiohttp.encode_basic_auth(credentials["app_id"], credentials["app_key"])}

    @staticmethod
    async def _json(response: aiohttp.ClientResponse) -> Any:
        if response.status >= 300:
            raise ServerError(f"{response.method} {response.url}: {response.status} {await response.text()}")
        return await response.json()

    async def create_room(self, **settings: Any) -> Invitation:
        """A new room through the local API, with a moderator's token."""
        answer = await self.post("/local/rooms", settings)
        return Invitation(answer["room_id"], answer["token"], answer["url"])

    async def create_enablex_room(self, **settings: Any) -> str:
        """A new room with `settings` through the REST API, by the application's credentials; its room_id."""
        body = {"name": "test", "owner_ref": "test", "settings": {"participants": "10", "mode": "group", **settings}}
        async with self._session.post("/video/v2/rooms", json=body, headers=self._authorization()) as response:
            answer = await self._json(response)
        return str(answer["room"]["room_id"])

    async def reports(self, room_id: str) -> list[dict[str, Any]]:
        """The call detail reports of a room."""
        async with self._session.get(f"/video/v2/cdr/room/{room_id}", headers=self._authorization()) as response:
            return list((await self._json(response))["cdr"])

    async def create_token(self, room_id: str, name: str, role: str = "participant") -> str:
        """A single-use token for `room_id`."""
        answer = await self.post(f"/local/rooms/{room_id}/tokens", {"name": name, "role": role})
        return str(answer["token"])

    async def healthy(self) -> bool:
        """Whether /health says that participants can join, a media node included."""
        try:
            async with self._session.get("/health", timeout=aiohttp.ClientTimeout(total=2)) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def wait_until_healthy(self) -> None:
        give_up = time.monotonic() + START_TIMEOUT
        while not await self.healthy():
            if self.process.returncode is not None:
                raise ServerError(f"roomcast ended with {self.process.returncode}:\n{self.log_tail()}")
            if time.monotonic() > give_up:
                raise ServerError(f"roomcast is not healthy after {START_TIMEOUT:g} s:\n{self.log_tail()}")
            await asyncio.sleep(0.1)

    def media_nodes(self) -> list[int]:
        """Process ids of the media nodes that run as children of this server, in the order of their indexes."""
        nodes = [pid for pid in children(self.process.pid) if b"media-node" in command_line(pid)]
        return sorted(nodes, key=command_line)

    def recorders(self) -> list[int]:
        """Process ids of the recorders that run as children of this server."""
        return [pid for pid in children(self.process.pid) if b"--recorder-id" in command_line(pid)]

    def web_views(self) -> list[int]:
        """Process ids of the browsers in which recorders show pages."""
        return [pid for pid in descendants(self.process.pid) if b"--remote-debugging-pipe" in command_line(pid)]

    async def wait_for_recorder(self) -> None:
        """Wait until something can be recorded."""
        while "roomcast_signalling_recorders 1.0" not in await self.text("/metrics"):
            await asyncio.sleep(0.1)

    def recordings(self) -> set[Path]:
        """The files of participants that are being recorded, or not delivered yet."""
        return set(self.data_dir.glob("recordings/*/*/*.mkv"))

    async def recorded(self, seconds: float, files: int, *, beside: Collection[Path] = ()) -> None:
        """Wait until so many files hold so much each, those of before (`beside`) not counted."""
        async with asyncio.timeout(ARCHIVE_TIMEOUT):
            while sum(seconds_written(file) >= seconds for file in self.recordings().difference(beside)) < files:
                await asyncio.sleep(0.1)

    def kill_recorder(self) -> int:
        """Kills one recorder as a crash would; its process id."""
        pid = self.recorders()[0]
        os.kill(pid, signal.SIGKILL)
        return pid

    async def archive(self, room_id: str, *, recordings: int, films: int) -> Any:
        """The archive of the room's only session, when it has so many files."""
        give_up = time.monotonic() + ARCHIVE_TIMEOUT
        while True:
            async with self._session.get(
                f"/video/v2/archive/room/{room_id}", headers=self._authorization()
            ) as response:
                found = (await self._json(response))["archive"]
            if found and (len(found[0]["recording"]), len(found[0]["transcoded"])) == (recordings, films):
                return found[0]
            if time.monotonic() > give_up:
                raise ServerError(f"not archived within {ARCHIVE_TIMEOUT:g} s: {found}\n{self.log_tail()}")
            await asyncio.sleep(0.2)

    async def download(self, url: str, to: Path) -> Path:
        """A file of the archive, by the application's credentials."""
        async with self._session.get(url, headers=self._authorization()) as response:
            if response.status != 200:
                raise ServerError(f"GET {url}: {response.status}")
            to.write_bytes(await response.read())
        return to

    def kill_media_node(self, index: int = 0) -> int:
        """Kills the media node of that index as a crash would; its process id."""
        pid = self.media_nodes()[index]
        os.kill(pid, signal.SIGKILL)
        return pid

    async def kill(self) -> tuple[int, int]:
        """Ends signalling as a crash would, and waits for its children to notice; the ports, free again."""
        started = self.media_nodes() + self.recorders()
        self.process.kill()
        await self.process.wait()
        while any(is_running(pid) for pid in started):
            await asyncio.sleep(0.05)
        return self.http_port, self.media_port

    async def logged(self, pattern: str) -> re.Match[str]:
        """Wait until a line of the log has `pattern`; the first."""
        return await logged(self.log, pattern)

    def log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-LOG_TAIL:]

    async def stop(self) -> int:
        """Asks the server to end and waits until it has; its exit code."""
        await self._session.close()
        if self.process.returncode is None:
            self.process.terminate()
        try:
            return await asyncio.wait_for(self.process.wait(), STOP_TIMEOUT)
        except TimeoutError:
            below = descendants(self.process.pid)
            for pid in (self.process.pid, *below):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            await self.process.wait()
            raise ServerError(f"roomcast did not end {STOP_TIMEOUT:g} s after SIGTERM:\n{self.log_tail()}") from None


@asynccontextmanager
async def running_server(folder: Path, ports: tuple[int, int] | None = None, **options: str) -> AsyncIterator[Server]:
    """A healthy server with its data and its log in `folder`; `options` become ROOMCAST_* variables.

    `ports`, for HTTP and for media, are those of a server that was killed and comes back; otherwise free ones.

    When the test fails, the end of the server's log is printed, where pytest shows it.
    """
    data_dir, log = folder / "data", folder / "roomcast.log"
    http_port, media_port = ports or (free_port(), free_port())
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ROOMCAST_")}
    environment |= {
        "ROOMCAST_HTTP_PORT": str(http_port),
        "ROOMCAST_MEDIA_PORT": str(media_port),
        "ROOMCAST_DATA_DIR": str(data_dir),
        "ROOMCAST_MEDIA_PROCESSES": "1",
        # Tests that record ask for one; the others are spared its start.
        "ROOMCAST_RECORDERS": "0",
        **{f"ROOMCAST_{name.upper()}": value for name, value in options.items()},
    }
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            COMMAND, "serve", stdin=DEVNULL, stdout=output, stderr=STDOUT, env=environment, cwd=folder
        )
    server = Server(process, http_port, media_port, data_dir, log)
    try:
        await server.wait_until_healthy()
        yield server
    except BaseException:
        print(f"--- the end of {log}\n{server.log_tail()}")
        raise
    finally:
        await server.stop()


async def serve_fails(data_dir: Path, **variables: str) -> str:
    """What `roomcast serve` says on standard error when it cannot start; its exit code must be 2."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ROOMCAST_")}
    environment |= {"ROOMCAST_HTTP_PORT": "0", "ROOMCAST_DATA_DIR": str(data_dir)}
    process = await asyncio.create_subprocess_exec(
        COMMAND,
        "serve",
        env=environment | variables,
        stdout=PIPE,
        stderr=PIPE,
    )
    _, errors = await process.communicate()
    assert process.returncode == 2
    assert b"Traceback" not in errors
    return errors.decode()
