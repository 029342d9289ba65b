"""The load test as people see it: progress while it runs, a summary at the end."""

import uvloop
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from bench.adapters.roomcast_client import RoomcastClient
from bench.adapters.server import ServerError
from bench.client.description import DescriptionError
from bench.client.transport import TransportError
from bench.figures import Round
from bench.load import Load, Now, load
from bench.table import table


class LoadError(RuntimeError):
    """The load test could not be run; the text says why and what to do."""


def run_load(url: str, app_id: str, app_key: str, wanted: Load, output: Console) -> Round:
    """Run it and print the summary. Raises LoadError."""
    try:
        measured = uvloop.run(_run(url, app_id, app_key, wanted, output))
    except (ServerError, TransportError, DescriptionError) as error:
        raise LoadError(str(error)) from error
    title = (
        f"{wanted.publishers} publishers, {wanted.subscribers} subscribers, {wanted.duration:g} s, "
        f"{wanted.burst.rate:g} packets per second of each camera"
    )
    output.print(table(title, {url: [measured]}))
    for note in measured.remarks:
        output.print(f"[yellow]{escape(note)}[/yellow]", highlight=False)
    if not measured.faults:
        output.print("[green]Everything arrived as it was sent.[/green]")
    return measured


async def _run(url: str, app_id: str, app_key: str, wanted: Load, output: Console) -> Round:
    async with RoomcastClient(url, app_id, app_key) as client:
        with Live(console=output, refresh_per_second=4, transient=True) as live:
            return await load(client, wanted, lambda now: live.update(_shown(now, wanted)))


def _shown(now: Now, wanted: Load) -> Table:
    shown = Table.grid(padding=(0, 2))
    shown.add_row("joined", f"{now.joined} of {wanted.people}")
    shown.add_row(now.phase, f"{now.seconds:.0f} of {wanted.duration:g} s")
    shown.add_row("packets per second", f"{now.packets_per_second:,.0f}")
    shown.add_row("lost", f"{now.lost:,}")
    return shown
