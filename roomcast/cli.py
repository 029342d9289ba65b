"""The command line."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table
from rich.text import Text

from roomcast import config, config_text, logs
from roomcast.client import Client, ClientError
from roomcast.config import ConfigError, Options

app = typer.Typer(
    help="A self-hosted WebRTC meeting server: start it with `roomcast serve`.\n\nOptions are set in a YAML file "
    "(--config) or by ROOMCAST_* variables, which win; `roomcast config` lists them all with their reasons.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_show_locals=False,
)
rooms = typer.Typer(
    help="Create, list, show, change and delete rooms of a running server.\n\nUses the server's REST API with the "
    "credentials in data_dir.",
    no_args_is_help=True,
)
app.add_typer(rooms, name="room")

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", envvar=config.FILE_VARIABLE, help="YAML file with options, one `name: value` per line."),
]
Url = Annotated[str | None, typer.Option(help="Where the server is, when not on this machine: https://HOST.")]
RoomId = Annotated[str, typer.Argument(help="The room's id: 24 hexadecimal digits.")]
Setting = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="A setting of the room, as in --set mode=lecture --set participants=50."
    ),
]

output = Console(soft_wrap=True)
_errors = Console(stderr=True, soft_wrap=True)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    config_file: ConfigFile = None,
    show_version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    if show_version:
        output.print(f"roomcast {version('roomcast')}", highlight=False)
        raise typer.Exit
    context.obj = config_file


@app.command()
def serve(context: typer.Context) -> None:
    """Start the server: signalling, and this machine's media processes and recorders, restarted when they die.

    Prints the address of the page and, at the first start, the credentials of the REST API. Ends on Ctrl-C or SIGTERM.
    """
    from roomcast import serve as server  # costs a second to import, which `--help` need not pay

    with _failing_politely():
        options = _options(context)
        logs.configure(options.log_format, options.log_level)
        server.run(options, context.obj, _announce)


def _announce(started: Any) -> None:
    output.print(f"\nroomcast is ready: [bold]{started.url}[/bold]")
    if started.local_mode:
        output.print("Local mode: whoever opens that page can start a room. Set ROOMCAST_LOCAL_MODE=false to end it.")
    if started.new_credentials:
        output.print(
            f"\nCredentials of the REST API, shown this once and kept in {started.data_dir / 'credentials.json'}:\n"
            f"  app id   {started.new_credentials.app_id}\n  app key  {started.new_credentials.app_key}\n",
            highlight=False,
            markup=False,
        )


@app.command("media-node")
def media_node(
    context: typer.Context,
    node_id: Annotated[
        str | None, typer.Option(help="Name of this node, unique in the installation. Default: the host's name.")
    ] = None,
) -> None:
    """Start a media node on a machine of its own. It dials in to signalling; nothing needs to reach it but media.

    Needs ROOMCAST_LINK_URL (wss://HOST/link) and ROOMCAST_LINK_SECRET (the file link-secret in the server's data_dir).
    """
    from roomcast import media_node as node  # loads libsrtp and OpenSSL, which other commands need not

    with _failing_politely():
        options = _options(context)
        logs.configure(options.log_format, options.log_level, patient=True)
        try:
            node.run(options, node_id)
        except OSError as error:
            raise ConfigError(f"media_host, media_port: cannot be used ({error.strerror or error})") from error


@app.command()
def recorder(
    context: typer.Context,
    recorder_id: Annotated[
        str | None, typer.Option(help="Name of this recorder, unique in the installation. Default: the host's name.")
    ] = None,
) -> None:
    """Start a recorder on a machine of its own. It dials in to signalling and to the tap ports of media nodes.

    Needs ROOMCAST_LINK_URL (wss://HOST/link) and ROOMCAST_LINK_SECRET (the file link-secret in the server's data_dir),
    and ROOMCAST_ARCHIVE_URL, where it and the server find the same archive.
    """
    from roomcast import recorder as process  # loads FFmpeg, which other commands need not

    with _failing_politely():
        options = _options(context)
        logs.configure(options.log_format, options.log_level)
        process.run(options, recorder_id)


@app.command()
def compose(
    folder: Annotated[Path, typer.Argument(help="Folder of one recorded segment: its MKV files and timeline.jsonl.")],
    result: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="FILE",
            help="Where the film goes, replaced if it is there: FILE.mp4, or FILE.webm for VP8 and Opus. "
            "Default: composite.mp4 in the folder.",
        ),
    ] = None,
    watermark: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A PNG of at most 140x140 pixels for the upper right corner.")
    ] = None,
    quality: Annotated[
        str | None, typer.Option(help="LD (640x360), SD (640x480) or HD (1280x720). Default: the room's.")
    ] = None,
    encoder: Annotated[
        str, typer.Option(help="auto, h264_nvenc, h264_qsv, h264_amf or libx264. auto: the first that works here.")
    ] = "auto",
) -> None:
    """Make one film of a recorded segment: everyone in a grid, shared screens large, all voices mixed.

    Works on the files alone, no server is needed. Ctrl-C ends it and leaves no half file.
    """
    from recorder.composite.errors import CompositeError  # loads FFmpeg, which other commands need not
    from recorder.composite.segment import Choices
    from recorder.layouts import SIZES
    from roomcast import compose as composing

    chosen = next((name for name in SIZES if quality is not None and name == quality.upper()), None)
    if quality is not None and chosen is None:
        raise typer.BadParameter(f"{quality!r} is none of {', '.join(SIZES)}", param_hint="--quality")
    try:
        composing.run(folder, result, Choices(chosen, encoder, watermark), output)
    except CompositeError as error:
        _errors.print(f"[bold red]No composite:[/bold red] {escape(str(error))}")
        raise typer.Exit(1) from error


@app.command()
def token(
    context: typer.Context,
    room_id: RoomId,
    name: Annotated[str, typer.Option(help="Name shown to the others.")],
    role: Annotated[str, typer.Option(help="moderator, participant, viewer or audience.")] = "participant",
    user_ref: Annotated[str | None, typer.Option(help="Your identifier of the user. Default: the name.")] = None,
    url: Url = None,
) -> None:
    """Print a token with which one person can join a room once, within 15 minutes."""
    body = {"name": name, "role": role, "user_ref": user_ref or name}
    output.print(_call(context, url, "POST", f"/rooms/{room_id}/tokens", body)["token"], highlight=False)


@app.command("bench")
def bench(
    context: typer.Context,
    url: Url = None,
    publishers: Annotated[int, typer.Option(min=1, help="People with camera and microphone.")] = 1,
    subscribers: Annotated[int, typer.Option(min=0, help="People who watch and listen.")] = 20,
    duration: Annotated[float, typer.Option(min=1.0, help="Seconds that are measured.")] = 30.0,
) -> None:
    """Load a server with synthetic people, and tell what arrived, how late, and what was lost or damaged.

    Uses the server's public APIs only, with the credentials in data_dir: a new room, tokens, WebSockets, WebRTC.
    """
    from bench.load import Load  # loads numpy and OpenSSL, which other commands need not
    from bench.load_command import LoadError, run_load

    with _failing_politely():
        client = Client(_options(context), url)
        try:
            measured = run_load(client.url, *client.credentials, Load(publishers, subscribers, duration), output)
        except LoadError as error:
            raise ClientError(str(error)) from error
    if measured.faults:
        raise typer.Exit(1)


@rooms.command("create")
def create_room(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the room.")],
    owner_ref: Annotated[str, typer.Option(help="Your identifier of the owner.")] = "command-line",
    settings: Setting = None,
    url: Url = None,
) -> None:
    """Create a room and print its id."""
    body = {"name": name, "owner_ref": owner_ref, "settings": _settings(settings)}
    output.print(_call(context, url, "POST", "/rooms", body)["room"]["room_id"], highlight=False)


@rooms.command("list")
def list_rooms(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything, for programs.")] = False,
    url: Url = None,
) -> None:
    """List all rooms, the oldest first."""
    found = _call(context, url, "GET", "/rooms")["rooms"]
    if as_json:
        output.print_json(json.dumps(found))
        return
    table = Table(Column("room id", min_width=24), "name", "mode", "kind", Column("created", min_width=24))
    for room in found:
        chosen = room["settings"]
        kind = "scheduled" if chosen["scheduled"] else "adhoc" if chosen["adhoc"] else "permanent"
        table.add_row(room["room_id"], escape(room["name"]), chosen["mode"], kind, room["created"])
    output.print(table)


@rooms.command("show")
def show_room(context: typer.Context, room_id: RoomId, url: Url = None) -> None:
    """Print everything about a room as JSON."""
    output.print_json(json.dumps(_call(context, url, "GET", f"/rooms/{room_id}")["room"]))


@rooms.command("users")
def room_users(context: typer.Context, room_id: RoomId, url: Url = None) -> None:
    """List who is in the room now."""
    table = Table("name", "role", "user ref")
    for user in _call(context, url, "GET", f"/rooms/{room_id}/users")["users"]:
        table.add_row(escape(user["name"]), user["role"], escape(user["user_ref"]))
    output.print(table)


@rooms.command("update")
def update_room(
    context: typer.Context,
    room_id: RoomId,
    name: Annotated[str | None, typer.Option(help="New name.")] = None,
    settings: Setting = None,
    url: Url = None,
) -> None:
    """Change a room. What is not named stays as it is; a session that is running keeps its settings."""
    body: dict[str, Any] = {"settings": _settings(settings)}
    if name is not None:
        body["name"] = name
    _call(context, url, "PATCH", f"/rooms/{room_id}", body)


@rooms.command("delete")
def delete_room(context: typer.Context, room_id: RoomId, url: Url = None) -> None:
    """Delete a room for ever. Refused while a session is running in it."""
    _call(context, url, "DELETE", f"/rooms/{room_id}")


@app.command("config")
def show_config(
    context: typer.Context,
    as_yaml: Annotated[bool, typer.Option("--yaml", help="Print a file to start from, with every option.")] = False,
) -> None:
    """Print every option: its value now, its default, its environment variable, and what it is for."""
    with _failing_politely():
        options = _options(context)
    if as_yaml:
        output.print(config_text.as_yaml(options), highlight=False, markup=False)
        return
    table = Table(
        Column("option and variable", no_wrap=True),
        Column("value", overflow="fold"),
        Column("default", overflow="fold"),
        Column("reason", overflow="fold"),
        show_lines=True,
    )
    for option in config_text.describe(options):
        name = f"[bold]{option.name}[/bold]\n[dim]{option.variable}[/dim]"
        style = "bold" if option.changed else ""
        table.add_row(name, Text(option.value, style), escape(option.default), escape(option.reason))
    Console().print(table)


def main() -> None:
    """Run the command line, as the script `roomcast` does."""
    app(prog_name="roomcast")


def _options(context: typer.Context) -> Options:
    return config.load(context.obj, os.environ)


@contextmanager
def _failing_politely() -> Iterator[None]:
    """What the operator can mend is told in a sentence, with exit code 2 for the configuration and 1 for the rest."""
    try:
        yield
    except ConfigError as error:
        _errors.print(f"[bold red]Configuration:[/bold red] {escape(str(error))}")
        raise typer.Exit(2) from error
    except ClientError as error:
        _errors.print(f"[bold red]Refused:[/bold red] {escape(str(error))}")
        raise typer.Exit(1) from error


def _call(
    context: typer.Context, url: str | None, method: str, path: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    with _failing_politely():
        return Client(_options(context), url).call(method, path, body)


def _settings(pairs: list[str] | None) -> dict[str, Any]:
    """`--set name=value` as settings: true, false and JSON objects as such, everything else as text."""
    settings: dict[str, Any] = {}
    for pair in pairs or []:
        name, equals, text = pair.partition("=")
        if not equals:
            raise typer.BadParameter(f"{pair!r} is not NAME=VALUE", param_hint="--set")
        is_json = text in ("true", "false") or text.startswith("{")
        try:
            settings[name] = json.loads(text) if is_json else text
        except ValueError as error:
            raise typer.BadParameter(f"{text!r} is not valid JSON", param_hint="--set") from error
    return settings
