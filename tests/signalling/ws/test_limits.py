"""What the server puts up with, and what not."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.signalling import Closed, RefusedByServerError, Signalling, running_signalling


def reason(answer: dict[str, Any]) -> str:
    assert answer["id"] is None
    code: str = answer["error"]["data"]["reason"]
    return code


async def test_a_message_that_is_too_large_is_refused_and_one_far_too_large_ends_the_connection(tmp_path: Path) -> None:
    async with running_signalling(tmp_path, max_message_bytes=1000) as server, server.client() as ann:
        assert reason(await ann.send_text("é" * 501)) == "message-too-large"
        assert await ann.call("ping") == {}
        await ann.socket.send_str("x" * 5000)
        assert await ann.closed() == 1009


async def test_too_many_messages_are_refused_and_a_flood_ends_the_connection(tmp_path: Path) -> None:
    async with (
        running_signalling(tmp_path, messages_per_second=0.001, message_burst=5) as server,
        server.client() as ann,
        server.client() as bob,
    ):
        for _ in range(5):
            await ann.call("ping")
        with pytest.raises(RefusedByServerError, match="rate-limited"):
            await ann.call("ping")
        with pytest.raises(Closed):
            for _ in range(10):
                await ann.request("ping", {})
        assert await ann.closed() == 1008
        assert await bob.call("ping") == {}


async def test_a_connection_that_does_not_join_is_closed(tmp_path: Path) -> None:
    async with running_signalling(tmp_path, join_timeout=1.5) as server:
        room = await server.room()
        async with server.client() as ann, server.client() as bob:
            await bob.call("join", token=server.token(room))
            assert await ann.closed() == 4001
            assert await bob.call("ping") == {}


async def test_one_address_has_only_so_many_connections(tmp_path: Path) -> None:
    async with running_signalling(tmp_path, sockets_per_address=2) as server:
        async with server.client(), server.client():
            with pytest.raises(aiohttp.WSServerHandshakeError) as raised:
                async with server.client():
                    pass
            assert raised.value.status == 429
        async with asyncio.timeout(60):
            while True:
                try:
                    async with server.client() as again:
                        assert await again.call("ping") == {}
                    return
                except aiohttp.WSServerHandshakeError:
                    await asyncio.sleep(0.02)


async def test_behind_a_trusted_proxy_it_is_the_clients_address_that_counts(tmp_path: Path) -> None:
    async with (
        running_signalling(tmp_path, sockets_per_address=1, trusted_proxies=("127.0.0.0/8",)) as server,
        server.client(X_Forwarded_For="192.0.2.1"),
        server.client(X_Forwarded_For="192.0.2.2"),
    ):
        with pytest.raises(aiohttp.WSServerHandshakeError):
            async with server.client(X_Forwarded_For="192.0.2.9, 192.0.2.1"):
                pass


async def test_without_a_trusted_proxy_nobody_chooses_their_address(tmp_path: Path) -> None:
    async with running_signalling(tmp_path, sockets_per_address=1) as server, server.client(X_Forwarded_For="1.1.1.1"):
        with pytest.raises(aiohttp.WSServerHandshakeError):
            async with server.client(X_Forwarded_For="2.2.2.2"):
                pass


async def test_whoever_does_not_read_is_cut_off_and_may_resume(tmp_path: Path) -> None:
    async with running_signalling(
        tmp_path, outgoing_bytes=200_000, messages_per_second=100_000, message_burst=100_000
    ) as server:
        room = await server.room()
        async with server.client() as ann, server.client() as bob, server.client() as again:
            joined = await ann.call("join", token=server.token(room))
            await bob.call("join", token=server.token(room))
            await ann.event("user-connected")
            ann.stop_reading()
            reconnecting = asyncio.create_task(bob.event("user-reconnecting"))
            async with asyncio.timeout(60):
                while not reconnecting.done():
                    await bob.call("send-message", text="x" * 8000)
            assert (await reconnecting)["client_id"] == joined["client_id"]
            result = await again.call("resume", resume_token=joined["resume_token"], last_seq=1)
            assert result["client_id"] == joined["client_id"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "parse-error"),
        ("{", "parse-error"),
        ("NaN", "parse-error"),
        ('{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"\\ud800"}}', "parse-error"),
        ("[" * 100_000, "parse-error"),
        ("9" * 10_000, "parse-error"),
        ("null", "invalid-request"),
        ("[]", "invalid-request"),
        ('[{"jsonrpc":"2.0","id":1,"method":"ping"}]', "invalid-request"),
        ('{"jsonrpc":"2.0","method":"ping"}', "invalid-request"),
        ('{"jsonrpc":"2.0","id":null,"method":"ping"}', "invalid-request"),
        ('{"jsonrpc":"2.0","id":true,"method":"ping"}', "invalid-request"),
        ('{"jsonrpc":"2.0","id":1.5,"method":"ping"}', "invalid-request"),
    ],
)
async def test_what_is_no_request_is_answered_with_a_reason(server: Signalling, text: str, expected: str) -> None:
    async with server.client() as ann:
        assert reason(await ann.send_text(text)) == expected
        assert await ann.call("ping") == {}


async def test_requests_with_an_id_get_their_error_under_it(server: Signalling) -> None:
    async with server.client() as ann:
        await ann.socket.send_str('{"jsonrpc":"1.0","id":"seven","method":"ping"}')
        answer = await asyncio.wait_for(ann.unasked.get(), 10)
        assert (answer["id"], answer["error"]["data"]["reason"]) == ("seven", "invalid-request")


async def test_a_binary_message_is_refused(server: Signalling) -> None:
    async with server.client() as ann:
        await ann.socket.send_bytes(b"{}")
        assert reason(await asyncio.wait_for(ann.unasked.get(), 10)) == "invalid-request"
        assert await ann.call("ping") == {}


@pytest.mark.parametrize(
    ("method", "params", "expected"),
    [
        ("fly", {}, "unknown-method"),
        ("ping", {"extra": 1}, "invalid-params"),
        ("join", {}, "invalid-params"),
        ("join", {"token": 7}, "invalid-params"),
        ("mute", {"source": "nose"}, "invalid-params"),
        ("send-message", {"text": ""}, "invalid-params"),
        ("send-message", {"text": "x" * 8193}, "invalid-params"),
        ("send-message", {"text": "hi", "to": []}, "invalid-params"),
        ("send-message", {"text": "hi", "to": ["nobody"]}, "unknown-participant"),
        ("send-user-data", {"data": "x" * 20_000}, "invalid-params"),
        ("set-data", {"data": [1]}, "invalid-params"),
        ("publish", {"track_id": "none"}, "unknown-track"),
        ("unmute", {"source": "camera"}, "unknown-track"),
        ("limit-slots", {"max_heights": {"s": -1}}, "invalid-params"),
        ("limit-slots", {"max_heights": {"s": 1}}, "unknown-slot"),
    ],
)
async def test_wrong_parameters_are_answered_and_change_nothing(
    server: Signalling, method: str, params: dict[str, Any], expected: str
) -> None:
    room = await server.room()
    async with server.client() as ann, server.client() as bob:
        await ann.call("join", token=server.token(room))
        await bob.call("join", token=server.token(room))
        answer = await ann.request(method, params)
        assert answer["error"]["data"]["reason"] == expected
        assert isinstance(answer["error"]["code"], int)
        await ann.call("send-message", text="all is well")
        assert (await bob.event("message-received"))["seq"] == 1


async def test_numbers_that_json_does_not_have_are_not_passed_on(server: Signalling) -> None:
    room = await server.room()
    async with server.client() as ann:
        await ann.call("join", token=server.token(room))
        await ann.socket.send_str('{"jsonrpc":"2.0","id":99,"method":"send-user-data","params":{"data":[1e999]}}')
        answer = await asyncio.wait_for(ann.unasked.get(), 10)
        assert answer["error"]["data"]["reason"] == "invalid-params"


async def test_text_of_any_script_arrives_as_it_was_sent(server: Signalling) -> None:
    room = await server.room()
    text = 'añ√😀 \u0000 \u2028 "quoted" \\ </script>'
    async with server.client() as ann, server.client() as bob:
        await ann.call("join", token=server.token(room))
        await bob.call("join", token=server.token(room))
        await ann.call("send-message", text=text)
        assert (await bob.event("message-received"))["text"] == text
        await ann.call("send-user-data", data={"nested": [text, None, 1.5]})
        assert (await bob.event("user-data-received"))["data"] == {"nested": [text, None, 1.5]}
