"""Curves that fill any width: paths in SVG that stretch, labels in HTML that do not."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Callable, Sequence

from rnntui.dataclass import dataclass
from rnntui.numbers import figure, short

_SIZE = 1000  # of the drawing, in both directions
_TICKS = 6
_LARGEST = 1e15

Number = float | None
Share = Callable[[float], float]


@dataclass(frozen=True)
class Curve:
    """A line, or points with `dots`, or an area between two columns of values."""

    name: str
    role: str  # names its colour
    x: Sequence[float]
    y: Sequence[Number]
    dots: bool = False
    top: Sequence[Number] = ()  # with values, the area from `y` to `top` is filled


@dataclass(frozen=True)
class Level:
    """A horizontal line with a name."""

    name: str
    y: float


def chart(
    title: str,
    detail: str,
    curves: Sequence[Curve],
    levels: Sequence[Level] = (),
    x_name: str = "update",
    from_zero: bool = False,
) -> str:
    """Return a figure with its legend and its numbers; empty without any."""
    drawn = [curve for curve in curves if any(map(_is_finite, curve.y))]
    if not drawn:
        return ""
    x0, x1 = _padded(*_range([x for curve in drawn for x in curve.x]), 0.01)
    found = _y_values(drawn, levels)
    low, high = _padded(*_range([0.0, *found] if from_zero else found), 0.04)
    y_ticks, x_ticks = _ticks(low, high), _ticks(x0, x1)

    def across(x: float) -> float:
        return (x - x0) / (x1 - x0)

    def up(y: float) -> float:
        return 1 - (y - low) / (high - low)

    paths = [_grid(up(tick)) for tick in y_ticks]
    paths += [f'<path class="level" d="M0 {_at(up(one.y))}h{_SIZE}"/>' for one in levels]
    for curve in drawn:
        paths.append(_path(curve, across, up))
    labels = [f'<span class="y" style="top:{up(t):.2%}">{_label(t)}</span>' for t in y_ticks]
    labels += [f'<span class="x" style="left:{across(t):.2%}">{_label(t)}</span>' for t in x_ticks]
    numbers = {
        "x": [x0, x1],
        "xName": x_name,
        "curves": [
            {"name": c.name, "role": c.role, "x": list(c.x), "y": [_plain(y) for y in c.y]}
            for c in drawn
            if not c.top
        ],
    }
    return (
        f'<figure class="chart"><figcaption><b>{_text(title)}</b> {_text(detail)}'
        f"{_legend(drawn, levels)}</figcaption>\n"
        f'<div class="plot" tabindex="0" aria-label="{_text(title)}">'
        f'<svg viewBox="0 0 {_SIZE} {_SIZE}" preserveAspectRatio="none" aria-hidden="true">'
        f'{"".join(paths)}</svg>{"".join(labels)}<i class="cursor"></i><output></output></div>'
        f'<p class="axis">{_text(x_name)}</p>\n'
        f'<script type="application/json">{as_json(numbers)}</script></figure>\n'
    )


def as_json(table: object) -> str:
    """Return JSON that is safe inside a script element."""
    text = json.dumps(table, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("&", "\\u0026")


def _legend(curves: Sequence[Curve], levels: Sequence[Level]) -> str:
    if len(curves) == 1 and not levels:
        return ""
    names = [f'<span class="key {c.role}{" dots" * c.dots}">{_text(c.name)}</span>' for c in curves]
    names += [
        f'<span class="key level">{_text(f"{one.name} {figure(one.y)}")}</span>' for one in levels
    ]
    return f'<span class="legend">{"".join(names)}</span>'


def _y_values(curves: Sequence[Curve], levels: Sequence[Level]) -> list[float]:
    """Return what the axis has to reach: an area counts where no line does."""
    lines = [y for c in curves if not c.top for y in c.y if _is_finite(y)]
    found = lines or [y for c in curves for y in (*c.y, *c.top) if _is_finite(y)]
    known = [float(y) for y in found if y is not None]
    return known + [one.y for one in levels]


def _path(curve: Curve, across: Share, up: Share) -> str:
    points = [
        (_at(across(x)), _at(up(y))) if y is not None and _is_finite(y) else None
        for x, y in zip(curve.x, curve.y, strict=True)
    ]
    if curve.dots:
        dots = "".join(f"M{x} {y}h.01" for x, y in filter(None, points))
        return f'<path class="dots {curve.role}" d="{dots}"/>'
    if curve.top:
        return _area(curve, across, up)
    return f'<path class="line {curve.role}" d="{_line(points)}"/>'


def _line(points: Sequence[tuple[str, str] | None]) -> str:
    """Return a path through the points; None breaks it."""
    parts, before = list[str](), False
    for point in points:
        if point is not None:
            parts.append(f"{'L' if before else 'M'}{point[0]} {point[1]}")
        before = point is not None
    return "".join(parts)


def _area(curve: Curve, across: Share, up: Share) -> str:
    edges = [
        (across(x), up(low), up(high))
        for x, low, high in zip(curve.x, curve.y, curve.top, strict=True)
        if low is not None and high is not None and _is_finite(low) and _is_finite(high)
    ]
    there = [f"{_at(x)} {_at(low)}" for x, low, _ in edges]
    back = [f"{_at(x)} {_at(high)}" for x, _, high in reversed(edges)]
    return f'<path class="area {curve.role}" d="M{"L".join(there + back)}Z"/>'


def _is_finite(y: Number) -> bool:
    return y is not None and -_LARGEST < y < _LARGEST


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _padded(low: float, high: float, share: float) -> tuple[float, float]:
    room = share * (high - low)
    return low - room, high + room


def _ticks(low: float, high: float) -> list[float]:
    """Return round numbers inside a range, about six."""
    raw = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(
        power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw * (1 - 1e-9)
    )
    first = math.ceil(low / step - 1e-9)
    return [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]


def _label(value: float) -> str:
    if value == round(value) and abs(value) < 1e15:
        return short(value) if abs(value) >= 10_000 else f"{value:.0f}"
    return f"{value:.6g}" if 1e-3 <= abs(value) < 1e5 else f"{value:.2g}"


def _plain(y: Number) -> Number:
    return float(f"{y:.6g}") if y is not None and _is_finite(y) else None


def _at(share: float) -> str:
    return f"{min(2.0, max(-1.0, share)) * _SIZE:.1f}".removesuffix(".0")


def _grid(share: float) -> str:
    return f'<path class="grid" d="M0 {_at(share)}h{_SIZE}"/>'


def _text(text: str) -> str:
    return html.escape(text)
