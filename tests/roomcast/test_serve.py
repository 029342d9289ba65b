"""`roomcast serve` as it is used, and the command line against it."""

import asyncio
import json
import os
import socket
import stat
from pathlib import Path

import aiohttp
import pytest

from tests.support.server import COMMAND, Server, free_port, running_server


async def command(server: Server | None, *arguments: str, **variables: str) -> tuple[int, str, str]:
    """Exit code, output and errors of one call of the command line, as on the machine of the server."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ROOMCAST_")}
    if server is not None:
        environment |= {"ROOMCAST_HTTP_PORT": str(server.http_port), "ROOMCAST_DATA_DIR": str(server.data_dir)}
    process = await asyncio.create_subprocess_exec(
        COMMAND,
        *arguments,
        env=environment | variables,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode(), errors.decode()


async def succeeding(server: Server, *arguments: str) -> str:
    code, output, errors = await command(server, *arguments)
    assert code == 0, errors
    return output.strip()


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_the_first_start_tells_the_credentials_and_the_next_does_not(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server:
        file = server.data_dir / "credentials.json"
        credentials = json.loads(file.read_text())
        first = server.log.read_text()
        assert f"http://127.0.0.1:{server.http_port}/" in first
        assert first.count(credentials["app_id"]) == first.count(credentials["app_key"]) == 1
        assert {stat.S_IMODE(path.stat().st_mode) for path in server.data_dir.iterdir()} == {0o600}
        children = server.media_nodes()
        assert await server.stop() == 0
    assert not any(map(is_running, children))
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


async def test_a_media_node_that_dies_comes_back_and_none_outlives_a_killed_server(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server:
        killed = server.kill_media_node()
        while server.media_nodes() in ([], [killed]) or not await server.healthy():
            await asyncio.sleep(0.05)
        children = server.media_nodes()
        server.process.kill()
        await server.process.wait()
        while any(map(is_running, children)):
            await asyncio.sleep(0.05)


async def test_the_command_line_manages_the_rooms_of_a_running_server(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server:
        room_id = await succeeding(server, "room", "create", "Standup", "--set", "mode=lecture", "--set", "knock=true")
        shown = json.loads(await succeeding(server, "room", "show", room_id))
        assert (shown["name"], shown["settings"]["mode"], shown["settings"]["knock"]) == ("Standup", "lecture", True)
        await succeeding(server, "room", "update", room_id, "--name", "Weekly [new]", "--set", "participants=50")
        listed = json.loads(await succeeding(server, "room", "list", "--json"))
        assert [(room["name"], room["settings"]["participants"]) for room in listed] == [("Weekly [new]", "50")]
        table = await succeeding(server, "room", "list")
        assert room_id in table
        assert "Weekly [new]" in table
        token = await succeeding(server, "token", room_id, "--name", "Sarah", "--role", "moderator")
        assert token.count(".") == 2
        assert "\n" not in token
        assert "name" in await succeeding(server, "room", "users", room_id)
        await succeeding(server, "room", "delete", room_id)
        code, _, errors = await command(server, "room", "show", room_id)
        assert (code, "There is no room" in errors) == (1, True)
        code, _, errors = await command(server, "room", "create", "x", "--set", "mode=webinar")
        assert (code, "settings.mode" in errors) == (1, True)
        code, _, errors = await command(server, "room", "create", "x", "--set", "mode")
        assert (code, "NAME=VALUE" in errors) == (2, True)


async def test_a_taken_port_is_said_with_the_variable_that_changes_it(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, _, errors = await command(
            None,
            "serve",
            ROOMCAST_HTTP_PORT=str(taken.getsockname()[1]),
            ROOMCAST_DATA_DIR=str(tmp_path / "data"),
        )
    assert code == 2
    assert "ROOMCAST_HTTP_PORT" in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("variables", "mentions"),
    [
        ({"ROOMCAST_HTTP_PORT": "eighty"}, "ROOMCAST_HTTP_PORT"),
        ({"ROOMCAST_HTPP_PORT": "80"}, "ROOMCAST_HTPP_PORT"),
        ({"ROOMCAST_CONFIG": "/nowhere/roomcast.yaml"}, "/nowhere/roomcast.yaml"),
        ({"ROOMCAST_DATABASE_URL": "mysql://h/n"}, "database_url"),
        ({"ROOMCAST_DATABASE_URL": "postgresql://u:sesame@127.0.0.1:1/n"}, "database_url"),
        ({"ROOMCAST_TLS_CERTIFICATE": "/nowhere", "ROOMCAST_TLS_KEY": "/nowhere"}, "tls_certificate"),
    ],
)
async def test_what_stops_the_start_is_named(tmp_path: Path, variables: dict[str, str], mentions: str) -> None:
    data_dir = str(tmp_path / "data")
    code, _, errors = await command(
        None, "serve", **{"ROOMCAST_HTTP_PORT": "0", "ROOMCAST_DATA_DIR": data_dir, **variables}
    )
    assert code == 2
    assert mentions in errors
    assert "Traceback" not in errors
    assert "sesame" not in errors


async def test_a_media_node_needs_to_know_where_signalling_is(tmp_path: Path) -> None:
    code, _, errors = await command(None, "media-node", ROOMCAST_DATA_DIR=str(tmp_path))
    assert (code, "ROOMCAST_LINK_URL" in errors) == (2, True)


async def test_a_media_node_of_its_own_links_by_url_and_secret(tmp_path: Path) -> None:
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


async def test_the_recorder_says_that_it_comes_later() -> None:
    code, _, errors = await command(None, "recorder")
    assert (code, "later version" in errors) == (1, True)


@pytest.mark.parametrize(
    "arguments", [[], ["serve"], ["media-node"], ["recorder"], ["token"], ["room"], ["room", "create"], ["config"]]
)
async def test_every_command_explains_itself(arguments: list[str]) -> None:
    code, output, _ = await command(None, *arguments, "--help")
    assert code == 0
    assert "Usage" in output


async def test_config_prints_each_option_with_its_variable() -> None:
    code, output, _ = await command(None, "config", ROOMCAST_HTTP_PORT="9000", COLUMNS="200")
    assert code == 0
    assert "ROOMCAST_HTTP_PORT" in output
    assert "9000" in output
    assert "8080" in output
