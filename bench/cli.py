"""The command line of the benchmark."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench import place as places
from bench.adapters.roomcast import RoomcastServer
from bench.adapters.server import ServerError
from bench.client.description import DescriptionError
from bench.client.transport import TransportError
from bench.ending import ending_cleanly
from bench.environment import environment
from bench.figures import Round
from bench.load import Load
from bench.load_command import LoadError, run_load
from bench.namespace import NamespaceError
from bench.page import write_page
from bench.results import Outcome, Results, ResultsError, read_results, read_soak
from bench.round_process import FAILED
from bench.running import ADAPTERS, Watcher, run, run_round
from bench.scenarios.catalogue import CALM, FULL, KEYS, UnknownScenarioError, scenario_of
from bench.scenarios.churn import churn
from bench.scenarios.scenario import Scenario
from bench.smoke import look
from bench.soak import TOO_MUCH, Soak
from bench.table import NAMES, table
from bench.windows import Windows

app = typer.Typer(no_args_is_help=True, pretty_exceptions_show_locals=False)
output = Console()
errors = Console(stderr=True)

FAILURES = (
    NamespaceError,
    LoadError,
    ServerError,
    TransportError,
    DescriptionError,
    ResultsError,
    UnknownScenarioError,
)
"""What can be told in a sentence."""


@app.callback()
def _root() -> None:
    """Measures roomcast, beside Janus on the same machine in the same run."""


@app.command("run")
def run_scenarios(
    scenarios: Annotated[
        list[str] | None, typer.Argument(metavar="SCENARIO...", help=f"{', '.join(KEYS)}. Default: a whole run.")
    ] = None,
    servers: Annotated[str, typer.Option(help="roomcast, janus, or both with a comma.")] = "roomcast,janus",
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of each server.")] = 3,
    seconds: Annotated[float, typer.Option(min=0.5, help="Seconds that are measured in each round.")] = 8.0,
    file: Annotated[
        Path | None, typer.Option("--output", metavar="FILE.json", help="Where the results go, for `report`.")
    ] = None,
) -> None:
    """Run scenarios, servers and client on a core each in network namespaces of their own. Needs root.

    A whole run takes about half an hour: on a machine that does nothing else.
    """
    names = servers.split(",")
    if unknown := [name for name in names if name not in ADAPTERS]:
        raise typer.BadParameter(f"{unknown[0]!r} is none of {', '.join(ADAPTERS)}", param_hint="--servers")
    with _Failing():
        chosen = [scenario_of(key) for key in scenarios or FULL]
        results = Results(environment(), rounds, seconds)
        total = rounds * sum(name in one.servers for one in chosen for name in names)
        with ending_cleanly(), places.apart() as place, _Shown(total, results, file) as shown:
            run(chosen, names, place, results, shown)
    if any(fault.startswith(FAILED) for fault in results.faults):
        errors.print("[bold red]Some rounds failed;[/bold red] the others are measured.")
        raise typer.Exit(1)


@app.command()
def report(
    file: Annotated[Path, typer.Argument(metavar="FILE.json", help="What `run --output` wrote.")],
    folder: Annotated[Path, typer.Option("--docs", help="Folder of performance.md and what it shows.")] = Path("docs"),
    soaked: Annotated[
        Path | None, typer.Option("--soak", metavar="FILE.json", help="What `soak --output` wrote, to be shown too.")
    ] = None,
) -> None:
    """Write docs/performance.md and its chart from the results of a run, and keep a copy of them beside it."""
    with _Failing():
        results = read_results(file)
        if soaked is not None:
            results.soak = read_soak(soaked)
        for path in write_page(results, folder):
            output.print(f"wrote {path}", highlight=False)


@app.command("load")
def load_test(
    url: Annotated[str, typer.Option(help="Where the installation is: https://HOST.")],
    app_id: Annotated[str, typer.Option(envvar="ROOMCAST_APP_ID", help="Of the REST API, from data/credentials.json.")],
    app_key: Annotated[str, typer.Option(envvar="ROOMCAST_APP_KEY", help="The key that goes with it.")],
    publishers: Annotated[int, typer.Option(min=1, help="People with camera and microphone.")] = 1,
    subscribers: Annotated[int, typer.Option(min=0, help="People who watch and listen.")] = 20,
    duration: Annotated[float, typer.Option(min=1.0, help="Seconds that are measured.")] = 30.0,
) -> None:
    """Load an installation of your own, through its public API only. Needs no rights on any machine."""
    with _Failing(), ending_cleanly():
        run_load(url, app_id, app_key, Load(publishers, subscribers, duration), output)


@app.command()
def smoke(seconds: Annotated[float, typer.Option(min=0.5, help="Seconds of each look.")] = 1.0) -> None:
    """See whether the harness works, against roomcast on this machine's loopback: without root, without Janus.

    Ends with code 1 when packets are damaged or misnumbered, or more than a tenth is lost. Its figures compare with
    nothing.
    """
    with _Failing(), ending_cleanly():
        wrong = False
        for title, measured in uvloop.run(look(places.LOOPBACK, seconds)):
            output.print(table(title, {"roomcast": [measured]}))
            for remark in measured.remarks:
                output.print(f"[yellow]{escape(remark)}[/yellow]", highlight=False)
            wrong |= measured.is_broken
        if wrong:
            raise typer.Exit(1)


@app.command()
def soak(
    minutes: Annotated[float, typer.Option(min=0.2, help="How long.")] = 60.0,
    people: Annotated[int, typer.Option(min=8, help="People in the room.")] = 40,
    most: Annotated[
        float, typer.Option(help="Growth of the server's memory, in MB per hour, that is too much.")
    ] = TOO_MUCH,
    file: Annotated[
        Path | None, typer.Option("--output", metavar="FILE.json", help="Where the curve goes, for `report --soak`.")
    ] = None,
) -> None:
    """Let people come and go for a long time, and see whether the server's memory stays flat.

    On loopback, without root. Ends with code 1 when memory grows.
    """
    found = Soak(environment(), people)

    def tell(seconds: float, memory: int) -> None:
        output.print(f"{seconds / 60:6.1f} min  {memory / 1e6:8.1f} MB", highlight=False)
        found.curve.append((round(seconds, 1), round(memory / 1e6, 1)))
        if file is not None:
            found.write(file)

    with _Failing(), ending_cleanly():
        scenario = churn(people, CALM, tell)
        (measured,) = uvloop.run(run_round(RoomcastServer, places.LOOPBACK, scenario, Windows(minutes * 60)))
        output.print(table(scenario.title, {"roomcast": [measured]}))
        if (growth := found.growth) is not None and growth > most:
            errors.print(f"[bold red]The server's memory grows by more than {most:g} MB per hour.[/bold red]")
            raise typer.Exit(1)


class _Failing:
    """What the user can mend is told in a sentence, with exit code 1."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, FAILURES):
            errors.print(f"[bold red]Not measured:[/bold red] {escape(str(error))}", highlight=False)
            raise typer.Exit(1) from error
        if isinstance(error, KeyboardInterrupt):
            errors.print("Interrupted; everything that was started has been ended.")
            raise typer.Exit(130) from error


