"""The lists of what comes with the program, and of runs, a line each."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Sequence
from pathlib import Path

from rnntui.data.corpus import CorpusInfo, catalogue
from rnntui.options import DEFAULT
from rnntui.recipe import Recipe, bundled, from_toml, load_recipe, to_toml
from rnntui.run.summary import RunSummary
from rnntui.text import fit, pad, safe_json, safe_text

NAME_WIDTH, PROBLEM_WIDTH = 40, 60


def recipe_lines() -> list[str]:
    """Name and title of every bundled recipe, the default one first."""
    texts = bundled()
    names = sorted(texts, key=lambda name: (name != DEFAULT, name))
    width = max(map(len, names))
    return [f"{name:<{width}}  {title_of(from_toml(texts[name], name))}" for name in names]


def title_of(recipe: Recipe) -> str:
    """A recipe's title, safe to show beside its name: without the name in front."""
    return safe_text(recipe.title.removeprefix(f"{recipe.name}: "))


def recipe_text(name: str) -> str:
    """A recipe as TOML with every key. Raises UsageError for a name that is none."""
    return to_toml(load_recipe(name)).rstrip("\n")


def corpus_lines() -> list[str]:
    """Every corpus: its name, kind, size, what it is and where it is from."""
    corpora = catalogue()
    name = max(len(corpus.name) for corpus in corpora)
    size = max(len(corpus.size) for corpus in corpora)
    return [
        f"{corpus.name:<{name}}  {corpus.kind:<6}  {corpus.size:>{size}}  {_what(corpus)}"
        for corpus in corpora
    ]


def _what(corpus: CorpusInfo) -> str:
    floor = f"; floor {corpus.floor:.4g} nats per character" if corpus.floor is not None else ""
    return f"{safe_text(corpus.description)} ({safe_text(corpus.source)}{floor})"


def run_lines(runs: Sequence[RunSummary], root: Path) -> list[str]:
    """Every run: name, state, update, losses, age, size, and what is wrong with it."""
    if not runs:
        return [f"no runs in {safe_text(str(root))}: rnntui train begins one"]
    rows = [_run_row(run, time.time()) for run in runs]
    rows.insert(0, ("RUN", "STATE", "UPDATE", "LOSS", "BEST VAL", "AGE", "SIZE", ""))
    widths = [max(len(row[n]) for row in rows) for n in range(7)]
    lines = []
    for row in rows:
        aligned = [pad(row[n], widths[n], "<" if n < 2 else ">") for n in range(7)]
        lines.append("  ".join([*aligned, row[7]]).rstrip())
    return lines


def _run_row(run: RunSummary, now: float) -> tuple[str, ...]:
    update = f"{run.step:,}" + (
        f" of {run.total:,}" if run.total and run.state != "finished" else ""
    )
    about = run.problem or (run.holder if run.live else "")
    return (
        fit(safe_text(run.name), NAME_WIDTH),
        run.state,
        update,
        _loss(run.loss),
        _loss(run.best),
        _age(now - run.updated),
        _bytes(run.size),
        fit(about, PROBLEM_WIDTH),
    )


def _loss(loss: float | None) -> str:
    return "–" if loss is None or not math.isfinite(loss) else f"{loss:.4f}"


def _age(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0, seconds):.0f} s"


def _bytes(size: int) -> str:
    for power, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= power:
            return f"{size / power:.1f} {unit}"
    return f"{size} B"


def runs_as_json(runs: Sequence[RunSummary]) -> list[str]:
    """Every run as a JSON object."""
    tables = [{**dataclasses.asdict(run), "path": str(run.path)} for run in runs]
    return [safe_json(json.dumps(table)) for table in tables]
