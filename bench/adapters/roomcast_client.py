"""roomcast as anyone uses it: rooms and tokens by REST, people by WebSocket. Nothing else of the server is touched."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import aiohttp

from bench.adapters.server import Member, Seat, ServerError, Stall
from bench.client.description import Line, read_description, write_description
from bench.client.endpoint import Endpoint
from bench.client.engine import Engine

PATIENCE = 30.0
LEAVING = 5.0
GROUP_MODE_PEOPLE = 300
"""More than these need a room in lecture mode, in which moderators publish."""


class RoomcastClient:
    """A running installation. An async context."""

    def __init__(self, url: str, app_id: str, app_key: str) -> None:
        self.url = url.rstrip("/")
        self._authorization = {"Authorization": aiohttp.encode_basic_auth(app_id, app_key)}
        self._session: aiohttp.ClientSession | None = None
        self._people = 0

    async def __aenter__(self) -> "RoomcastClient":
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=PATIENCE)
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise ServerError("the client is not open")
        return self._session

    async def healthy(self) -> bool:
        """Whether participants can join."""
        with suppress(aiohttp.ClientError, TimeoutError):
            async with self.session.get(f"{self.url}/health") as response:
                return response.status == 200
        return False

    async def stall(self) -> Stall | None:
        """The worst of all media nodes' loops of late, as `/metrics` has it; None while none tells."""
        try:
            async with self.session.get(f"{self.url}/metrics") as response:
                text = await response.text()
        except (aiohttp.ClientError, TimeoutError):
            return None
        delay, turn = (_highest(text, name) for name in ("loop_delay", "longest_turn"))
        return None if delay is None or turn is None else Stall(delay, turn)

    async def create_room(self, people: int, talkers: int) -> str:
        lecture = people > GROUP_MODE_PEOPLE
        settings = {
            "mode": "lecture" if lecture else "group",
            "participants": people,
            "moderators": people if people <= 1000 else 1000,
            "max_active_talkers": max(1, min(16, talkers)),
        }
        answer = await self._call("POST", "/rooms", {"name": "load", "owner_ref": "load", "settings": settings})
        return str(answer["room"]["room_id"])

    async def delete_room(self, room: str) -> None:
        """Refused while somebody is in it."""
        await self._call("DELETE", f"/rooms/{room}", None)

    async def token(self, room: str, role: str) -> str:
        """A token for one more person. Raises ServerError."""
        self._people += 1
        person = {"name": f"load {self._people}", "user_ref": f"load-{self._people}", "role": role}
        return str((await self._call("POST", f"/rooms/{room}/tokens", person))["token"])

    async def join(self, engine: Engine, room: str, seat: Seat) -> Member:
        """See Server.join."""
        # Moderators publish in every mode of a room.
        token = await self.token(room, "moderator" if seat.publishes else "participant")
        socket = await self._open_socket()
        lines, uses = lines_of(seat)
        endpoint = engine.open(
            video="camera" if seat.publishes_video else "", audio="microphone" if seat.publishes_audio else ""
        )
        lines = [_with_ssrcs(line, endpoint) for line in lines]
        offer = write_description(endpoint.owner, endpoint.transport.local, lines)
        try:
            media = [{"mid": mid, "use": use} for mid, use in uses.items()]
            result = await _request(socket, "join", {"token": token, "offer": offer, "media": media})
            if result["refused"]:
                raise ServerError(f"the server refuses media: {result['refused']}")
            reader = asyncio.create_task(_drain(socket))
            await engine.connect(endpoint, read_description(result["answer"]))
        except BaseException:
            await socket.close()
            await engine.close(endpoint)
            raise

        async def leave() -> None:
            with suppress(aiohttp.ClientError, TimeoutError):
                await socket.send_json({"jsonrpc": "2.0", "id": 2, "method": "leave"})
                # The server closes the connection when it has let go of everything.
                await asyncio.wait_for(reader, LEAVING)
            await engine.close(endpoint)
            await socket.close()
            reader.cancel()

        return Member([endpoint], leave)

    async def _open_socket(self) -> aiohttp.ClientWebSocketResponse:
        try:
            return await self.session.ws_connect(f"{self.url}/ws", max_msg_size=0)
        except aiohttp.WSServerHandshakeError as error:
            if error.status == 429:
                raise ServerError(
                    "the server takes no more connections of one address: set ROOMCAST_SOCKETS_PER_ADDRESS there"
                ) from error
            raise ServerError(f"the server refuses the WebSocket: {error.status}") from error
        except aiohttp.ClientError as error:
            raise ServerError(f"no WebSocket to {self.url}: {error}") from error

    async def _call(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        url = f"{self.url}/video/v2{path}"
        try:
            async with self.session.request(method, url, json=body, headers=self._authorization) as response:
                answer = await response.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise ServerError(f"{self.url} does not answer as roomcast does: {error}") from error
        if not isinstance(answer, dict) or answer.get("result") != 0:
            raise ServerError(f"{method} {path} is refused: {answer.get('error', answer)}")
        return answer


def lines_of(seat: Seat) -> tuple[list[Line], dict[str, str]]:
    """The m-lines of an offer, and the use of each by its mid."""
    lines: list[Line] = []
    uses: dict[str, str] = {}
    if seat.publishes_audio:
        lines.append(Line("microphone", "audio", "sendonly"))
        uses["microphone"] = "microphone"
    if seat.publishes_video:
        lines.append(Line("camera", "video", "sendonly"))
        uses["camera"] = "camera"
    for number in range(seat.audio_slots):
        lines.append(Line(f"a{number}", "audio", "recvonly"))
        uses[f"a{number}"] = "audio-slot"
    for number in range(seat.video_slots):
        lines.append(Line(f"v{number}", "video", "recvonly"))
        uses[f"v{number}"] = "video-slot"
    return lines, uses


def _with_ssrcs(line: Line, endpoint: Endpoint) -> Line:
    if line.mid == "microphone" and endpoint.audio is not None:
        return Line(line.mid, line.kind, line.direction, (endpoint.audio.ssrc,))
    if line.mid == "camera" and endpoint.video is not None:
        return Line(line.mid, line.kind, line.direction, (endpoint.video.ssrc, endpoint.video.rtx_ssrc))
    return line


async def _request(socket: aiohttp.ClientWebSocketResponse, method: str, params: dict[str, Any]) -> dict[str, Any]:
    """The result of the connection's first request. Raises ServerError."""
    await socket.send_json({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    async with asyncio.timeout(PATIENCE):
        while True:
            received = await socket.receive()
            if received.type is not aiohttp.WSMsgType.TEXT:
                raise ServerError(f"the server closes the connection ({socket.close_code})")
            message = json.loads(received.data)
            if message.get("id") != 1:
                continue
            if "error" in message:
                raise ServerError(f"{method} is refused: {message['error'].get('message', message['error'])}")
            result: dict[str, Any] = message["result"]
            return result


async def _drain(socket: aiohttp.ClientWebSocketResponse) -> None:
    """Read the events that come, as any client does, and do no more with them."""
    async for _ in socket:
        pass


def _highest(metrics: str, of: str) -> float | None:
    """Of all media nodes."""
    lines = [line for line in metrics.splitlines() if line.startswith(f"roomcast_node_{of}_seconds{{")]
    return max((float(line.rpartition(" ")[2]) for line in lines), default=None)
