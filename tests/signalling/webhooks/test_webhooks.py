"""Webhooks: what is announced, how it is signed, and that it arrives."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signalling.clock import Clock
from signalling.journal.entries import Happened
from signalling.store import Store
from signalling.webhooks import sender as module
from signalling.webhooks.backoff import DELAYS, LIFETIME, next_attempt
from signalling.webhooks.sender import WebhookSender
from signalling.webhooks.signature import sign
from tests.support.journal import end, join, leave
from tests.support.prepared_database import prepared_database
from tests.support.webhook_receiver import Receiver, receiving

NOW = 1_800_000_000.5
SECRET = "a webhook secret"


class LaterClock(Clock):
    """A minute after everything that these tests announce, and going on from there."""

    def __init__(self) -> None:
        self._began = self.now()

    def wall(self) -> float:
        return NOW + 60 + self.now() - self._began


def test_a_signature_is_the_one_of_the_documentation() -> None:
    # echo -n '1800000000.{"a":1}' | openssl dgst -sha256 -hmac 'a webhook secret'
    digest = "6f00a88e11a2f36709e2f4ddf311236bc49e43cdc9a23a1cd0039d11bee2923d"
    assert sign(SECRET.encode(), '{"a":1}', NOW) == f"t=1800000000,v1={digest}"
    assert sign(SECRET.encode(), '{"a":1}', NOW + 1) != f"t=1800000000,v1={digest}"


def test_attempts_become_rarer_and_end() -> None:
    delays = [(next_attempt(attempts, NOW, NOW, 0.0) or 0) - NOW for attempts in range(1, 10)]
    assert delays == sorted(delays)
    assert delays[0] == DELAYS[0] and delays[-1] == DELAYS[-1]
    assert (next_attempt(1, NOW, NOW, 1.0) or 0) > NOW + DELAYS[0]
    assert next_attempt(50, NOW, NOW + LIFETIME, 0.0) is None


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving(SECRET) as receiver:
        yield receiver


@pytest.fixture
async def store(tmp_path: Path, receiver: Receiver) -> AsyncIterator[Store]:
    store = await Store.open(await prepared_database(tmp_path / "db"), (receiver.url,))
    yield store
    await store.close()


@pytest.fixture
async def outcomes(store: Store, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[str]]:
    """A sender at work, and what becomes of its attempts."""
    monkeypatch.setattr(module, "POLL_PERIOD", 0.01)
    outcomes: list[str] = []
    sender = WebhookSender(store.webhooks, SECRET.encode(), LaterClock(), outcomes.append)
    sender.start()
    yield outcomes
    await sender.stop()


async def session(store: Store) -> str:
    room = await store.rooms.create("app", "Ward round", "user_1", now=NOW)
    return await store.sessions.open(room.room_id, NOW)


async def test_a_session_is_announced_from_its_start_to_its_end(
    store: Store, receiver: Receiver, outcomes: list[str]
) -> None:
    conf_num = await session(store)
    await join(store, conf_num, "c1", NOW + 1, name="Ann", role="moderator", user_ref="usr_1")
    recording = Happened(
        conf_num=conf_num, at=NOW + 2, event_id="e1", name="room-record-on", details={"moderatorId": "c1"}
    )
    chat = Happened(conf_num=conf_num, at=NOW + 2, event_id="e2", name="message-received", details={"text": "secret"})
    await store.chronicle.keep([recording, chat])
    await leave(store, conf_num, "c1", NOW + 3)
    await end(store, conf_num, NOW + 3)
    events = await receiver.wait_for("session-ended")
    assert [event["event"] for event in events] == [
        "session-started",
        "participant-joined",
        "recording-started",
        "participant-left",
        "session-ended",
    ]
    assert {event["conf_num"] for event in events} == {conf_num}
    assert events[0]["room"]["name"] == "Ward round"
    assert events[0]["at"] == "2027-01-15T08:00:00.500Z"
    assert events[1]["data"] == {"client_id": "c1", "name": "Ann", "role": "moderator", "user_ref": "usr_1"}
    assert events[3]["data"] == {"client_id": "c1", "reason": "left"}
    while await store.webhooks.waiting():
        await asyncio.sleep(0.01)
    assert outcomes == ["delivered"] * 5


async def test_what_comes_again_is_not_announced_again(store: Store, receiver: Receiver, outcomes: list[str]) -> None:
    conf_num = await session(store)
    for _ in range(2):
        await join(store, conf_num, "c1", NOW + 1)
    await end(store, conf_num, NOW + 3)
    events = await receiver.wait_for("session-ended")
    assert [event["event"] for event in events] == ["session-started", "participant-joined", "session-ended"]


async def test_a_delivery_that_fails_is_made_again_and_lets_the_others_pass(
    store: Store, receiver: Receiver, outcomes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "next_attempt", lambda attempts, created, now, chance: now + 1.0)
    receiver.answers = [500]
    conf_num = await session(store)
    await join(store, conf_num, "c1", NOW + 1)
    events = await receiver.wait_for("session-started")
    assert [event["event"] for event in events] == ["participant-joined", "session-started"]
    assert outcomes[0] == "failed"


async def test_a_delivery_that_never_succeeds_is_given_up(
    store: Store, receiver: Receiver, outcomes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "next_attempt", lambda attempts, created, now, chance: None)
    receiver.answers = [302]
    await session(store)
    while await store.webhooks.waiting():
        await asyncio.sleep(0.01)
    assert outcomes == ["given-up"]
    assert receiver.received == 1


async def test_what_was_queued_before_a_restart_is_delivered_after_it(tmp_path: Path) -> None:
    async with receiving(SECRET) as receiver:
        url = f"sqlite:///{tmp_path}/again"
        store = await Store.open(url, (receiver.url,))
        await session(store)
        await store.close()
        assert receiver.received == 0
        store = await Store.open(url, (receiver.url,))
        sender = WebhookSender(store.webhooks, SECRET.encode(), LaterClock(), lambda outcome: None)
        sender.start()
        await receiver.wait_for("session-started")
        await sender.stop()
        await store.close()


async def test_a_receiver_that_is_down_holds_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_PERIOD", 0.01)
    async with receiving(SECRET) as receiver:
        store = await Store.open(f"sqlite:///{tmp_path}/db", ("http://127.0.0.1:1/hook", receiver.url))
        outcomes: list[str] = []
        sender = WebhookSender(store.webhooks, SECRET.encode(), LaterClock(), outcomes.append)
        sender.start()
        await session(store)
        await receiver.wait_for("session-started")
        while len(outcomes) < 2:
            await asyncio.sleep(0.01)
        assert sorted(outcomes) == ["delivered", "failed"]
        while await store.webhooks.waiting() != 1:
            await asyncio.sleep(0.01)
        await sender.stop()
        await store.close()


async def test_a_receiver_that_does_not_answer_keeps_nobody_from_stopping(tmp_path: Path) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()

    asked = asyncio.Event()
    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    store = await Store.open(f"sqlite:///{tmp_path}/db", (f"http://127.0.0.1:{port}/hook",))
    await session(store)
    outcomes: list[str] = []
    sender = WebhookSender(store.webhooks, SECRET.encode(), LaterClock(), outcomes.append)
    sender.start()
    await asked.wait()
    async with asyncio.timeout(60):
        await sender.stop()
    assert outcomes == []
    assert await store.webhooks.waiting() == 1
    await store.close()
    server.close()


async def test_settled_deliveries_and_those_to_urls_of_old_are_forgotten(store: Store, tmp_path: Path) -> None:
    await session(store)
    moved = await Store.open(f"sqlite:///{tmp_path}/db", ("https://elsewhere.example/hook",))
    await moved.tidy(NOW)
    assert await moved.webhooks.waiting() == 0
    await moved.close()
