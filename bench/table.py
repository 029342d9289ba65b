"""Outcomes as tables, for the terminal and for the page."""

from collections.abc import Mapping, Sequence

from rich.table import Table

from bench.figures import KINDS, Round, Spread, spread

NAMES = {"roomcast": "roomcast", "janus": "Janus"}


def rows(servers: Mapping[str, Sequence[Round]]) -> list[list[str]]:
    """One row per figure: its name, each server's, and the ratio of the first to the second if there are two."""
    having = {name: rounds for name, rounds in servers.items() if rounds}
    found = []
    for name, kind in KINDS.items():
        spreads = [spread(rounds, name) for rounds in having.values()]
        if not any(spreads):
            continue
        row = [f"{kind.title}, {kind.unit}" if kind.unit else kind.title]
        row += [written(one, kind.digits) for one in spreads]
        if len(spreads) == 2:
            row.append(ratio(*spreads) if kind.lower_is_better is not None else "")
        found.append(row)
    return found


def heads(servers: Mapping[str, Sequence[Round]]) -> list[str]:
    """The columns that `rows` has."""
    names = [NAMES.get(name, name) for name, rounds in servers.items() if rounds]
    return ["", *names, "ratio"] if len(names) == 2 else ["", *names]


def table(title: str, servers: Mapping[str, Sequence[Round]]) -> Table:
    """For the terminal."""
    shown = Table(*heads(servers), title=title, title_justify="left")
    for row in rows(servers):
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
    return f"{ours.median / theirs.median:.2f}" if ours and theirs and theirs.median > 0 else ""
