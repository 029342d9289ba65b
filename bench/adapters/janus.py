"""Janus (Debian's package) with its videoroom plugin, by its own WebSocket API.

The configuration is the package's but for what a run needs: its folders, no other plugins and transports, ICE-lite as
roomcast has it, no recordings, no events. In a videoroom a participant has one connection for what they publish and one
for what they receive; the load client opens both.
"""

import asyncio
import itertools
import json
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp

from bench.adapters.server import Member, Seat, ServerError, ServerProcess
from bench.client.description import Line, Remote, Section, read_description, write_description
from bench.client.endpoint import Endpoint
from bench.client.engine import Engine
from bench.place import Place

PATIENCE = 30.0
_PORT = 8188
_PLUGINS = "/usr/lib/x86_64-linux-gnu/janus/plugins"
_TRANSPORTS = "/usr/lib/x86_64-linux-gnu/janus/transports"


class JanusServer:
    """See Server."""

    key, name = "janus", "Janus"

    def __init__(self, place: Place, folder: Path) -> None:
        binary = shutil.which("janus")
        if binary is None or place.namespaces is None:
            raise ServerError("Janus is not installed: run `.ci/system-packages bench`")
        self.version = janus_version(binary)
        self._folder = folder
        self._url = f"ws://{place.server_address}:{_PORT}"
        self._address = place.server_address
        self._process = ServerProcess(place.command([binary, "--configs-folder", str(folder)]), folder / "janus.log")
        self._session: aiohttp.ClientSession | None = None
        self._numbers = itertools.count(1)
        self._rooms: dict[str, _Room] = {}

    @property
    def pid(self) -> int:
        return self._process.pid

    async def start(self) -> None:
        _write_configuration(self._folder, self._address)
        await self._process.start()
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

        async def ready() -> bool:
            with suppress(aiohttp.ClientError, TimeoutError):
                async with _Connection(self._http, self._url):
                    return True
            return False

        await self._process.until(ready, self.name)

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
        await self._process.stop()

    async def create_room(self, people: int, talkers: int) -> str:
        number = next(self._numbers)
        async with _Connection(self._http, self._url) as connection:
            await connection.ask(
                {
                    "request": "create", "room": number, "publishers": max(people, talkers), "videocodec": "vp8",
                    "audiocodec": "opus", "bitrate": 0, "fir_freq": 0, "audiolevel_ext": True,
                    "transport_wide_cc_ext": True, "notify_joining": False,
                }
            )  # fmt: skip
        self._rooms[str(number)] = _Room(number)
        return str(number)

    async def join(self, engine: Engine, room: str, seat: Seat) -> Member:
        known = self._rooms[room]
        member = _JanusMember(engine)
        try:
            if seat.publishes:
                member.feed = await self._publish(member, known, seat)
                known.feeds.append(member.feed)
            if seat.receives and not seat.publishes:
                await self._subscribe(member, known)
            elif seat.receives:
                known.waiting.append(member)
        except BaseException:
            await member.leave()
            raise
        return Member(member.endpoints, member.leave)

    async def access(self, room: str) -> dict[str, Any]:
        known = self._rooms[room]
        return {"url": self._url, "room": known.number, "feed": known.feeds[0]}

    async def stall(self) -> None:
        """Nothing tells."""

    async def complete(self, engine: Engine, room: str) -> None:
        known = self._rooms[room]
        waiting, known.waiting = known.waiting, []
        for member in waiting:
            await self._subscribe(member, known)

    async def _publish(self, member: "_JanusMember", room: "_Room", seat: Seat) -> int:
        """Publish; the number under which others subscribe."""
        connection = await member.open(self._http, self._url)
        endpoint = member.engine.open(
            setup="active", video="1" if seat.publishes_video else "", audio="0" if seat.publishes_audio else ""
        )
        endpoint.opened_at = connection.opened_at
        member.endpoints.append(endpoint)
        lines = []
        if endpoint.audio is not None:
            lines.append(Line("0", "audio", "sendonly", (endpoint.audio.ssrc,)))
        if endpoint.video is not None:
            lines.append(Line("1", "video", "sendonly", (endpoint.video.ssrc, endpoint.video.rtx_ssrc)))
        offer = write_description(endpoint.owner, endpoint.transport.local, lines)
        request = {
            "request": "joinandconfigure", "room": room.number, "ptype": "publisher",
            "audio": seat.publishes_audio, "video": seat.publishes_video,
        }  # fmt: skip
        answer = await connection.ask(request, {"type": "offer", "sdp": offer})
        await member.engine.connect(endpoint, read_description(answer["jsep"]["sdp"]))
        return int(answer["data"]["id"])

    async def _subscribe(self, member: "_JanusMember", room: "_Room") -> None:
        """Receive everyone but oneself."""
        feeds = [feed for feed in room.feeds if feed != member.feed]
        if not feeds:
            return
        connection = await member.open(self._http, self._url)
        endpoint = member.engine.open(setup="active")
        endpoint.opened_at = connection.opened_at
        member.endpoints.append(endpoint)
        request = {"request": "join", "room": room.number, "ptype": "subscriber"}
        offered = await connection.ask(request | {"streams": [{"feed": feed} for feed in feeds]})
        remote = read_description(offered["jsep"]["sdp"])
        answer = _answer(endpoint, remote)
        # Janus throws away the handshake's first datagram when it comes before the answer, which costs a second.
        await connection.ask({"request": "start"}, {"type": "answer", "sdp": answer})
        await member.engine.connect(endpoint, remote)

    @property
    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise ServerError("Janus was not started")
        return self._session


