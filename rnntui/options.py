"""What the user asked for, collapsed at the edge into one Recipe and one View.

A source is looked for in this order: `-` (standard input); corpus:…, text:… and values:… as recipes
write them; a bundled recipe; a bundled corpus; a file, which is a recipe if its name ends in
.toml. So a bare name is a recipe before it is a corpus, and a corpus before it is a file; `./name`
is always the file.
"""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rnntui.errors import UsageError

if TYPE_CHECKING:  # rnntui.recipe costs 25 ms that `--help` does not need
    from rnntui.recipe import Recipe

DEFAULT = "tales"
BOUNDS = ("epochs", "steps", "seconds")
# A series is often short: one stream of it, and chunks that fit into a few hundred rows.
VALUES: dict[str, int | float | str | bool] = {
    "task": "values",
    "standardize": True,
    "hidden": 32,
    "batch": 1,
    "seq_len": 25,
    "lr": 1e-3,
    "clip": 1.0,
    "steps": 10_000,
    "eval_every": 100,
}

Glyphs = Literal["braille", "blocks", "ascii"]
Mode = Literal["dashboard", "plain", "json"]


@dataclass(frozen=True)
class View:
    """How a run is shown. `every`: updates between lines; None: as often as is pleasant to read."""

    mode: Mode
    every: int | None = None
    glyphs: Glyphs = "braille"
    theme: str = ""
    mouse: bool = True


def settings_of(common: Mapping[str, str | None], pairs: Iterable[str]) -> dict[str, str]:
    """The recipe keys that are changed: from the common options, and from `--set KEY=VALUE`.

    Raises UsageError for a pair without "=" and for a key that is given in both ways.
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
    """The recipe for a source with its settings, and notes for the user.

    A corpus or a file is trained as the recipe `like` says, if one is named. A bound that is set
    (epochs, steps or seconds) replaces those of the recipe. Raises UsageError or DataError in one
    line.
    """
    from rnntui.data.source import precheck

    if source is None:
        source, like = like or DEFAULT, None
    found, notes = _find(source, settings.get("task"), like)
    if any(key in settings for key in BOUNDS):
        settings = {**dict.fromkeys(BOUNDS, "0"), **settings}
    recipe = found.override(settings)
    precheck(recipe.data.source)
    return recipe, notes


def _find(source: str, task: str | None, like: str | None) -> tuple[Recipe, tuple[str, ...]]:
    from rnntui.data.corpus import NAMES as CORPORA
    from rnntui.data.source import PREFIXES, precheck
    from rnntui.recipe import bundled, nearest

    if source in ("", "-") or source.startswith(PREFIXES):
        return _own(source, task, like), ()
    recipes = bundled()
    if source in recipes or source in CORPORA:
        kind = "recipe" if source in recipes else "corpus"
        note = f"{source} is the bundled {kind}; for the file of that name say ./{source}"
        notes = (note,) if Path(source).exists() else ()
        if source in recipes and not (like and source in CORPORA):
            return _alone(source, like), notes
        return _own(f"corpus:{source}", task, like), notes
    if source.endswith(".toml"):
        precheck(source)
        return _alone(source, like), ()
    if os.path.lexists(source) or _is_path(source):
        precheck(source)
        return _own(source, task, like), ()
    known = list(dict.fromkeys([*recipes, *CORPORA]))
    hint = nearest(source, known, "see 'rnntui recipes' and 'rnntui corpora'")
    raise UsageError(f"no file, recipe or corpus called '{source[:60]}'{hint}")


def is_source(name: str) -> bool:
    """Whether `rnntui train` would find something under that name."""
    from rnntui.data.corpus import NAMES as CORPORA
    from rnntui.recipe import bundled

    return name in bundled() or name in CORPORA or os.path.lexists(name)


def _is_path(source: str) -> bool:
    return os.sep in source or "/" in source or bool(Path(source).suffix)


def _alone(recipe: str, like: str | None) -> Recipe:
    """A recipe by its name, which brings a source of its own."""
    from rnntui.recipe import load_recipe

    if like:
        raise UsageError(f"{recipe[:60]} is a recipe itself: --recipe is for a corpus or a file")
    return load_recipe(recipe)


def _own(source: str, task: str | None, like: str | None) -> Recipe:
    """A recipe for a source without one: settings of another, the default one, or for a series."""
    from rnntui.data.source import guess_task, parse_source
    from rnntui.recipe import Recipe, load_recipe

    if like:
        recipe = load_recipe(like)
    elif (task or guess_task(source)) == "values":
        recipe = Recipe().replace(**VALUES)
    else:
        recipe = load_recipe(DEFAULT)
    recipe = recipe.replace(source=source)
    return dataclasses.replace(recipe, name=parse_source(source).name, title="", about="")


def mode_of(plain: bool, json: bool, source: str) -> Mode:
    """Lines where they are asked for, or where a dashboard could not be seen or steered.

    Raises UsageError where this system has no dashboard.
    """
    if json:
        return "json"
    if plain or not has_terminal() or _is_pipe(source):
        return "plain"
    if sys.platform == "win32":
        raise UsageError(
            "the dashboard needs a terminal of Linux, macOS or WSL: here, train with --plain"
        )
    return "dashboard"


def has_terminal() -> bool:
    """Whether keys can be read and a screen drawn: on stdin and stderr, by a capable terminal."""
    streams = (sys.stdin, sys.stderr)
    if not all(stream is not None and stream.isatty() for stream in streams):
        return False
    return sys.platform == "win32" or os.environ.get("TERM", "") not in ("", "dumb")


def _is_pipe(source: str) -> bool:
    from rnntui.data.source import is_pipe

    return is_pipe(source)
