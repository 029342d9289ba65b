"""Hostile connections: whatever they send, they get an answer or are closed, and their neighbours notice nothing."""

import asyncio
import json
from pathlib import Path
from random import Random
from typing import Any

from signalling.ws.dispatch import METHODS
from tests.support.link_node import link_node
from tests.support.offers import MEETING, small_offer
from tests.support.signalling import SECRET, RpcClient, Signalling, running_signalling

ROUNDS = 400

VALUES: list[Any] = [
    None, True, -1, 2**70, 1e308, "", "x" * 300, "\u0000", "microphone", [], [[]], {}, {"a": {"b": [1]}}, ["nobody"],
]  # fmt: skip
KEYS = [
    "token",
    "offer",
    "media",
    "text",
    "to",
    "data",
    "source",
    "track_id",
    "max_heights",
    "last_seq",
    "name",
    "agent",
]


def garbage(random: Random) -> str:
    """One message: a request with random parameters, its text damaged every other time."""
    params: Any = {key: random.choice(VALUES) for key in random.sample(KEYS, random.randint(0, 4))}
    if random.random() < 0.3:
        params["media"] = [{"mid": "0", "use": random.choice(VALUES)}]
    if random.random() < 0.3:
        offer = list(small_offer(MEETING))
        for _ in range(random.randint(0, 20)):
            offer[random.randrange(len(offer))] = chr(random.randrange(32, 0x2FF))
        params["offer"] = "".join(offer)
    # Not those that end the connection: it shall go on annoying the others.
    method = random.choice([name for name in METHODS if name != "leave"])
    text = json.dumps({"jsonrpc": "2.0", "id": random.choice([1, "a", None]), "method": method, "params": params})
    if random.random() < 0.5:
        return text
    characters = list(text)
    for _ in range(random.randint(1, 5)):
        characters[random.randrange(len(characters))] = chr(random.choice([0, 34, 92, 93, 125, 0x20AC, 0x1F600]))
    return "".join(characters)


async def annoy(client: RpcClient, seed: int) -> None:
    random = Random(seed)
    for _ in range(ROUNDS):
        await client.socket.send_str(garbage(random))
        answer = await asyncio.wait_for(client.unasked.get(), 10)
        assert "result" in answer or answer["error"]["data"]["reason"] != "internal-error", answer


async def test_garbage_is_answered_and_neighbours_go_on(tmp_path: Path) -> None:
    async with (
        running_signalling(tmp_path, messages_per_second=1e9, message_burst=10**9) as server,
        link_node(server.url, secret=SECRET),
        server.client() as ann,
        server.client() as bob,
        server.client() as joined,
        server.client() as unjoined,
    ):
        room = await server.room()
        first = await ann.call("join", token=server.token(room), offer=small_offer(MEETING))
        await bob.call("join", token=server.token(room))
        intruder = await joined.call("join", token=server.token(room), offer=small_offer(MEETING, connection=1))
        troubles = asyncio.gather(annoy(joined, 1), annoy(unjoined, 2))
        for number in range(20):
            await ann.call("send-message", text=str(number), to=[(await roster(server, room.room_id))[1]])
            assert (await bob.event("message-received"))["from"] == first["client_id"]
        await troubles
        assert await ann.call("mute", source="microphone") == {}
        muted = await bob.event("track-muted")
        while muted["client_id"] == intruder["client_id"]:
            muted = await bob.event("track-muted")
        assert muted["client_id"] == first["client_id"]


async def roster(server: Signalling, room_id: str) -> list[str]:
    session = server.sessions.find(room_id)
    assert session is not None
    return list(session.members)
