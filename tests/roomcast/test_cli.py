"""The command line."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from roomcast.cli import app
from roomcast.config import Options
from tests.support.server import Server, running_server

WIDE = {"COLUMNS": "200"}


def run(*arguments: str, **variables: str) -> Result:
    return CliRunner().invoke(app, arguments, env=WIDE | variables)


async def succeeding(server: Server, *arguments: str) -> str:
    result = await against(server, *arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout.strip()


async def against(server: Server, *arguments: str) -> Result:
    """One call of the command line on the machine of the server."""
    variables = {"ROOMCAST_HTTP_PORT": str(server.http_port), "ROOMCAST_DATA_DIR": str(server.data_dir)}
    return await asyncio.to_thread(run, *arguments, **variables)


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
        gone = await against(server, "room", "show", room_id)
        assert (gone.exit_code, "There is no room" in gone.stderr) == (1, True)
        wrong = await against(server, "room", "create", "x", "--set", "mode=webinar")
        assert (wrong.exit_code, "settings.mode" in wrong.stderr) == (1, True)


def test_without_a_server_the_command_line_says_so(tmp_path: Path) -> None:
    (tmp_path / "credentials.json").write_text('{"app_id": "id", "app_key": "0123456789abcdef"}')
    result = run("room", "list", ROOMCAST_DATA_DIR=str(tmp_path), ROOMCAST_HTTP_PORT="1")
    assert (result.exit_code, "is `roomcast serve` running there?" in result.stderr) == (1, True)


def test_without_credentials_the_command_line_says_where_they_come_from(tmp_path: Path) -> None:
    result = run("room", "list", ROOMCAST_DATA_DIR=str(tmp_path))
    assert (result.exit_code, "ROOMCAST_DATA_DIR" in result.stderr) == (2, True)


@pytest.mark.parametrize("setting", ["mode", "role_based_recording={moderator"])
def test_a_setting_must_be_written_as_name_and_value(setting: str) -> None:
    result = run("room", "create", "x", "--set", setting)
    assert (result.exit_code, "--set" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("variables", "mentions"),
    [
        ({"ROOMCAST_HTTP_PORT": "eighty"}, "ROOMCAST_HTTP_PORT"),
        ({"ROOMCAST_HTPP_PORT": "80"}, "ROOMCAST_HTPP_PORT"),
        ({"ROOMCAST_CONFIG": "/nowhere/roomcast.yaml"}, "/nowhere/roomcast.yaml"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "media-node", "config"])
def test_an_option_that_cannot_be_used_stops_every_command(
    command: str, variables: dict[str, str], mentions: str
) -> None:
    result = run(command, **variables)
    assert (result.exit_code, mentions in result.stderr) == (2, True)


def test_a_media_node_needs_to_know_where_signalling_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roomcast.logs.configure", lambda *_, **__: None)
    result = run("media-node", ROOMCAST_DATA_DIR=str(tmp_path))
    assert (result.exit_code, "ROOMCAST_LINK_URL" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("variables", "mentions"),
    [
        ({"ROOMCAST_LINK_URL": ""}, "link_url"),
        ({"ROOMCAST_LINK_SECRET": ""}, "link_secret"),
        ({"ROOMCAST_ARCHIVE_URL": "gopher://host/archive"}, "archive_url"),
        ({"ROOMCAST_WATERMARK": "/nowhere.png"}, "watermark"),
        ({"ROOMCAST_RECORDER_DIR": "/dev/null/recordings"}, "recorder_dir"),
    ],
)
def test_a_recorder_that_cannot_start_says_which_option_to_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], mentions: str
) -> None:
    monkeypatch.setattr("roomcast.logs.configure", lambda *_, **__: None)
    usable = {
        "ROOMCAST_DATA_DIR": str(tmp_path),
        "ROOMCAST_LINK_URL": "ws://127.0.0.1:9/link",
        "ROOMCAST_LINK_SECRET": "a secret of the link",
    }
    result = run("recorder", **usable | variables)
    assert (result.exit_code, f"{mentions}:" in result.stderr) == (2, True), result.stderr


@pytest.mark.parametrize(
    "arguments", [[], ["serve"], ["media-node"], ["recorder"], ["token"], ["room"], ["room", "create"], ["config"]]
)
def test_every_command_explains_itself(arguments: list[str]) -> None:
    result = run(*arguments, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.stdout


def test_config_prints_each_option_with_its_variable_and_what_it_is_now() -> None:
    result = run("config", ROOMCAST_HTTP_PORT="9000")
    assert result.exit_code == 0
    assert "ROOMCAST_HTTP_PORT" in result.stdout
    assert "9000" in result.stdout
    assert "8080" in result.stdout


def test_on_a_narrow_terminal_nothing_of_a_name_or_value_is_cut_off() -> None:
    folder = "/srv/a-folder-with-a-long-name"
    result = run("config", COLUMNS="80", ROOMCAST_DATA_DIR=folder)
    for name in Options.model_fields:
        assert name in result.stdout
        assert f"ROOMCAST_{name.upper()}" in result.stdout
    assert "…" not in result.stdout


def test_config_prints_a_file_to_start_from() -> None:
    result = run("config", "--yaml", ROOMCAST_HTTP_PORT="9000")
    assert "\nhttp_port: 9000\n" in result.stdout
    assert "\n# media_port: 10000\n" in result.stdout
