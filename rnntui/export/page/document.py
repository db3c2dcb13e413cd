"""The page as HTML, section by section."""

from __future__ import annotations

import base64
import hashlib
import html
import math
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from rnntui import __version__
from rnntui.export.card import network_in_words, source_in_words
from rnntui.export.page.charts import Curve, Level, chart
from rnntui.export.page.content import Points, RunPage, Setting
from rnntui.numbers import bits, count, duration, perplexity, rounded
from rnntui.protocol.messages import PastText, TokenSteps, ValueSteps
from rnntui.runs.edits import Edit
from rnntui.text import safe_text

HERE = Path(__file__).parent
MOST_COLUMNS = 4  # of a series that get a chart
_SHADES = (0.05, 0.2, 0.5, 0.8)  # probabilities where the colour of a token changes


def to_html(page: RunPage) -> str:
    """Return the page."""
    style, script = ((HERE / name).read_text("utf-8") for name in ("page.css", "page.js"))
    body = "".join(
        (
            _head(page),
            _losses(page),
            _strip(page),
            _samples(page.samples),
            _forecasts(page),
            _findings(page),
            _settings(page),
            _again(page),
            f'<p class="muted">Written by rnntui {__version__}.</p>\n',
        )
    )
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{_sha256(script)}'"
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(page.run)}</title>\n<style>\n{style}</style>\n"
        f"{body}<script>{script}</script>\n</html>\n"
    )


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _head(page: RunPage) -> str:
    snapshot, recipe, welcome = page.snapshot, page.recipe, page.welcome
    when = time.strftime("%-d %B %Y", time.gmtime(page.started))
    tokens = recipe.data.task == "tokens"
    summary = (
        f"{network_in_words(recipe)} ({count(welcome.parameters)} parameters), trained on "
        f"{source_in_words(recipe.data.source)}; {snapshot.state} after "
        f"{count(snapshot.step)} updates, {when}."
    )
    facts = [
        ("updates", count(snapshot.step), ""),
        ("epochs", f"{snapshot.epoch:.2f}", ""),
        ("time", _time(snapshot.elapsed), ""),
        ("training loss", rounded(snapshot.smooth), "nats" if tokens else ""),
        ("validation loss", rounded(snapshot.validation), "nats" if tokens else ""),
        ("best validation", rounded(snapshot.best_validation), "nats" if tokens else ""),
    ]
    if tokens and snapshot.best_validation is not None:
        facts += [
            ("bits per " + welcome.unit, rounded(bits(snapshot.best_validation)), ""),
            ("perplexity", rounded(perplexity(snapshot.best_validation)), ""),
        ]
    cards = "".join(
        f"<div><dt>{_text(name)}</dt><dd>{_text(value)} <small>{unit}</small></dd></div>"
        for name, value, unit in facts
        if value.strip("–")
    )
    about = f"<p>{_text(recipe.summary)}</p>" if recipe.summary else ""
    return (
        f'<h1>{_text(page.run)}</h1>\n{about}<p class="muted">{_text(summary)}</p>\n'
        f'<dl class="facts">{cards}</dl>\n'
    )


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else duration(seconds)


def _losses(page: RunPage) -> str:
    snapshot, history = page.snapshot, page.snapshot.history
    size = 2**history.level
    middles = [min((n + 0.5) * size + 0.5, snapshot.step) for n in range(len(history.mean))]
    curves = [
        Curve("range", "c", middles, history.low, top=history.high),
        Curve("training", "a", middles, history.smooth),
        Curve(
            "validation",
            "b",
            [float(one.step) for one in snapshot.validations],
            [one.loss for one in snapshot.validations],
            dots=True,
        ),
    ]
    levels = [Level(one.name, one.loss) for one in snapshot.baselines if math.isfinite(one.loss)]
    if page.welcome.floor is not None:
        levels.append(Level("floor", page.welcome.floor))
    unit = "½ squared error per time step"
    if page.recipe.data.task == "tokens":
        unit = f"nats per {page.welcome.unit}"
    small = _small("learning rate", "", page.rates)
    small += _small("gradient norm", "before clipping", page.gradients)
    figure = chart("loss", unit, curves, levels)
    return f'<h2>Training</h2>\n{figure}<div class="small">{small}</div>\n'


def _small(title: str, detail: str, points: Points) -> str:
    curve = Curve(title, "a", [x for x, _ in points], [y for _, y in points])
    return chart(title, detail, [curve], from_zero=True)


def _strip(page: RunPage) -> str:
    steps = page.snapshot.steps
    if isinstance(steps, TokenSteps):
        return (
            f"<h2>The last update, time step by time step</h2>\n"
            '<p class="muted">Each token is coloured by the probability that the network gave it '
            "just before seeing it; underlined: another one was more probable.</p>\n"
            f'<p class="strip mono">{"".join(_tokens(steps))}</p>\n'
        )
    if isinstance(steps, ValueSteps):
        return "<h2>The last update, time step by time step</h2>\n" + _columns(
            page.welcome.features, steps.true, steps.predicted, 1, "time step"
        )
    return ""