class _Shown(Watcher):
    """The progress of a run, and what was odd about each round. After each the file is written, if there is one."""

    def __init__(self, total: int, results: Results, file: Path | None) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=output)
        self._task = self._bar.add_task("", total=total)
        self._results = results
        self._file = file
        self._title = ""

    def __enter__(self) -> "_Shown":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def begins(self, scenario: Scenario, server: str, number: int) -> None:
        self._title = f"{scenario.key}, {NAMES[server]}, round {number + 1}"
        if not output.is_terminal:
            # A log shows no progress bar before the end.
            output.print(f"{datetime.now():%H:%M:%S} {self._title}", highlight=False)
        self.goes_on("starting")

    def goes_on(self, phase: str) -> None:
        self._bar.update(self._task, description=f"{self._title}: {phase}")

    def ended(self, scenario: Scenario, server: str, number: int, outcome: Round) -> None:
        self._bar.advance(self._task)
        if self._file is not None:
            self._results.write(self._file)
        for note in outcome.remarks:
            told = f"{scenario.key}, {NAMES[server]}, round {number + 1}: {note}"
            self._bar.console.print(f"[yellow]{escape(told)}[/yellow]", highlight=False)

    def completed(self, outcome: Outcome) -> None:
        self._bar.console.print(table(outcome.title, outcome.servers))
