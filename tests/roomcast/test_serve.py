"""`roomcast serve` and its media nodes, as processes."""

import asyncio
import json
import logging
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
import structlog
from typer.testing import CliRunner

from roomcast.cli import app
from tests.support.own_dependencies import without_what_tests_need
from tests.support.processes import is_running
from tests.support.server import COMMAND, free_port, running_server, serve_fails
from tests.support.signalling import RpcClient


async def test_the_first_start_tells_the_credentials_and_the_next_does_not(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server:
        file = server.data_dir / "credentials.json"
        credentials = json.loads(file.read_text())
        assert {stat.S_IMODE(path.stat().st_mode) for path in server.data_dir.iterdir()} == {0o600}
        children = server.media_nodes()
        assert await server.stop() == 0
    assert not any(map(is_running, children))
    first = server.log.read_text()
    assert f"http://127.0.0.1:{server.http_port}/" in first
    assert first.count(credentials["app_id"]) == first.count(credentials["app_key"]) == 1
    server.log.unlink()
    async with running_server(tmp_path) as server:
        assert json.loads(file.read_text()) == credentials
        header = {"Authorization": aiohttp.encode_basic_auth(credentials["app_id"], credentials["app_key"])}
        async with (
            aiohttp.ClientSession() as client,
            client.get(f"{server.url}/video/v2/rooms", headers=header) as answer,
        ):
            assert await answer.json() == {"result": 0, "rooms": []}
    second = server.log.read_text()
    assert credentials["app_key"] not in second
    assert (server.data_dir / "link-secret").read_text().strip() not in first + second


async def test_what_the_tests_need_is_not_needed_to_serve_join_and_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_what_tests_need(tmp_path / "site", monkeypatch)
    async with running_server(tmp_path, recorders="1") as server:
        await server.wait_for_recorder()
        room = await server.create_room()
        async with RpcClient(server.url) as client:
            joined = await client.call("join", token=room.token)
            assert joined["room"]["room_id"] == room.room_id
    assert "there for the tests only" not in server.log.read_text()


async def test_who_goes_away_while_joining_is_missed(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server:
        room = await server.create_room()
        async with RpcClient(server.url) as witness:
            await witness.call("join", token=room.token)
            for number in range(12):
                token = await server.create_token(room.room_id, f"Ann {number}")
                async with RpcClient(server.url) as ann:
                    await ann.socket.send_json(
                        {"jsonrpc": "2.0", "id": 1, "method": "join", "params": {"token": token}}
                    )
                    # At another moment of the joining each time.
                    await asyncio.sleep(0.001 * (number % 6))
                    ann.vanish()
            missed = {(await witness.event("user-reconnecting"))["client_id"] for _ in range(12)}
            assert len(missed) == 12
    assert "Error handling request" not in server.log.read_text()


async def test_children_that_die_come_back_and_none_outlives_a_killed_server(tmp_path: Path) -> None:
    async with running_server(tmp_path, recorders="1") as server:
        await server.wait_for_recorder()
        node, recorder = server.kill_media_node(), server.kill_recorder()
        while server.media_nodes() in ([], [node]) or server.recorders() in ([], [recorder]):
            await asyncio.sleep(0.05)
        await server.wait_until_healthy()
        children = server.media_nodes() + server.recorders()
        await server.kill()
        assert not any(map(is_running, children))


async def test_a_taken_port_is_said_with_the_variable_that_changes_it(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        errors = await serve_fails(tmp_path, ROOMCAST_HTTP_PORT=str(taken.getsockname()[1]))
    assert "ROOMCAST_HTTP_PORT" in errors


@pytest.fixture
def unchanged() -> Iterator[None]:
    """The command makes this process a server's, as far as it comes: that ends with the test."""
    root = logging.getLogger()
    mask, handlers, level = os.umask(0o022), root.handlers[:], root.level
    os.umask(mask)
    yield
    os.umask(mask)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("variables", "mentions"),
    [
        ({"ROOMCAST_DATABASE_URL": "postgresql://u:sesame@127.0.0.1:1/n"}, "database_url"),
        ({"ROOMCAST_TLS_CERTIFICATE": "/nowhere", "ROOMCAST_TLS_KEY": "/nowhere"}, "tls_certificate"),
        ({"ROOMCAST_MEDIA_PORT": "65535", "ROOMCAST_MEDIA_PROCESSES": "2"}, "ROOMCAST_MEDIA_PORT"),
        ({"ROOMCAST_TAP_PORT": "65535", "ROOMCAST_MEDIA_PROCESSES": "2"}, "ROOMCAST_TAP_PORT"),
        ({"ROOMCAST_WATERMARK": "/nowhere.png"}, "watermark"),
        ({"ROOMCAST_ARCHIVE_URL": "gopher://u:sesame@host"}, "archive_url"),
    ],
)
def test_what_stops_the_start_is_named(
    tmp_path: Path, unchanged: None, variables: dict[str, str], mentions: str
) -> None:
    where = {"COLUMNS": "200", "ROOMCAST_HTTP_PORT": "0", "ROOMCAST_DATA_DIR": str(tmp_path)}
    result = CliRunner().invoke(app, ["serve"], env=where | variables)
    assert (result.exit_code, result.stdout) == (2, "")
    assert mentions in result.stderr
    assert "sesame" not in result.stderr


async def test_another_media_node_is_let_in_by_the_secret_and_another_server_not_into_the_folder(
    tmp_path: Path,
) -> None:
    secret = "a secret that two machines share"
    async with running_server(tmp_path, link_secret=secret) as server:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ROOMCAST_")},
            "ROOMCAST_LINK_URL": f"ws://127.0.0.1:{server.http_port}/link",
            "ROOMCAST_LINK_SECRET": secret,
            "ROOMCAST_MEDIA_PORT": str(free_port()),
        }
        node = await asyncio.create_subprocess_exec(
            COMMAND, "media-node", "--node-id", "elsewhere", env=environment, cwd=tmp_path
        )
        try:
            while (await server.get("/health"))["media_nodes"] != 2:
                await asyncio.sleep(0.05)
        finally:
            node.terminate()
            assert await node.wait() == 0
        errors = await serve_fails(server.data_dir)
        assert "another server runs on this folder" in " ".join(errors.split())
        assert (await server.get("/health"))["media_nodes"] >= 1
