"""What a page says about a run, read from the run's files."""

from __future__ import annotations

import asyncio
from pathlib import Path

from rnntui.dataclass import dataclass
from rnntui.errors import DataError, RnntuiError
from rnntui.export.backtest import Backtest, backtest
from rnntui.export.portable import without_paths
from rnntui.export.stored_source import StoredSource
from rnntui.export.tables import UPDATES, Row, finding_rows, finite, read_events, read_metrics
from rnntui.protocol.messages import Hello, Look, PastText, Snapshot, Welcome
from rnntui.recipe import Recipe, Value, bundled, from_toml, keys, to_toml
from rnntui.runs.edits import Edit, edits_of
from rnntui.runs.store.directory import open_run
from rnntui.runs.trained_model import load_model

SAMPLES = 12  # shown at most
_POINTS = 600  # of a curve
_NOT_SHOWN = ("workers",)  # settings that depend on the machine

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Setting:
    """A key of the recipe; `changed`: the recipe that the run is based on has another value."""

    section: str
    name: str
    value: Value
    changed: bool
    help: str


@dataclass(frozen=True, eq=False)
class RunPage:
    """Everything on the page. `recipe` names no directories, `toml` is its text."""

    run: str
    recipe: Recipe
    toml: str
    welcome: Welcome
    snapshot: Snapshot
    started: float  # seconds since 1970
    rates: Points
    gradients: Points
    settings: tuple[Setting, ...]
    command: str
    edits: tuple[Edit, ...]
    findings: tuple[Row, ...]  # when each was found or withdrawn
    samples: tuple[PastText, ...]
    backtest: Backtest | None


def read_page(run: Path) -> RunPage:
    """Read what the page says. Raises DataError before the first update, or RnntuiError."""
    source = StoredSource(run)
    welcome, snapshot = asyncio.run(_seen(source))
    if not snapshot.step:
        raise DataError(f"run {run.name} has made no update yet")
    metrics, events = read_metrics(run), read_events(run)
    recipe = without_paths(source.recipe)
    base = _base(recipe)
    return RunPage(
        run=run.name,
        recipe=recipe,
        toml=to_toml(recipe),
        welcome=welcome,
        snapshot=snapshot,
        started=open_run(run).info.started,
        rates=_curve(metrics.updates, "lr"),
        gradients=_curve(metrics.updates, "gradient_norm"),
        settings=_settings(recipe, base),
        command=_command(run.name, recipe, base),
        edits=tuple(edits_of(events)),
        findings=tuple(finding_rows(events)),
        samples=_spread(snapshot.past),
        backtest=_backtest(run, recipe),
    )


async def _seen(source: StoredSource) -> tuple[Welcome, Snapshot]:
    """Return what a dashboard receives once everything has been read."""
    welcome = await source.ask(Hello())
    await source.ask(Look())
    while not source.settled:
        await source.ask(Look())
    snapshot = await source.ask(Look(steps=True))
    assert isinstance(welcome, Welcome) and isinstance(snapshot, Snapshot)
    return welcome, snapshot


def _curve(rows: list[Row], name: str) -> Points:
    """Return the numbers in a column by update, at most 600 of them."""
    points = [(float(row[0] or 0), value) for row, value in finite(rows, UPDATES.index(name))]
    every = -(-len(points) // _POINTS) or 1
    return points[::every] + ([points[-1]] if (len(points) - 1) % every else [])


def _spread(past: tuple[PastText, ...]) -> tuple[PastText, ...]:
    """Return at most twelve texts, spread over the run, the last one among them."""
    if len(past) <= SAMPLES:
        return past
    share = (len(past) - 1) / (SAMPLES - 1)
    return tuple(past[round(n * share)] for n in range(SAMPLES))


def _base(recipe: Recipe) -> Recipe | None:
    """Return the bundled recipe that a run is based on, if it is one on the same source."""
    text = bundled().get(recipe.name)
    base = from_toml(text, recipe.name) if text else None
    return base if base is not None and base.data.source == recipe.data.source else None


def _settings(recipe: Recipe, base: Recipe | None) -> tuple[Setting, ...]:
    before = base or Recipe()
    return tuple(
        Setting(
            leaf.section,
            leaf.name,
            recipe.get(leaf.name),
            recipe.get(leaf.name) != before.get(leaf.name) and leaf.name not in _NOT_SHOWN,
            leaf.rule.help,
        )
        for leaf in keys()
    )


def _command(run: str, recipe: Recipe, base: Recipe | None) -> str:
    """Return the command that trains the same again."""
    if base is None:
        return f"rnntui train {run}.toml"
    changed = [one for one in _settings(recipe, base) if one.changed]
    return " ".join(
        [
            f"rnntui train {recipe.name}",
            *(f"--set {one.name}={_word(one.value)}" for one in changed),
        ]
    )


def _word(value: Value) -> str:
    """Return a value as one word of a shell."""
    import shlex

    return str(value).lower() if isinstance(value, bool) else shlex.quote(str(value))


def _backtest(run: Path, recipe: Recipe) -> Backtest | None:
    if recipe.data.task != "values":
        return None
    try:
        return backtest(run, load_model(run, "best"))
    except RnntuiError:
        return None
