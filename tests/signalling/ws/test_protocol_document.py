"""docs/protocol.md: its examples are played on a real server, and its tables list what the code has."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from sfu.link_messages import PutTransport, SlotsFilled, StageChanged, TrackLimited, TransportState
from signalling.domain.effects import RecordingKind
from signalling.domain.events import (
    DisconnectReason,
    Event,
    FloorAction,
    InterruptReason,
    LeaveReason,
    LobbyLeaveReason,
    MediaLossReason,
    RecordingFailure,
)
from signalling.domain.presence import Tick
from signalling.domain.recording import RecordersChanged, RecordingFailed, RecordingMoved
from signalling.live.session import LiveSession
from signalling.settings import SignallingSettings
from signalling.ws.dispatch import METHODS
from signalling.ws.errors import CODES
from signalling.ws.params import MAX_DATA_BYTES, MAX_TEXT
from tests.support.link_node import LinkNode
from tests.support.offers import MEETING, small_offer
from tests.support.recording import RememberingRecorder
from tests.support.signalling import RpcClient, Signalling

DOCUMENT = (Path(__file__).parents[3] / "docs" / "protocol.md").read_text()
EXAMPLE = re.compile(r"^```json (\w+) (connects again and sends|sends|receives)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# Where not only the type has to be right. Everything else is an id, a time, or text for people.
EXACT = {"method", "id", "source", "use", "kind", "role", "reason", "code", "muted", "published", "index", "speaking",
         "broadcast", "mid", "jsonrpc", "name", "settings", "permissions", "hard_muted", "room_state",
         "resume_grace", "seq"}  # fmt: skip


@dataclass(frozen=True)
class Example:
    who: str
    verb: str
    message: dict[str, Any]


EXAMPLES = [Example(who, verb, json.loads(text)) for who, verb, text in EXAMPLE.findall(DOCUMENT)]


class Conversation:
    """Plays the examples. `real` maps the ids of the document to those of the server, as they become known."""

    def __init__(self, server: Signalling, node: LinkNode, tokens: dict[str, str], stack: AsyncExitStack) -> None:
        self.server = server
        self.stack = stack
        self.node = node
        self.tokens = tokens
        self.clients: dict[str, RpcClient] = {}
        self.answers: dict[tuple[str, Any], asyncio.Task[dict[str, Any]]] = {}
        self.results: dict[str, dict[str, Any]] = {}
        self.real: dict[str, str] = {}
        self.happenings: dict[str, Callable[[], Awaitable[None]]] = {
            "active-talkers-updated": self.talk,
            "media-disconnected": self.lose_transport,
            "conference-remaining-duration": self.pass_time,
            "user-reconnecting": self.lose_connection,
            "track-limited": self.send_too_much,
            "no-recorder": self.link_recorder,
            "room-record-failed": lambda: self.break_recorder("individual", "recorder-gone"),
            "room-live-recording-failed": lambda: self.break_recorder("live", "layout-failed"),
            "room-live-recording-updated": self.replace_recorder,
            "room-interrupted": self.stop,
        }

    async def play(self, example: Example) -> None:
        if example.verb == "receives":
            await self.receive(example.who, example.message)
        else:
            if example.who not in self.clients or example.verb == "connects again and sends":
                self.clients[example.who] = await self.stack.enter_async_context(self.server.client())
            self.send(example.who, example.message)

    def send(self, who: str, message: dict[str, Any]) -> None:
        params = self.translate(message.get("params", {}))
        if "token" in params:
            params["token"] = self.tokens[who]
        if "room_id" in params:
            params["room_id"] = self.tokens["room_id"]
        if "offer" in params:
            params["offer"] = small_offer(OFFERS[who], connection=1 if who == "ann" else 2)
        if "resume_token" in params:
            params["resume_token"] = self.results[who]["resume_token"]
        task = asyncio.create_task(self.clients[who].request(message["method"], params))
        self.answers[who, message["id"]] = task

    async def receive(self, who: str, message: dict[str, Any]) -> None:
        if "method" in message:
            await self.settle()
            happening = self.happenings.pop(message["method"], None)
            if happening is not None:
                await happening()
            params = await self.clients[who].event(message["method"])
            self.compare(message["params"], params, message["method"])
            return
        answer = await self.answers.pop((who, message["id"]))
        if "result" in answer and "client_id" in answer["result"]:
            self.results[who] = answer["result"]
        self.compare({**message, "id": None}, {**answer, "id": None}, str(message["id"]))
        reason = message["error"]["data"]["reason"] if "error" in message else None
        if reason in self.happenings:
            await self.happenings.pop(reason)()

    async def settle(self) -> None:
        """Wait for the answers that the document leaves out."""
        for (who, _), task in self.answers.items():
            answer = await task
            assert "result" in answer, answer
            if "client_id" in answer["result"]:
                self.results[who] = answer["result"]

    def compare(self, written: Any, real: Any, where: str) -> None:
        """The same keys and types everywhere, the same values where they are exact."""
        assert type(written) is type(real), f"{where}: {written!r} is written, {real!r} is true"
        if isinstance(written, dict):
            assert written.keys() == real.keys(), where
            for key, value in written.items():
                if key in EXACT:
                    assert self.translate(value) == real[key], f"{where}.{key}"
                else:
                    self.compare(value, real[key], f"{where}.{key}")
        elif isinstance(written, list):
            assert len(written) == len(real), where
            for number, (one, other) in enumerate(zip(written, real, strict=True)):
                self.compare(one, other, f"{where}.{number}")
        elif isinstance(written, str):
            assert self.real.setdefault(written, real) == real, f"{where}: {written} was something else before"

    def translate(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self.real.get(key, key): self.translate(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.translate(inner) for inner in value]
        return self.real.get(value, value) if isinstance(value, str) else value

    async def talk(self) -> None:
        ann, bob = self.results["ann"]["client_id"], self.results["bob"]["client_id"]
        of_ann = next(one for one in self.node.all(PutTransport) if one.endpoint_id == ann)
        of_bob = next(one for one in self.node.all(PutTransport) if one.endpoint_id == bob)
        filling: dict[str, str | None] = {of_ann.slots[0].slot_id: of_bob.tracks[0].track_id}
        router_id = of_ann.router_id
        await self.node.say(SlotsFilled(router_id=router_id, transports={of_ann.transport_id: filling}))
        # The first event tells of the slots only; what the document shows is the state after both.
        await self.clients["ann"].event("active-talkers-updated")
        await self.node.say(StageChanged(router_id=router_id, endpoints=(bob, ann), speaking=(bob,)))

    async def lose_transport(self) -> None:
        bob = self.results["bob"]["client_id"]
        transport = next(one for one in self.node.all(PutTransport) if one.endpoint_id == bob)
        await self.node.say(TransportState(transport_id=transport.transport_id, state="lost"))

    async def send_too_much(self) -> None:
        bob = self.results["bob"]["client_id"]
        transport = next(one for one in self.node.all(PutTransport) if one.endpoint_id == bob)
        camera = self.real["93be60f1a8d72c45-1"]
        limited = TrackLimited(transport_id=transport.transport_id, track_id=camera, layers={"": "resolution"})
        await self.node.say(limited)

    async def pass_time(self) -> None:
        begin = self.server.clock.now
        # An instance's attribute goes before the method of its class.
        vars(self.server.clock)["now"] = lambda: begin() + 301.0
        for session in self.server.sessions.all():
            session.apply(Tick())

    def session(self) -> LiveSession:
        session = self.server.sessions.find(self.tokens["room_id"])
        assert session is not None
        return session

    async def link_recorder(self) -> None:
        self.session().recording = RememberingRecorder()
        self.session().apply(RecordersChanged(True))

    async def break_recorder(self, kind: RecordingKind, reason: RecordingFailure) -> None:
        segment = self.session().session.state.recording.running[kind].segment
        self.session().apply(RecordingFailed(kind, segment, reason, "It broke."))

    async def replace_recorder(self) -> None:
        self.session().apply(RecordingMoved("live", 1))

    async def stop(self) -> None:
        self.server.sessions.interrupt_all()

    async def lose_connection(self) -> None:
        self.clients["bob"].vanish()


OFFERS = {"ann": MEETING, "bob": (*MEETING[:3], ("3", "video", "sendonly"))}


async def test_the_examples_are_true(server: Signalling, node: LinkNode) -> None:
    room = await server.room()
    tokens = {
        "ann": server.token(room, "Ann", "moderator"),
        "bob": server.token(room, "Bob"),
        "room_id": room.room_id,
    }
    another = await server.room(knock=True, kind="adhoc", duration=15)
    tokens |= {"mia": server.token(another, "Mia", "moderator")}
    tokens |= {"eve": server.token(another, "Eve"), "dan": server.token(another, "Dan")}
    async with AsyncExitStack() as stack:
        conversation = Conversation(server, node, tokens, stack)
        for example in EXAMPLES:
            await conversation.play(example)
        await conversation.settle()
        assert await conversation.clients["bob"].closed() == 1000
        assert conversation.happenings == {}


def test_every_method_and_every_event_has_an_example() -> None:
    sent = {example.message["method"] for example in EXAMPLES if example.verb != "receives"}
    received = {example.message.get("method") for example in EXAMPLES if example.verb == "receives"} - {None}
    assert sent == METHODS.keys()
    assert received == {event.name for event in Event.__subclasses__()}


def rows_of(heading: str) -> dict[str, list[str]]:
    """The table under a heading: first cell (without its backquotes) to the other cells."""
    section = re.split(r"^###? ", DOCUMENT.split(f"\n### {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    return {cells[0].strip("`"): cells[1:] for cells in rows}


def test_the_tables_list_what_there_is() -> None:
    methods = rows_of("Methods")
    assert methods.keys() == METHODS.keys()
    for name, (model, _) in METHODS.items():
        documented = {word.strip("?") for word in re.findall(r"`([a-z_]+\??)`", "".join(methods[name][:1]))}
        assert documented == set(model.model_fields), name
    events = rows_of("Events")
    assert events.keys() == {event.name for event in Event.__subclasses__()}
    errors = rows_of("Errors")
    assert {reason: int(cells[0]) for reason, cells in errors.items()} == dict(CODES)
    for reasons, name in (
        (LeaveReason, "user-disconnected"),
        (MediaLossReason, "media-disconnected"),
        (DisconnectReason, "room-disconnected"),
        (LobbyLeaveReason, "awaited-user-gone"),
        (FloorAction, "floor-changed"),
        (RecordingFailure, "room-record-failed"),
        (InterruptReason, "room-interrupted"),
    ):
        assert set(get_args(reasons)) <= set(re.findall(r"`([a-z-]+)`", events[name][0])), name


def test_the_limits_are_those_of_the_code() -> None:
    limits = " ".join(DOCUMENT.split("### Limits")[1].split())
    settings = SignallingSettings(link_secret="x")
    assert f"at most {settings.max_message_bytes:,} bytes" in limits
    assert (
        f"{settings.messages_per_second:.0f} messages per second on average, {settings.message_burst} at once" in limits
    )
    assert f"{settings.sockets_per_address} connections per address" in limits
    assert f"at most {settings.outgoing_messages:,} messages and {settings.outgoing_bytes >> 20} MB" in limits
    assert f"the last {settings.outgoing_messages // 2} events and at most {settings.outgoing_bytes >> 21} MB" in limits
    assert f"each {settings.heartbeat:.0f} seconds" in limits
    assert f"within {settings.join_timeout:.0f} seconds" in DOCUMENT
    assert f"1 to {MAX_TEXT} characters" in DOCUMENT
    assert f"at most {MAX_DATA_BYTES >> 10} KB of JSON" in DOCUMENT
