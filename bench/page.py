"""docs/performance.md: made of the results of a run, so that it never says what was not measured."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.chart import draw
from bench.figures import Round
from bench.results import Outcome, Results
from bench.table import NAMES, heads, rows

PAGE, CHART, DATA = "performance.md", "performance.png", "performance.json"

_HEAD = """\
# Performance

What roomcast costs, measured beside Janus on the same machine in the same run. This page is written by
`python -m bench report`, from the results that are kept in [performance.json](performance.json).

![CPU per forwarded packet, latency and capacity](performance.png)

Each figure is the median of {rounds} rounds of {seconds:g} seconds (least–most in brackets); ratios are roomcast's to
the other's. The rounds of the two servers alternate, and each begins with a fresh server.

"""

_METHOD = """\
## How it is measured

- The server has one core, the load client another one, each in a network namespace of its own with a veth cable between
  them. roomcast runs whole: signalling and one media process share the core.
- The load client goes through the servers' public interfaces only: rooms and tokens by REST, people by WebSocket, ICE,
  DTLS and SRTP as in a browser. It publishes VP8 and Opus (frames cut into nearly equal packets, as browsers cut them),
  answers keyframe requests and NACKs, and as a receiver sends receiver reports, NACKs and, where they were negotiated,
  13 transport-wide reports a second.
- CPU is user and system time of all the server's processes, the kernel's work in their system calls included, divided
  by the packets that arrived. Packets that the kernel has to cut out of larger ones (UDP segmentation) are cut on the
  server's core, as with a network card that cannot do it.
- Latency is from the moment before a packet is encrypted by the sender to the moment when the receiver's kernel has it,
  of one packet in 64; the same clock is at both ends. These samples are decrypted, and their payload, sequence number,
  timestamp, picture id and marker compared with what was sent. All other packets are counted by their headers.
- Each server picks the SRTP profile that it prefers of those that a browser offers. What was picked, and which feedback
  was negotiated, stands below each table.
- `capacity` raises the rate of one publisher until a packet is lost, then searches between.
- Memory is the proportional set size of all the server's processes after the joins, less what it was before.
- Janus has the configuration of its Debian package, with ICE-lite, the videoroom plugin and the WebSocket transport
  only. roomcast's bitrate caps are lifted for the run, as the loudest publisher sends 9 Mb/s.

## How to repeat it

    make bench                                     # a whole run; needs root, for the namespaces
    sudo .venv/bin/python -m bench run webinar-50-20 capacity-50-5 --rounds 3 --output mine.json
    .venv/bin/python -m bench report mine.json     # writes this page
    make bench-smoke                               # whether the harness works: a minute, no root, no Janus
    make soak                                      # an hour of people who come and go: is memory flat?

Smaller benchmarks of one part each, for whoever works on it: `python -m bench.forwarding` (the packet path in one
process), `bench.websocket` (a full room without media), `bench.recording` and `bench.composite`.

Your own installation is loaded over the network, without any rights there but the API's credentials:

    roomcast bench --url https://meet.example.com --publishers 1 --subscribers 100 --duration 60

All its WebSockets come from one address: set `ROOMCAST_SOCKETS_PER_ADDRESS` there to more than the number of people.

## What it does not show

- Nothing here crosses a real network: there is no loss but that made on purpose, no jitter, no network card.
- The load client is no browser. It decodes nothing and does not adapt its bitrate.
- Both ends share one processor's caches and memory. On a machine that does other things meanwhile, latency and the
  highest rate say more about those; the notes tell when that was so.
- A videoroom of Janus has no slots that follow who talks, and no roster of thousands; scenarios that need them have
  figures of roomcast alone.
"""


def write_page(results: Results, folder: Path) -> list[Path]:
    """Write the page, the chart and the results into a folder; their paths."""
    page, chart, data = folder / PAGE, folder / CHART, folder / DATA
    draw(results.outcomes, chart)
    results.write(data)
    page.write_text(render(results), encoding="utf-8")
    return [page, chart, data]


def render(results: Results) -> str:
    """The page's text."""
    parts = [_HEAD.format(rounds=results.rounds, seconds=results.seconds), *_warning(results)]
    parts += [_section(outcome) for outcome in results.outcomes]
    parts += [_METHOD, "\n## The machine\n\n", *_list(results.environment)]
    return "".join(parts)


def _warning(results: Results) -> list[str]:
    """What has to be known before any figure is believed."""
    rounds = [one for outcome in results.outcomes for of_server in outcome.servers.values() for one in of_server]
    disturbed = sum(one.was_disturbed for one in rounds)
    if not disturbed:
        return []
    return [
        f"> In {disturbed} of {len(rounds)} rounds other processes used the same machine, so that the servers had not "
        "their core to themselves.\n> Latencies, losses and joins then tell more of them than of the servers; "
        "repeat the run on an idle machine.\n\n"
    ]


def _section(outcome: Outcome) -> str:
    lines = [f"## {outcome.title[0].upper()}{outcome.title[1:]}\n\n`{outcome.key}`\n\n"]
    lines += _table(heads(outcome.servers), rows(outcome.servers))
    for server, rounds in outcome.servers.items():
        lines += _remarks(NAMES[server], rounds)
    return "".join(lines) + "\n"


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |\n" for row in (head, ["---"] + ["---:"] * (len(head) - 1), *body)]


def _remarks(name: str, rounds: Sequence[Round]) -> list[str]:
    facts = {key: value for one in rounds for key, value in one.facts.items()}
    lines = [f"\n{name}. {'; '.join(f'{key}: {value}' for key, value in facts.items())}.\n"] if facts else []
    noted = [(number, one.remarks) for number, one in enumerate(rounds, 1) if one.remarks]
    if noted:
        lines.append(f"\nWhat {name}'s rounds were like:\n\n")
    return lines + [f"- round {number}: {'; '.join(remarks)}\n" for number, remarks in noted]


def _list(values: Mapping[str, str]) -> list[str]:
    return [f"- {name}: {value}\n" for name, value in values.items()]
