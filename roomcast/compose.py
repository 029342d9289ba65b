"""`roomcast compose`: makes the composite of a recorded segment, with a progress bar."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from recorder.composite import segment
from recorder.composite.segment import Choices, Composite


def run(folder: Path, output: Path | None, choices: Choices, console: Console) -> Composite:
    """Make it and tell what was made. Raises CompositeError, of which the text says what to do."""
    columns = (TextColumn("composing"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("compose", total=100)
        made = segment.compose_segment(
            folder, output, choices, lambda progress: bar.update(task, completed=progress.percent)
        )
    console.print(f"{made.path}: {made.duration:.1f} s, encoded with {made.encoder}", highlight=False, markup=False)
    for name, reason in sorted(made.left_out.items()):
        console.print(f"[yellow]left out:[/yellow] {escape(name)} ({escape(reason)})")
    return made