def _tokens(steps: TokenSteps) -> Iterable[str]:
    for true, predicted, p in zip(steps.true, steps.predicted, steps.probability, strict=True):
        known = p if p is not None and math.isfinite(p) else 0.0
        shade = sum(known >= one for one in _SHADES)
        wrong = "" if true == predicted else " wrong"
        said = f"probability {known:.3f}" + (f", guess: {predicted}" if wrong else "")
        yield f'<span class="p{shade}{wrong}" title="{_text(said)}">{_text(true)}</span>'


def _columns(
    names: Sequence[str],
    true: Sequence[Sequence[float | None]],
    predicted: Sequence[Sequence[float | None]],
    first: int,
    x_name: str,
) -> str:
    """Return a chart for each of the first columns."""
    x = [float(n) for n in range(first, first + len(true))]
    return "".join(
        chart(
            name,
            "",
            [
                Curve("true", "c", x, [row[n] for row in true]),
                Curve("predicted", "a", x, [row[n] for row in predicted]),
            ],
            x_name=x_name,
        )
        for n, name in enumerate(names[:MOST_COLUMNS])
    )


def _forecasts(page: RunPage) -> str:
    found = page.backtest
    if found is None:
        return ""
    drawn = _columns(
        found.features, found.true.tolist(), found.forecast.tolist(), found.first, "row"
    )
    return (
        "<h2>Held-out rows</h2>\n"
        '<p class="muted">Each row, and what the network forecast from the rows before it. '
        f"None of them was trained on.</p>\n{drawn}"
    )


def _samples(samples: Sequence[PastText]) -> str:
    if not samples:
        return ""
    rows = "".join(
        f'<div class="sample"><p class="muted">update {count(one.step)}</p>'
        f"<pre><b>{_lines(one.prompt)}</b>{_lines(one.texts[0])}</pre></div>\n"
        for one in samples
        if one.texts
    )
    return f"<h2>What it generated</h2>\n{rows}"


def _findings(page: RunPage) -> str:
    now = page.snapshot.findings
    if not now and not page.findings:
        return "<h2>Findings</h2>\n<p>Nothing wrong was found.</p>\n"
    lines = [
        f"<p><b>{_text(one.title)}</b> since update {count(one.since)}: {_text(one.short)} "
        f"{_text(one.advice)}</p>\n"
        for one in now
    ] or ["<p>None holds at the end.</p>\n"]
    rows = "".join(
        f'<tr><td class="number">{row[0]}</td><td>{_text(str(row[1] or ""))}</td>'
        f"<td>{_text(str(row[3] or row[2] or ''))}</td><td>{_text(str(row[4] or ''))}</td></tr>\n"
        for row in page.findings
    )
    table = f"<details><summary>When each was found and withdrawn</summary><table>{rows}</table>"
    return f"<h2>Findings</h2>\n{''.join(lines)}{f'{table}</details>' if rows else ''}\n"


def _settings(page: RunPage) -> str:
    changed = [one for one in page.settings if one.changed]
    header = '<tr><th>key</th><th>value</th><th class="help">what it sets</th></tr>\n'
    every = "".join(map(_setting, page.settings))
    named = f"<table>{header}{''.join(map(_setting, changed))}</table>\n" if changed else ""
    return (
        f"<h2>Settings</h2>\n{named or '<p>The defaults.</p>'}"
        f"<details><summary>Every setting</summary><table>{header}{every}</table></details>\n"
        + _edits(page.edits)
    )


def _setting(one: Setting) -> str:
    value = str(one.value).lower() if isinstance(one.value, bool) else str(one.value)
    shown = safe_text(value)
    shown = shown if len(shown) <= 200 else f"{shown[:200]} …"
    return (
        f"<tr><td><code>{one.name}</code></td><td><code>{_text(shown)}</code></td>"
        f'<td class="help muted">{_text(one.help)}</td></tr>\n'
    )


def _edits(edits: Sequence[Edit]) -> str:
    if not edits:
        return ""
    rows = "".join(
        f'<tr><td class="number">{count(one.step)}</td><td><code>{one.kind}</code></td>'
        f"<td><code>{'full speed' if one.value is None else repr(one.value)}</code></td></tr>\n"
        for one in edits
    )
    return (
        "<p>Changed by hand during training:</p>\n"
        f"<table><tr><th>after update</th><th>what</th><th>value</th></tr>{rows}</table>\n"
    )


def _again(page: RunPage) -> str:
    link = base64.b64encode(page.toml.encode()).decode()
    repeat = ""
    if page.edits:
        repeat = (
            "<p>With the changes made by hand, where the run is: "
            f"<code>rnntui train --replay {_text(page.run)}</code></p>\n"
        )
    return (
        "<h2>Train it again</h2>\n"
        f"<pre>{_text(page.command)}</pre>\n{repeat}"
        f'<p class="screen">The recipe as a file: <a download="{_text(page.run)}.toml" '
        f'href="data:application/toml;base64,{link}">{_text(page.run)}.toml</a></p>\n'
    )


def _lines(text: str) -> str:
    """Return text of several lines, safe to show."""
    return _text(safe_text(text, newlines=True))


def _text(text: str) -> str:
    return html.escape(text)
