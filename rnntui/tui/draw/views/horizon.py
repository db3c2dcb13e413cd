"""The backtest in the view of health: errors by method and by rows ahead, and what they mean."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rnntui.forecast.verdict import COMBINED, NETWORK, Verdict, verdict
from rnntui.numbers import Number, count, finite, fixed, percent, plural
from rnntui.protocol.forecasts import Backtested, MethodErrors, TargetErrors
from rnntui.text import cell_width, fit, pad
from rnntui.tui.draw.axis import Scale, linear
from rnntui.tui.draw.bars import horizontal_bar
from rnntui.tui.draw.canvas import Canvas, Point
from rnntui.tui.draw.frame import layout, sides, title_row, x_axis
from rnntui.tui.draw.rows import Glyphs, Row, Rows, exactly, spelled
from rnntui.tui.draw.views.options import ViewOptions
from rnntui.tui.draw.views.parts import Part, halves
from rnntui.tui.draw.views.parts import beside as beside_each_other
from rnntui.tui.draw.views.prose import heading, paragraph
from rnntui.tui.draw.y_axis import y_axis

_NAME = 22  # cells
_BAR = (6, 40)
_TINY = 14  # rows of a view in which a title and one sentence may be all
_ROOMY, _VERY_ROOMY = 30, 42  # rows of a view that shows all methods, and curves below them
_PLOT, _CURVES, _TALL = 6, 9, 14  # rows of the curves: at least, usually, and at most
_OTHERS = 4  # further columns that are listed
_HEAD = "     RMSE      MAE     MASE"
_BESIDE, _TABLE = 100, 52  # cells from which the curves are beside the table, and of that
_DASHES = {"line": 0, "muted": 1, "accent": 2}  # dots, by role
_LEGEND = {
    "braille": ("⣀⠤⠒", "⠤ ⠤", "⠂⠂⠂"),
    "blocks": ("▄▄▀", "▄ ▄", "· ·"),
    "ascii": ("***", "+++", "..."),
}


def horizon_part(
    backtest: Backtested | None, options: ViewOptions, width: int, height: int, rank: int
) -> list[Part]:
    """Return the errors by method, with what they mean, and by rows ahead; none without a backtest.

    The curves are beside the table on a wide screen, and below it on a tall one. `height` is that
    of the whole view: on a small one, the table may be cut to two methods.
    """
    if backtest is None or not backtest.targets:
        return []
    place = max(0, min(options.feature, len(backtest.targets) - 1))
    target, glyphs = backtest.targets[place], options.glyphs
    said = verdict({m.name: m.rmse for m in target.methods}, options.method)
    title = _title(backtest, target, width, glyphs)
    words = _words(target, said, width, glyphs)
    others = _others(backtest, place, options, width)
    beside = width >= _BESIDE and len(target.ahead) > 1
    left = _TABLE if beside else width
    whole = 1 + len(target.methods)

    def draw(rows: int) -> Rows:
        more = others if rows >= 1 + whole + len(words) + len(others) else []
        free = rows - 1 - len(words) - len(more)
        table = _table(target, said, left, min(free, whole), glyphs) if free > 1 else []
        if beside and free >= _PLOT:
            height = max(min(free, _TALL), len(table))
            curves = _curves(target, halves(width, left)[1], height, glyphs)
            table = beside_each_other([(left, table), (halves(width, left)[1], curves)], glyphs)
        body = [title, *table, *words, *more]
        if not beside and len(target.ahead) > 1 and rows - len(body) > _PLOT:
            height = min(rows - len(body) - 1, _TALL)
            body += [[], *_curves(target, width, height, glyphs)]
        return body[:rows]

    most = 1 + whole + len(words) + len(others)
    most += 0 if beside or height < _VERY_ROOMY else 1 + _CURVES
    least = 1 + (whole if height >= _ROOMY else min(whole, 3)) + len(words)
    least = min(least, 2) if height < _TINY else least
    return [Part(rank, least, most, draw, ample=most + _TALL + 1 - (whole if beside else 0))]


# ---- the table --------------------------------------------------------------------------------


def _title(backtest: Backtested, target: TargetErrors, width: int, glyphs: Glyphs) -> Row:
    name = "forecasts"
    if backtest.columns > 1:
        name = f"forecasts of {fit(spelled(target.target, glyphs), 24)}"
    of = f"{plural(target.horizon, 'row')} ahead"
    origins = plural(target.origins, "origin")
    season = f"season of {plural(target.season, 'row')}" if target.season else "no season"
    update = f"update {count(backtest.step)}"
    details = [
        f"{of}, from {origins} in the held-out part · {season} · weights of {update}",
        f"{of}, {origins}, {season} · {update}",
        f"{of}, {origins} · {update}",
        of,
    ]
    return heading(name, details, width, glyphs)


def _table(target: TargetErrors, said: Verdict, width: int, height: int, glyphs: Glyphs) -> Rows:
    """Return a row per method: its errors over the horizon, and the RMSE as a bar.

    With few rows, the network and the best simple method remain.
    """
    best = _best_simple(target)
    ranked = sorted(target.methods, key=lambda m: (m.name != NETWORK, m.name != best))
    kept = {m.name for m in ranked[: max(0, height - 1)]}
    label = min(_NAME, max(cell_width(_named(m)) for m in target.methods))
    bar = max(0, min(_BAR[1], width - label - 3 - 3 * 9 - 2))
    bar = bar if bar >= _BAR[0] else 0
    shown = [m for m in target.methods if m.name in kept]
    largest = max((m.rmse for m in shown if finite(m.rmse)), default=0.0)
    rows: Rows = [exactly([(" " * (label + 3), ""), (_HEAD, "muted")], width)]
    for method in shown:
        share = method.rmse / largest if finite(method.rmse) and largest > 0 else 0.0
        first = said.text and method.name == (said.best if said.loses else NETWORK)
        row: Row = [
            (f" {spelled('▸', glyphs) if first else ' '} ", "accent"),
            (pad(_named(method), label), "strong" if method.name == NETWORK else ""),
            (f"  {fixed(method.rmse, 7)}  {fixed(method.mae, 7)}  {fixed(method.mase, 7)}", ""),
        ]
        row += [("  " + horizontal_bar(share, bar, glyphs), _role(method.name, best))] * bool(bar)
        rows.append(exactly(row, width))
    return rows


def _named(method: MethodErrors) -> str:
    return "auto (mixed)" if method.name == COMBINED else method.name


def _role(name: str, best: str) -> str:
    return "line" if name == NETWORK else "accent" if name == best else "muted"


def _words(target: TargetErrors, said: Verdict, width: int, glyphs: Glyphs) -> Rows:
    """Return the verdict, and how many values the intervals held."""
    rows: Rows = []
    if said.text:
        mark = ("! " if glyphs == "ascii" else "▲ ") if said.loses else "  "
        text = said.text[0].upper() + said.text[1:]
        body = paragraph(text, width - 3, glyphs, "warning" if said.loses else "accent", 0)
        rows += [[(f" {mark if not n else '  '}", "warning"), *row] for n, row in enumerate(body)]
    held = [
        f"the {level} % interval held {percent(share)}"
        for level, share in ((80, target.held80), (95, target.held95))
        if finite(share)
    ]
    if held:
        text = " of the values, ".join(held)
        rows.append(exactly([("   " + text[0].upper() + text[1:], "muted")], width))
    return rows


def _others(backtest: Backtested, place: int, options: ViewOptions, width: int) -> Rows:
    """Return a row for each other column: its network, and the best simple method."""
    rows: Rows = []
    for number, target in enumerate(backtest.targets):
        if number == place or len(rows) == _OTHERS:
            continue
        said = verdict({m.name: m.rmse for m in target.methods}, "")
        if not said.text:
            continue
        name = fit(spelled(target.target, options.glyphs), 16)
        short = said.text.split(";")[0]
        role = "warning" if said.loses else "muted"
        rows.append(exactly([(f"   {pad(name, 16)}  ", "muted"), (short, role)], width))
    return rows


# ---- the curves -------------------------------------------------------------------------------


def _curves(target: TargetErrors, width: int, height: int, glyphs: Glyphs) -> Rows:
    """Return the RMSE of each method by rows ahead."""
    place = layout(width, height, 0)
    solid, dashed, dotted = _LEGEND[glyphs]
    known = [e for m in target.methods for e in m.by_horizon if finite(e)]
    canvas = Canvas(place.width, place.plot, glyphs)
    network = [e for m in target.methods if m.name == NETWORK for e in m.by_horizon if finite(e)]
    # A method that is far off does not flatten the others.
    top = min(max(known, default=1.0), 2 * max(network, default=math.inf))
    axis = y_axis(linear(min(known, default=0.0), top), canvas)
    best = _best_simple(target)
    for method in _layers(target, best):
        role, dash = _role(method.name, best), _DASHES[_role(method.name, best)]
        sign = {0: solid, 1: dotted, 2: dashed}[dash][0]
        canvas.line(_points(method.by_horizon, axis.scale), role, sign, dash)
    labels = _axis_labels(target, canvas)
    legend = [(solid, "line", NETWORK), (dashed, "accent", best), (dotted, "muted", "others")]
    title = title_row("RMSE by rows ahead", "", legend, width, glyphs)
    return [
        title,
        *sides(canvas, place, axis.labels, {}),
        *x_axis(place, labels, [], "", glyphs),
    ]


def _best_simple(target: TargetErrors) -> str:
    simple = {m.name: m.rmse for m in target.methods if m.name not in (NETWORK, COMBINED)}
    known = {name: e for name, e in simple.items() if finite(e)}
    return min(known, key=lambda name: known[name], default="")


def _layers(target: TargetErrors, best: str) -> list[MethodErrors]:
    """Return the methods whose curves are drawn, the most important last: it covers others."""
    order = {best: 1, NETWORK: 2}
    methods = [m for m in target.methods if m.name != COMBINED]
    return sorted(methods, key=lambda m: order.get(m.name, 0))


def _points(errors: Sequence[Number], scale: Scale) -> list[Point | None]:
    most = max(1, len(errors) - 1)
    shares = scale.shares(errors)
    return [None if y is None else (n / most, y) for n, y in enumerate(shares)]


def _axis_labels(target: TargetErrors, canvas: Canvas) -> list[tuple[int, str]]:
    most = max(1, len(target.ahead) - 1)
    every = max(1, len(target.ahead) // max(2, canvas.width // 8))
    return [(canvas.column(n / most), str(h)) for n, h in enumerate(target.ahead) if n % every == 0]
