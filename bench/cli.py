"""The command line of the benchmark."""

from typing import Annotated

import typer
from rich.console import Console

from bench import place as places
from bench.adapters.server import ServerError
from bench.client.traffic import Burst
from bench.figures import Round
from bench.namespace import NamespaceError
from bench.running import ADAPTERS, run
from bench.scenarios.scenario import Scenario
from bench.scenarios.webinar import webinar
from bench.table import NAMES, table

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
output = Console()
errors = Console(stderr=True)

BURSTS = {20: Burst(20, 0.02), 5: Burst(5, 0.005), 2: Burst(2, 0.002)}
"""A thousand packets a second, as a browser sends them (2 or 5 together) and as a large picture makes them."""


@app.callback()
def _root() -> None:
    """Measures roomcast, beside Janus on the same machine in the same run."""


@app.command("webinar")
def measure_webinar(
    subscribers: Annotated[int, typer.Option(help="Viewers of the one publisher.")] = 50,
    burst: Annotated[int, typer.Option(help="Packets that leave together: 20 each 20 ms, 5 each 5 ms, 2 each 2 ms.")] = 20,
    servers: Annotated[str, typer.Option(help="roomcast, janus, or both with a comma.")] = "roomcast,janus",
    rounds: Annotated[int, typer.Option(help="Rounds of each server.")] = 3,
    seconds: Annotated[float, typer.Option(help="Seconds that are measured in each round.")] = 8.0,
) -> None:
    """One to many, one kind of burst: CPU per forwarded packet, latency, join time, memory. Needs root."""
    if burst not in BURSTS:
        raise typer.BadParameter(f"one of {', '.join(map(str, BURSTS))}", param_hint="--burst")
    _run([webinar(subscribers, BURSTS[burst])], servers, rounds, seconds)


def _run(scenarios: list[Scenario], servers: str, rounds: int, seconds: float) -> None:
    names = servers.split(",")
    if unknown := [name for name in names if name not in ADAPTERS]:
        raise typer.BadParameter(f"{unknown[0]!r} is none of {', '.join(ADAPTERS)}", param_hint="--servers")
    try:
        with places.apart() as place:
            outcomes = run(scenarios, names, place, rounds=rounds, seconds=seconds, tell=_tell)
    except (NamespaceError, ServerError) as error:
        errors.print(f"[bold red]Not measured:[/bold red] {error}", markup=True, highlight=False)
        raise typer.Exit(1) from error
    for scenario in scenarios:
        output.print(table(scenario.title, outcomes[scenario.key]))


def _tell(scenario: Scenario, server: str, number: int, outcome: Round | None) -> None:
    if outcome is None:
        return
    cost = outcome.figures.get("cpu_per_packet")
    told = f"{cost:.2f} µs per packet" if cost is not None else ""
    output.print(f"{scenario.title}, round {number + 1}, {NAMES[server]}: {told}", highlight=False)
    for note in outcome.notes:
        output.print(f"  [yellow]{note}[/yellow]", highlight=False)
