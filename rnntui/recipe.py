"""Recipe: everything that decides a training run, as frozen dataclasses.

A recipe comes from TOML or from the command line and is checked as a whole when it is made, so the
rest of the program never meets a wrong value. `keys.py` declares what it consists of. This module
imports neither NumPy nor Textual.
"""

from __future__ import annotations

import dataclasses
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnntui.errors import UsageError
from rnntui.keys import SECTIONS, Data, Model, Sample, Train, find, keys
from rnntui.rules import Leaf, Rule, Value, check, nearest, parse
from rnntui.text import safe_text

__all__ = [
    "Data",
    "Leaf",
    "Model",
    "Recipe",
    "Rule",
    "Sample",
    "Train",
    "Value",
    "bundled",
    "check",
    "find",
    "from_dict",
    "from_toml",
    "keys",
    "load_recipe",
    "nearest",
    "parse",
    "to_dict",
    "to_toml",
]

RECIPES = Path(__file__).parent / "recipes"
MOST_BYTES = 1 << 20  # of a recipe file


@dataclass(frozen=True)
class Recipe:
    """A named set of keys. `title` is its line in lists, `about` what its user should know."""

    name: str = "custom"
    title: str = ""
    about: str = ""
    data: Data = field(default_factory=Data)
    model: Model = field(default_factory=Model)
    train: Train = field(default_factory=Train)
    sample: Sample = field(default_factory=Sample)

    def __post_init__(self) -> None:
        for leaf in keys():
            check(leaf, self.get(leaf.name))
        if self.data.task == "values" and self.train.loss_epsilon:
            raise UsageError("loss_epsilon: only for task = tokens")
        if self.data.task == "values" and self.sample.samples > 1:
            raise UsageError("samples: only for task = tokens; a forecast is always the same")

    def get(self, name: str) -> Value:
        """The value of a leaf key."""
        leaf = find(name)
        value: Value = getattr(getattr(self, leaf.section), leaf.name)
        return value

    def replace(self, **changes: Value) -> Recipe:
        """A copy with leaf keys changed. Raises UsageError for an unknown key or a wrong value."""
        sections: dict[str, dict[str, Value]] = {}
        for name, value in changes.items():
            leaf = find(name)
            sections.setdefault(leaf.section, {})[name] = check(leaf, value)
        parts = {s: dataclasses.replace(getattr(self, s), **kw) for s, kw in sections.items()}
        return dataclasses.replace(self, **parts)

    def override(self, settings: Mapping[str, str]) -> Recipe:
        """A copy with leaf keys changed from text, as `--set key=value` gives them."""
        return self.replace(**{name: parse(find(name), text) for name, text in settings.items()})


def from_toml(text: str, name: str) -> Recipe:
    """A recipe from TOML text; `name` is the file's, for messages. Raises UsageError."""
    shown = safe_text(name)
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: also for a number of many digits
        raise UsageError(f"{shown}: not valid TOML: {safe_text(str(error))[:120]}") from None
    head = {k: table.pop(k) for k in ("title", "about") if k in table}
    if not all(isinstance(v, str) for v in head.values()):
        raise UsageError(f"{shown}: title and about must be text")
    changes: dict[str, Value] = {}
    for section, content in table.items():
        if section not in SECTIONS or not isinstance(content, dict):
            hint = nearest(section, SECTIONS)
            raise UsageError(f"{shown}: unknown section '{safe_text(section)}'{hint}")
        for leaf_name, value in content.items():
            try:
                leaf = find(leaf_name)
                if leaf.section != section:
                    raise UsageError(f"key '{leaf_name}' belongs to [{leaf.section}]")
                changes[leaf_name] = check(leaf, value)
            except UsageError as error:
                raise UsageError(f"{shown}: {error}") from None
    try:
        return Recipe(name=Path(name).stem or "recipe", **head).replace(**changes)
    except UsageError as error:
        raise UsageError(f"{shown}: {error}") from None


def to_toml(recipe: Recipe) -> str:
    """The recipe as TOML with every key; `from_toml` reads it back to an equal one."""
    lines = [f"title = {_quoted(recipe.title)}", f"about = {_quoted(recipe.about)}"]
    for section in SECTIONS:
        lines += ["", f"[{section}]"]
        for leaf in keys():
            if leaf.section == section:
                lines.append(f"{leaf.name} = {_toml_value(recipe.get(leaf.name))}")
    return "\n".join(lines) + "\n"


def _toml_value(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return _quoted(value) if isinstance(value, str) else repr(value)


def _quoted(text: str) -> str:
    """As a string of TOML in which every character that steers or hides is an escape."""
    marks = {'"': '\\"', "\\": "\\\\"}
    return (
        '"' + "".join(marks.get(c) or (c if c in safe_text(c) else _escape(c)) for c in text) + '"'
    )


def _escape(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def to_dict(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain values, for JSON."""
    return dataclasses.asdict(recipe)


def from_dict(table: Mapping[str, Any]) -> Recipe:
    """The inverse of `to_dict`. Raises UsageError for wrong values."""
    parts = {s: kind(**table[s]) for s, kind in SECTIONS.items()}
    return Recipe(table["name"], table["title"], table["about"], **parts)


def bundled() -> dict[str, str]:
    """The TOML text of every bundled recipe by name."""
    return {path.stem: path.read_text("utf-8") for path in sorted(RECIPES.glob("*.toml"))}


def load_recipe(name: str) -> Recipe:
    """A bundled recipe by name, or the recipe in a `.toml` file. Raises UsageError."""
    names = [path.stem for path in RECIPES.glob("*.toml")]
    if name in names:
        return from_toml((RECIPES / f"{name}.toml").read_text("utf-8"), name)
    path = Path(name)
    if path.suffix != ".toml":
        hint = nearest(name, sorted(names), "see 'rnntui recipes'")
        raise UsageError(f"no recipe '{safe_text(name)}'{hint}")
    try:
        return from_toml(_read(path), path.name)
    except UnicodeDecodeError as error:
        raise UsageError(f"{safe_text(name)}: not UTF-8 at byte {error.start}") from None
    except ValueError:
        raise UsageError(f"{safe_text(name)}: not a file name") from None
    except OSError as error:
        raise UsageError(f"{safe_text(name)}: {error.strerror}") from None


def _read(path: Path) -> str:
    """The text of a recipe file. Raises UsageError for what can be none, OSError, UnicodeError."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise UsageError(f"{safe_text(path.name)}: is not a file")
    if found.st_size > MOST_BYTES:
        raise UsageError(f"{safe_text(path.name)}: too large for a recipe")
    return path.read_text("utf-8-sig")
