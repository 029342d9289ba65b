"""Outcomes as a table for the terminal."""

from collections.abc import Mapping, Sequence

from rich.table import Table

from bench.figures import KINDS, Round, Spread, spread

NAMES = {"roomcast": "roomcast", "janus": "Janus"}


def table(title: str, outcome: Mapping[str, Sequence[Round]]) -> Table:
    """One row per figure, one column per server, and the ratio of the first to the second."""
    servers = [name for name, rounds in outcome.items() if rounds]
    shown = Table("", *(NAMES.get(name, name) for name in servers), title=title, title_justify="left")
    if len(servers) == 2:
        shown.add_column("ratio", justify="right")
    for name, kind in KINDS.items():
        spreads = [spread(outcome[server], name) for server in servers]
        if not any(spreads):
            continue
        row = [f"{kind.title}, {kind.unit}" if kind.unit else kind.title]
        row += [written(one, kind.digits) for one in spreads]
        if len(servers) == 2:
            row.append(ratio(*spreads) if kind.lower_is_better is not None else "")
        shown.add_row(*row)
    return shown


def written(one: Spread | None, digits: int) -> str:
    """Median, and least to most where there were several rounds."""
    if one is None:
        return "–"
    median = f"{one.median:,.{digits}f}"
    return median if one.least == one.most else f"{median} ({one.least:,.{digits}f}–{one.most:,.{digits}f})"


def ratio(ours: Spread | None, theirs: Spread | None) -> str:
    """The ratio of the medians."""
    return f"{ours.median / theirs.median:.2f}" if ours and theirs and theirs.median else ""