class _JanusMember:
    """A person, with the connections and endpoints that they have so far."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.feed = 0
        self.endpoints: list[Endpoint] = []
        self._connections: list[_Connection] = []

    async def open(self, session: aiohttp.ClientSession, url: str) -> "_Connection":
        connection = await _Connection(session, url).__aenter__()
        self._connections.append(connection)
        return connection

    async def leave(self) -> None:
        for endpoint in self.endpoints:
            await self.engine.close(endpoint)
        for connection in self._connections:
            await connection.__aexit__()


class _Room:
    """`waiting` are those who publish and have still to subscribe to the others."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.feeds: list[int] = []
        self.waiting: list[_JanusMember] = []


class _Connection:
    """A WebSocket, with a session and a handle of the videoroom on it. An async context."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._http = session
        self._url = url
        self._numbers = itertools.count(1)
        self._addressed: dict[str, int] = {}
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self.opened_at = 0

    async def __aenter__(self) -> "_Connection":
        self._socket = await self._http.ws_connect(self._url, protocols=("janus-protocol",), max_msg_size=0)
        self.opened_at = time.time_ns()
        self._reader = asyncio.create_task(self._read())
        created = await self._send({"janus": "create"})
        self._addressed["session_id"] = created["data"]["id"]
        attached = await self._send({"janus": "attach", "plugin": "janus.plugin.videoroom"})
        self._addressed["handle_id"] = attached["data"]["id"]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reader.cancel()
        await self._socket.close()

    async def ask(self, body: dict[str, Any], jsep: dict[str, str] | None = None) -> dict[str, Any]:
        """What the plugin answers: `data`, and `jsep` if there is any. Raises ServerError."""
        message: dict[str, Any] = {"janus": "message", "body": body}
        answer = await self._send(message | ({"jsep": jsep} if jsep else {}))
        data = answer["plugindata"]["data"]
        if "error" in data:
            raise ServerError(f"Janus refuses {body['request']}: {data['error']}")
        return {"data": data, "jsep": answer.get("jsep")}

    async def _send(self, message: dict[str, Any]) -> dict[str, Any]:
        transaction = str(next(self._numbers))
        future = self._waiting[transaction] = asyncio.get_running_loop().create_future()
        await self._socket.send_json(message | self._addressed | {"transaction": transaction})
        try:
            async with asyncio.timeout(PATIENCE):
                answer: dict[str, Any] = await future
        except TimeoutError:
            raise ServerError(f"Janus does not answer {message['janus']}") from None
        if answer["janus"] == "error":
            raise ServerError(f"Janus refuses {message['janus']}: {answer['error']['reason']}")
        return answer

    async def _read(self) -> None:
        async for received in self._socket:
            message = json.loads(received.data)
            # An "ack" only says that the answer will follow.
            if message.get("janus") == "ack":
                continue
            future = self._waiting.pop(message.get("transaction", ""), None)
            if future is not None and not future.done():
                future.set_result(message)


def _answer(endpoint: Endpoint, remote: Remote) -> str:
    """The answer to the offer of a subscription: everything is taken as offered."""
    lines = [Line(one.mid, "video" if one.kind == "video" else "audio", "recvonly") for one in remote.sections]
    media = [_answer_section(one) for one in remote.sections]
    return write_description(endpoint.owner, endpoint.transport.local, lines, media)


_KEPT = ("a=rtpmap:", "a=fmtp:", "a=rtcp-fb:", "a=rtcp-mux", "a=rtcp-rsize", "a=extmap:", "a=mid:")


def _answer_section(offered: Section) -> str:
    formats = " ".join(map(str, offered.payload_types))
    kept = "".join(f"{line}\r\n" for line in offered.lines if line.startswith(_KEPT))
    return f"m={offered.kind} 9 UDP/TLS/RTP/SAVPF {formats}\r\nc=IN IP4 0.0.0.0\r\na=recvonly\r\n{kept}"


def _write_configuration(folder: Path, address: str) -> None:
    others = ", ".join(
        path.name
        for path in sorted(Path(_PLUGINS).glob("*.so.0")) + sorted(Path(_PLUGINS).glob("*.so"))
        if "videoroom" not in path.name
    )
    transports = ", ".join(
        path.name for path in sorted(Path(_TRANSPORTS).glob("*.so*")) if "websockets" not in path.name
    )
    (folder / "janus.jcfg").write_text(
        f"""general: {{
    configs_folder = "{folder}"
    plugins_folder = "{_PLUGINS}"
    transports_folder = "{_TRANSPORTS}"
    debug_level = 2
    session_timeout = 0
    server_name = "bench"
}}
nat: {{
    ice_lite = true
    ice_enforce_list = "{address}"
}}
media: {{
    no_media_timer = 0
}}
plugins: {{
    disable = "{others}"
}}
transports: {{
    disable = "{transports}"
}}
events: {{
    broadcast = false
}}
"""
    )
    (folder / "janus.transport.websockets.jcfg").write_text(
        f"""general: {{
    json = "compact"
    ws = true
    ws_port = {_PORT}
    ws_ip = "{address}"
    wss = false
}}
"""
    )
    (folder / "janus.plugin.videoroom.jcfg").write_text("general: {\n}\n")


def janus_version(binary: str) -> str:
    """As `janus --version` tells it."""
    text = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False).stdout
    # "Janus version: 1102 (1.1.2)"
    return text.partition("(")[2].partition(")")[0] or "unknown"
