"""Small charts as SVG text, made to be read on a phone: wide strokes, few words, no script.

Refuses outside help: what is drawn stands in the page itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from engine.probability.layer import FloatArray

WIDTH, HEIGHT = 420, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 10, 12, 26
_MOST_POINTS = 700


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart; `kind` names its colour in the page's style."""

    name: str
    kind: str
    values: FloatArray


def lines(
    series: Sequence[Series], marks: Sequence[tuple[float, str]], unit: str, label: str
) -> str:
    """Lines over equal steps.

    Parameters
    ----------
    marks : sequence of (place in [0, 1], word)
        Along the bottom.
    unit : str
        Format of the numbers at the side, such as ``{:.1%}``.
    label : str
        What the picture shows, for who cannot see it.
    """
    low = min(float(each.values.min()) for each in series)
    high = max(float(each.values.max()) for each in series)
    frame = _Frame.around(low, high)
    drawn = [frame.grid(unit)]
    for each in series:
        values = _thinned(each.values)
        xs = np.linspace(0.0, 1.0, values.shape[0])
        points = " ".join(
            f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in zip(xs, values.tolist(), strict=True)
        )
        drawn.append(f'<polyline class="line {each.kind}" points="{points}"/>')
    drawn += [_word(frame.x(at), HEIGHT - 8, word, _anchor(at)) for at, word in marks]
    return _svg("".join(drawn), label)


def dots(
    points: Sequence[tuple[float, float, str]], across: str, up: str, label: str,
    *, diagonal: bool = False, unit: str = "{:.0%}",
) -> str:  # fmt: skip
    """Points (x, y, kind); `across` and `up` name the axes."""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    if diagonal:
        bounds = min(xs + ys), max(xs + ys)
        side, bottom = _Frame.around(*bounds), bounds
    else:
        side, bottom = _Frame.around(min(ys), max(ys)), (min(xs), max(xs))
    span = max(bottom[1] - bottom[0], 1e-9)
    drawn = [side.grid(unit)]
    if diagonal:
        ends = [(x, x) for x in bounds]
        path = " ".join(f"{side.x((x - bottom[0]) / span):.1f},{side.y(y):.1f}" for x, y in ends)
        drawn.append(f'<polyline class="line faint" points="{path}"/>')
    for x, y, kind in points:
        cx, cy = side.x((x - bottom[0]) / span), side.y(y)
        drawn.append(f'<circle class="dot {escape(kind)}" cx="{cx:.1f}" cy="{cy:.1f}" r="3.5"/>')
    low, high = unit.format(bottom[0]), unit.format(bottom[1])
    drawn.append(_word(_LEFT, HEIGHT - 8, low, "start"))
    drawn.append(_word((WIDTH + _LEFT) / 2, HEIGHT - 8, across, "middle"))
    drawn.append(_word(WIDTH - _RIGHT, HEIGHT - 8, high, "end"))
    drawn.append(_word(_LEFT, _TOP - 2, up, "start"))
    return _svg("".join(drawn), label)


def bars(rows: Sequence[tuple[str, float, str]], label: str, *, kind: str = "desk") -> str:
    """Horizontal bars (name, value, shown value) from a common zero."""
    most = max((abs(value) for _, value, _ in rows), default=1.0) or 1.0
    negative = any(value < 0.0 for _, value, _ in rows)
    zero = 250 if negative else 150
    reach = min(zero - 150, WIDTH - 60 - zero) if negative else WIDTH - 60 - zero
    height, drawn = 22 * len(rows) + 10, []
    for row, (name, value, shown) in enumerate(rows):
        y, length = 22 * row + 8, max(abs(value) / most * reach, 0.8)
        x = zero - length if value < 0.0 else zero
        drawn.append(_word(0, y + 11, name, "start"))
        drawn.append(
            f'<rect class="bar {kind}" x="{x:.1f}" y="{y}" width="{length:.1f}" height="14"/>'
        )
        drawn.append(_word(WIDTH - 2, y + 11, shown, "end"))
    return _svg("".join(drawn), label, height)


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where a value stands on the page."""

    low: float
    high: float

    @classmethod
    def around(cls, low: float, high: float) -> _Frame:
        room = max(high - low, abs(high) * 1e-6, 1e-9) * 0.05
        return cls(low - room, high + room)

    def x(self, share: float) -> float:
        return _LEFT + share * (WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM)

    def grid(self, unit: str) -> str:
        drawn = []
        for value in _steps(self.low, self.high):
            y = self.y(value)
            drawn.append(
                f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" '
                f'y1="{y:.1f}" y2="{y:.1f}"/>'
            )
            drawn.append(_word(_LEFT - 5, y + 4, unit.format(value), "end"))
        return "".join(drawn)


def _steps(low: float, high: float) -> list[float]:
    """Three to six round numbers between two."""
    rough = (high - low) / 4.0
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * k for k in (1, 2, 5, 10) if size * k >= rough)
    first = math.ceil(low / step)
    return [step * k for k in range(first, math.floor(high / step) + 1)]


def _thinned(values: FloatArray) -> FloatArray:
    """Fewer points, each stretch by its lowest and its highest, so that no fall is lost."""
    if values.shape[0] <= _MOST_POINTS:
        return values
    parts = np.array_split(values, _MOST_POINTS // 2)
    pairs = [sorted((int(p.argmin()), int(p.argmax()))) for p in parts]
    return np.array([part[k] for part, pair in zip(parts, pairs, strict=True) for k in pair])


def _anchor(at: float) -> str:
    return "start" if at < 0.1 else "end" if at > 0.9 else "middle"


def _word(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(inside: str, label: str, height: int = HEIGHT) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(label)}">'
        f"{inside}</svg>"
    )
