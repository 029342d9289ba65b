"""docs/performance.md: made of the results of a run, so that it never says what was not measured."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.chart import draw
from bench.figures import Round
from bench.goals import goals
from bench.results import Outcome, Results
from bench.soak import Soak
from bench.table import NAMES, heads, rows

_POINTS = 12
"""Of the curve of a soak."""
PAGE, CHART, DATA = "performance.md", "performance.png", "performance.json"

_HEAD = """\
# Performance

What roomcast costs, measured beside Janus on the same machine in the same run. This page is written by
`python -m bench report`, from the results that are kept in [performance.json](performance.json).

![CPU per forwarded packet, latency and capacity](performance.png)

Each figure is the median of {rounds} rounds of {seconds:g} seconds (least–most in brackets); ratios are roomcast's to
the other's. The rounds of the two servers alternate, and each begins with a fresh server; only where 500 people and
more join, all rounds of a server are measured with the same people. A round that failed has no figures and says why.

"""

_MET = {True: "met", False: "**not met**", None: "not measured"}

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
  of one packet in 64, fewer at high rates; the same clock is at both ends. These samples are decrypted, and their
  payload, sequence number, timestamp, picture id and marker compared with what was sent. All other packets are counted
  by their headers.
- Each server picks the SRTP profile that it prefers of those that a browser offers. What was picked, and which feedback
  was negotiated, stands below each table.
- `capacity` raises the rate of one publisher until a packet is lost, then searches between.
- Memory is the proportional set size of all the server's processes after the joins, less what it was before.
- `feedback` measures half of each window with the answers of receivers and half without (reports of both kinds; checks
  of consent go on), and subtracts: for the same number of packets forwarded, what is left is what answers cost the
  whole server, taking them in and decrypting them included.
- While 500 people and more join, the video has a tenth of its rate: the load client has one core only, and would spend
  it on receiving. How long joins take under full load is in `join-storm`.
- In `lecture` one camera and four microphones are there, one of which is on, the lecturer's and each other's in turn;
  everyone has a slot for each of them, as the SDK would have it. Its memory and joins are those of the audience.
- The key of `meeting`, `rooms`, `churn` and `join-storm` may end in the packets of a burst, 5 or 20, at the same rate.
- The loop's delay is how late a tick of the media process came, or how long it took, if that was longer: no packet
  waited longer for anything but packets. It is `roomcast_node_loop_delay_seconds` of `/metrics`, the worst of the
  window and of the minute before. It is by the clock, and here signalling, a recorder and the media process share one
  core: what the media process itself was at is `roomcast_node_longest_turn_seconds`, the most processor time that it
  used during one of those delays. For the goal, rounds in which others used the servers' core do not count.
- In `chromium` a real, headless Chromium joins on the load client's core, a page for each join, after one join that
  is not counted. Both pages measure alike, from the WebSocket's opening to `loadeddata` of a video element. roomcast's
  page uses the SDK, Janus's its WebSocket API. The camera is the load client's: a film of VP8, 640 × 360, 30 pictures
  a second, that begins anew when a keyframe is asked for.
- Janus has the configuration of its Debian package, with ICE-lite, the videoroom plugin and the WebSocket transport
  only. roomcast's bitrate caps are lifted for the run, as the loudest publisher sends 9 Mb/s.

## How to repeat it

    make bench                                     # a whole run; needs root, for the namespaces
    sudo .venv/bin/python -m bench run webinar-50-20 capacity-50-5 --rounds 3 --output mine.json
    .venv/bin/python -m bench report mine.json     # writes this page
    make bench-smoke                               # whether the harness works: a minute, no root, no Janus
    make soak                                      # an hour of people who come and go: is memory flat?
    .venv/bin/python -m bench report mine.json --soak soak-results.json   # with the curve that `make soak` wrote

Smaller benchmarks of one part each, for whoever works on it: `python -m bench.forwarding` (the packet path in one
process), `bench.large_room` (what a thousand people cost beside forwarding), `bench.websocket` (a full room without
media), `bench.recording` and `bench.composite`.

Your own installation is loaded over the network, without any rights there but the API's credentials:

    roomcast bench --url https://meet.example.com --publishers 1 --subscribers 100 --duration 60

All its WebSockets come from one address: set `ROOMCAST_SOCKETS_PER_ADDRESS` there to more than the number of people.

## What it does not show

- Nothing here crosses a real network: there is no loss but that made on purpose, no jitter, no network card.
- The load client is no browser. It decodes nothing and does not adapt its bitrate. Only `chromium` has a browser.
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
    parts = [_HEAD.format(rounds=results.rounds, seconds=results.seconds), *_goals(results), *_warning(results)]
    parts += [_section(outcome) for outcome in results.outcomes]
    parts += [*_soaked(results.soak), _METHOD, "\n## The machine\n\n", *_list(results.environment)]
    return "".join(parts)


def _goals(results: Results) -> list[str]:
    body = [[one.title, one.wanted, one.measured, _MET[one.met]] for one in goals(results)]
    return ["## Goals\n\n", *_table(["goal", "wanted", "measured", ""], body, numbers=False), "\n"]


def _soaked(soak: Soak | None) -> list[str]:
    """The hour of churn, as a few points of its curve."""
    if soak is None or not soak.curve:
        return []
    step = max(1, len(soak.curve) // _POINTS)
    points = [*soak.curve[::step], soak.curve[-1]]
    growth = "too short to tell of growth" if soak.growth is None else f"growth {soak.growth:+.1f} MB per hour"
    about = "; ".join(f"{name} {soak.environment[name]}" for name in ("date", "commit") if name in soak.environment)
    return [
        f"## {soak.minutes:.0f} minutes of people who come and go\n\n"
        f"`soak`: {soak.people} people, two a second replaced, talkers in turn. Memory of all the server's processes: "
        f"{growth}, reckoned without the first quarter. ({about})\n\n",
        *_table(["minute", "MB"], [[f"{at / 60:.0f}", f"{memory:.0f}"] for at, memory in points]),
        "\n",
    ]


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
    body = rows(outcome.servers)
    lines += _table(heads(outcome.servers), body) if body else []
    for server, rounds in outcome.servers.items():
        lines += _remarks(NAMES[server], rounds)
    return "".join(lines) + "\n"


def _table(head: Sequence[str], body: Sequence[Sequence[str]], *, numbers: bool = True) -> list[str]:
    below = ["---:" if numbers else "---"] * (len(head) - 1)
    return [f"| {' | '.join(row)} |\n" for row in (head, ["---", *below], *body)]


def _remarks(name: str, rounds: Sequence[Round]) -> list[str]:
    facts = {key: value for one in rounds for key, value in one.facts.items()}
    lines = [f"\n{name}. {'; '.join(f'{key}: {value}' for key, value in facts.items())}.\n"] if facts else []
    noted = [(number, one.remarks) for number, one in enumerate(rounds, 1) if one.remarks]
    if noted:
        lines.append(f"\nWhat {name}'s rounds were like:\n\n")
    return lines + [f"- round {number}: {'; '.join(remarks)}\n" for number, remarks in noted]


def _list(values: Mapping[str, str]) -> list[str]:
    return [f"- {name}: {value}\n" for name, value in values.items()]
