"""Lists of recipes, corpora and runs, one per line."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Sequence
from pathlib import Path

from rnntui.cli.options import DEFAULT
from rnntui.data.corpus import CorpusInfo, catalogue
from rnntui.numbers import age, rounded, size_in_words
from rnntui.recipe import bundled, from_toml, load_recipe, to_toml
from rnntui.runs.store.summary import RunSummary
from rnntui.text import cell_width, fit, pad, safe_json, safe_text

NAME_WIDTH, PROBLEM_WIDTH = 40, 60


def recipe_lines() -> list[str]:
    """List the name and title of every bundled recipe, the default first."""
    texts = bundled()
    names = sorted(texts, key=lambda name: (name != DEFAULT, name))
    width = max(map(len, names))
    return [f"{name:<{width}}  {from_toml(texts[name], name).summary}" for name in names]


def recipe_text(name: str) -> str:
    """Return a recipe as TOML with every key. Raises UsageError for an unknown name."""
    return to_toml(load_recipe(name)).rstrip("\n")


def corpus_lines() -> list[str]:
    """List every corpus: name, kind, size, description and source."""
    corpora = catalogue()
    name = max(len(corpus.name) for corpus in corpora)
    size = max(len(corpus.size) for corpus in corpora)
    return [
        f"{corpus.name:<{name}}  {corpus.kind:<6}  {corpus.size:>{size}}  {_description(corpus)}"
        for corpus in corpora
    ]


def _description(corpus: CorpusInfo) -> str:
    unit = "nats per character" if corpus.kind == "text" else "½ squared error per row"
    floor = f"; floor {corpus.floor:.4g} {unit}" if corpus.floor is not None else ""
    return f"{safe_text(corpus.description)} ({safe_text(corpus.source)}{floor})"


def run_lines(runs: Sequence[RunSummary], root: Path) -> list[str]:
    """List every run: name, state, update, losses, age, size, and problem if any."""
    if not runs:
        return [f"no runs in {safe_text(str(root))}: start one with rnntui train"]
    rows = [_run_row(run, time.time()) for run in runs]
    rows.insert(0, ("RUN", "STATE", "UPDATE", "LOSS", "BEST VAL", "AGE", "SIZE", ""))
    widths = [max(cell_width(row[n]) for row in rows) for n in range(7)]
    lines = []
    for row in rows:
        aligned = [pad(row[n], widths[n], "<" if n < 2 else ">") for n in range(7)]
        lines.append("  ".join([*aligned, row[7]]).rstrip())
    return lines


def _run_row(run: RunSummary, now: float) -> tuple[str, ...]:
    # A run whose weights were restored near the end has made more updates than its recipe says.
    bounded = run.total and run.state != "finished" and run.step <= run.total
    update = f"{run.step:,}" + (f" of {run.total:,}" if bounded else "")
    about = run.problem or ", ".join(run.findings) or (run.holder if run.live else "")
    return (
        fit(safe_text(run.name), NAME_WIDTH),
        run.state,
        update,
        _loss(run.loss),
        _loss(run.best),
        age(now - run.updated),
        size_in_words(run.size),
        fit(about, PROBLEM_WIDTH),
    )


def _loss(loss: float | None) -> str:
    if loss is None or not math.isfinite(loss):
        return "–"
    return rounded(loss)


def runs_as_json(runs: Sequence[RunSummary]) -> list[str]:
    """List every run as a JSON object."""
    tables = [{**dataclasses.asdict(run), "path": str(run.path)} for run in runs]
    return [safe_json(json.dumps(table, allow_nan=False)) for table in tables]
