"""A picture of a run: CPU per forwarded packet and latency of every scenario, as bars with least and most."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from bench.figures import KINDS, Spread, spread
from bench.results import Outcome
from bench.table import NAMES

SHOWN = ("cpu_per_packet", "latency_p99", "capacity")
_COLOURS = {"roomcast": "#2563eb", "janus": "#9ca3af"}
_TEXT, _FAINT, _PAPER = "#111827", "#6b7280", "#ffffff"
_WIDTH, _LABEL, _RIGHT = 1100, 330, 190
_BAR, _GAP, _TITLE = 16, 14, 46
_FONT_SIZE = 14


def draw(outcomes: Sequence[Outcome], path: Path) -> None:
    """Write the picture as PNG. Figures that no scenario has are left out."""
    panels = [(name, having) for name in SHOWN if (having := [one for one in outcomes if _spreads(one, name)])]
    height = 40 + sum(_TITLE + sum(_height(one, name) for one in having) for name, having in panels)
    image = Image.new("RGB", (_WIDTH, height), _PAPER)
    canvas = _Canvas(ImageDraw.Draw(image))
    canvas.legend(sorted({name for one in outcomes for name in one.servers}, key=list(_COLOURS).index))
    for name, having in panels:
        canvas.panel(name, having)
    image.save(path, optimize=True)


def _spreads(outcome: Outcome, name: str) -> dict[str, Spread]:
    found = {server: spread(rounds, name) for server, rounds in outcome.servers.items()}
    return {server: one for server, one in found.items() if one is not None}


def _height(outcome: Outcome, name: str) -> int:
    return _BAR * len(_spreads(outcome, name)) + _GAP


class _Canvas:
    """Draws from top to bottom."""

    def __init__(self, draw: ImageDraw.ImageDraw) -> None:
        self._draw = draw
        self._font = ImageFont.load_default(_FONT_SIZE)
        self._y = 12

    def legend(self, servers: Sequence[str]) -> None:
        x = _LABEL
        for server in servers:
            self._draw.rectangle((x, self._y + 2, x + 12, self._y + 14), fill=_COLOURS[server])
            self._draw.text((x + 20, self._y), NAMES[server], fill=_TEXT, font=self._font)
            x += 120
        self._y += 24

    def panel(self, name: str, outcomes: Sequence[Outcome]) -> None:
        kind = KINDS[name]
        better = "less is better" if kind.lower_is_better else "more is better"
        # Pillow's own font has no µ.
        unit = f", {kind.unit.replace('µs', 'microseconds')}" if kind.unit else ""
        self._draw.text((12, self._y + 14), f"{kind.title}{unit} ({better})", fill=_TEXT, font=self._font)
        self._y += _TITLE
        most = max(one.most for outcome in outcomes for one in _spreads(outcome, name).values()) or 1.0
        scale = (_WIDTH - _LABEL - _RIGHT) / most
        for outcome in outcomes:
            spreads = _spreads(outcome, name)
            middle = self._y + (_BAR * len(spreads) - _FONT_SIZE) / 2 - 2
            self._draw.text((24, middle), outcome.key, fill=_FAINT, font=self._font)
            for server, one in spreads.items():
                self._bar(one, scale, _COLOURS[server], kind.digits)
            self._y += _GAP

    def _bar(self, one: Spread, scale: float, colour: str, digits: int) -> None:
        right = _LABEL + one.median * scale
        middle = self._y + _BAR / 2
        self._draw.rectangle((_LABEL, self._y + 2, right, self._y + _BAR - 2), fill=colour)
        least, most = _LABEL + one.least * scale, _LABEL + one.most * scale
        self._draw.line((least, middle, most, middle), fill=_TEXT)
        for x in (least, most):
            self._draw.line((x, middle - 3, x, middle + 3), fill=_TEXT)
        told = f"{one.median:,.{digits}f}"
        self._draw.text((max(right, most) + 8, self._y - 1), told, fill=_TEXT, font=self._font)
        self._y += _BAR
