"""Turn the command line into one Recipe and one View.

A source is resolved in this order: `-` (standard input); corpus:…, text:… and values:… as in
recipes; a bundled recipe; a bundled corpus; a file, which is a recipe if its name ends in .toml. So
recipes take precedence over corpora, and corpora over files; `./name` is always the file.
"""

from __future__ import annotations

import dataclasses
import io
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rnntui.charset import has_screen
from rnntui.dataclass import dataclass
from rnntui.errors import UsageError

if TYPE_CHECKING:  # rnntui.recipe costs 25 ms that `--help` does not need
    from rnntui.recipe import Recipe
    from rnntui.tui import Look

DEFAULT = "tales"
BOUNDS = ("epochs", "steps", "seconds")
# Measured on the series of tests/benchmarks/series.py; short ones get fewer streams.
VALUES: dict[str, int | float | str | bool] = {
    "task": "values",
    "standardize": True,
    "difference": "auto",
    "skip": "linear",
    "cell": "gru",
    "hidden": 32,
    "batch": 8,
    "seq_len": 48,
    "lr": 3e-3,
    "schedule": "cosine",
    "clip": 1.0,
    "average": 0.98,
    "select": "horizon",
    "steps": 1500,
    "eval_every": 50,
    "method": "auto",
}
NUMBERS_NOTE = "a table of numbers, trained as values; --set task=tokens reads it as text"

Mode = Literal["dashboard", "plain", "json"]


@dataclass(frozen=True)
class View:
    """How a run is shown. `every`: updates between lines; None: at a readable rate."""

    mode: Mode
    every: int | None = None
    look: Look | None = None  # of the dashboard; None: the default


def settings_of(common: Mapping[str, str | None], pairs: Iterable[str]) -> dict[str, str]:
    """Collect the changed recipe keys from the common options and from `--set KEY=VALUE`.

    Raises UsageError for a pair without "=" and for a key that is given both ways.
    """
    settings = {key: text for key, text in common.items() if text is not None}
    options = dict(settings)
    for pair in pairs:
        key, equals, text = pair.partition("=")
        key = key.strip().replace("-", "_")
        if not equals:
            raise UsageError(f"--set {pair}: takes KEY=VALUE, as in --set lr=0.01")
        if key in options:
            raise UsageError(f"{key} is given twice: --{key.replace('_', '-')} and --set {pair}")
        settings[key] = text
    return settings


def recipe_of(
    source: str | None, settings: Mapping[str, str], like: str | None = None
) -> tuple[Recipe, tuple[str, ...]]:
    """Return the recipe for a source with its settings, and notes for the user.

    A corpus or a file uses the settings of the recipe `like`, if given. A bound that is set
    (epochs, steps or seconds) replaces those of the recipe. Raises UsageError or DataError.
    """
    from rnntui.data.source import precheck

    if source is None:
        source, like = like or DEFAULT, None
    found, notes = _find(source, settings.get("task"), like)
    if any(key in settings for key in BOUNDS):
        settings = {**dict.fromkeys(BOUNDS, "0"), **settings}
    recipe = found.override(settings)
    precheck(recipe.data.source)
    return recipe, (*notes, *found.notes_on(settings))


def _find(source: str, task: str | None, like: str | None) -> tuple[Recipe, tuple[str, ...]]:
    from rnntui.data.corpus import names
    from rnntui.data.source import PREFIXES, precheck
    from rnntui.recipe import bundled
    from rnntui.suggestions import nearest

    if source in ("", "-") or source.startswith(PREFIXES):
        return _without_recipe(source, task, like)
    recipes = bundled()
    if source in recipes or source in names():
        kind = "recipe" if source in recipes else "corpus"
        note = f"using the bundled {kind} {source}; for the file of that name, write ./{source}"
        notes = (note,) if Path(source).exists() else ()
        if source in recipes and not (like and source in names()):
            return _named(source, like), notes
        return _without_recipe(f"corpus:{source}", task, like)[0], notes
    if source.endswith(".toml"):
        precheck(source)
        return _named(source, like), ()
    if os.path.lexists(source) or _is_path(source):
        precheck(source)
        return _without_recipe(source, task, like)
    known = list(dict.fromkeys([*recipes, *names()]))
    hint = nearest(source, known, "see 'rnntui recipes' and 'rnntui corpora'")
    raise UsageError(f"no file, recipe or corpus called '{source[:60]}'{hint}")


def is_source(name: str) -> bool:
    """Whether `rnntui train` would find a source of that name."""
    from rnntui.data.corpus import names
    from rnntui.recipe import bundled

    return name in bundled() or name in names() or os.path.lexists(name)


def _is_path(source: str) -> bool:
    return os.sep in source or "/" in source or bool(Path(source).suffix)


def _named(recipe: str, like: str | None) -> Recipe:
    """Load a recipe, which has its own source."""
    from rnntui.recipe import load_recipe

    if like:
        raise UsageError(f"{recipe[:60]} is already a recipe; use --recipe with a corpus or a file")
    return load_recipe(recipe)


def _without_recipe(
    source: str, task: str | None, like: str | None
) -> tuple[Recipe, tuple[str, ...]]:
    """Make a recipe for a corpus or a file: with settings of `like`, or defaults for its task.

    Those for text are completed once its size is known.

    A note says if the task was guessed from what the source holds.
    """
    from rnntui.data.source import guess_task, parse_source
    from rnntui.recipe import Recipe, load_recipe
    from rnntui.recipe.sizing import KEYS

    notes: tuple[str, ...] = ()
    if like:
        recipe = load_recipe(like)
    elif (task or guess_task(source)) == "values":
        recipe = Recipe().replace(**VALUES)
    elif task is None and _holds_numbers(source):
        recipe, notes = Recipe().replace(**VALUES), (NUMBERS_NOTE,)
    else:
        recipe = dataclasses.replace(load_recipe(DEFAULT), by_size=KEYS)
    recipe = recipe.replace(source=source)
    name = parse_source(source).name
    return dataclasses.replace(recipe, name=name, title="", about=""), notes


def _holds_numbers(source: str) -> bool:
    """Whether a text, or standard input, is a table of numbers."""
    from rnntui.data.sniff import Peeked, holds_numbers, looks_numeric

    if source != "-":
        return holds_numbers(source)
    if not hasattr(sys.stdin, "buffer"):
        return False
    peeked = Peeked(sys.stdin)
    sys.stdin = io.TextIOWrapper(io.BufferedReader(peeked))
    return looks_numeric(peeked.start)


def mode_of(plain: bool, json: bool, source: str) -> Mode:
    """Choose lines if they are requested, or if the dashboard could not be shown or used.

    Raises UsageError on a system without the dashboard.
    """
    if json:
        return "json"
    if plain or not has_terminal() or _is_pipe(source):
        return "plain"
    if sys.platform == "win32":
        raise UsageError("the dashboard runs on Linux, macOS and WSL only; train with --plain here")
    return "dashboard"


def has_terminal() -> bool:
    """Whether stdin and stderr are a terminal that can read keys and draw a screen."""
    streams = (sys.stdin, sys.stderr)
    if not all(stream is not None and stream.isatty() for stream in streams):
        return False
    return sys.platform == "win32" or has_screen(os.environ)


def _is_pipe(source: str) -> bool:
    from rnntui.data.source import is_pipe

    return is_pipe(source)
