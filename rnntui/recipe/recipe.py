"""Recipe: everything that decides a training run, as frozen dataclasses.

A recipe comes from TOML or from the command line and is validated when it is created, so the rest
of the program never sees a wrong value. `sections/` declares its keys. This module imports neither
NumPy nor Textual.
"""

from __future__ import annotations

import dataclasses
import stat
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from rnntui.dataclass import dataclass
from rnntui.errors import UsageError
from rnntui.recipe.defaults import adjustments, notes_on
from rnntui.recipe.rules import Value, check, parse
from rnntui.recipe.schema import SECTIONS, find, keys
from rnntui.recipe.sections.data import Data
from rnntui.recipe.sections.model import Model
from rnntui.recipe.sections.sample import Sample
from rnntui.recipe.sections.train import Train
from rnntui.suggestions import nearest
from rnntui.text import safe_text

RECIPES = Path(__file__).parent / "bundled"
MAX_BYTES = 1 << 20  # of a recipe file


@dataclass(frozen=True)
class Recipe:
    """A named set of keys. `title` is its line in lists, `about` a description of a few sentences.

    `chosen` are the keys that the user set; they are never adjusted to fit other keys. `changed`
    are those to which `override` gave another value. `by_size` are those to be chosen by the size
    of the data and of their alphabet, as `sizing` does once the data are loaded.
    """

    name: str = "custom"
    title: str = ""
    about: str = ""
    data: Data = field(default_factory=Data)
    model: Model = field(default_factory=Model)
    train: Train = field(default_factory=Train)
    sample: Sample = field(default_factory=Sample)
    chosen: tuple[str, ...] = field(default=(), compare=False)
    changed: tuple[str, ...] = field(default=(), compare=False)
    by_size: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        for leaf in keys():
            check(leaf, self.get(leaf.name))
        if self.data.task == "values" and self.train.loss_epsilon:
            raise UsageError("loss_epsilon: only for task = tokens")
        if self.model.suffix and self.model.output == "adaptive" and self.data.task == "tokens":
            raise UsageError("suffix: only with output = full")
        if self.data.task == "values" and self.sample.samples > 1:
            raise UsageError("samples: only for task = tokens; a forecast is deterministic")

    @property
    def summary(self) -> str:
        """The title without the leading name, safe to display."""
        return safe_text(self.title.removeprefix(f"{self.name}: "))

    def get(self, name: str) -> Value:
        """Return the value of a leaf key."""
        leaf = find(name)
        value: Value = getattr(getattr(self, leaf.section), leaf.name)
        return value

    def replace(self, **changes: Value) -> Recipe:
        """Return a copy with changed keys; one layer has no dropout unless that is changed too.

        Raises UsageError for an unknown key or a wrong value.
        """
        if changes.get("layers") == 1 and "dropout" not in changes:
            changes["dropout"] = 0.0
        sections: dict[str, dict[str, Value]] = {}
        for name, value in changes.items():
            leaf = find(name)
            sections.setdefault(leaf.section, {})[name] = check(leaf, value)
        parts = {s: dataclasses.replace(getattr(self, s), **kw) for s, kw in sections.items()}
        return dataclasses.replace(self, **parts)

    def override(self, settings: Mapping[str, str]) -> Recipe:
        """Return a copy with keys changed from text, as `--set key=value` does.

        Other keys are adjusted if they contradict these: layers = 1 sets dropout = 0. Raises
        UsageError for an unknown key or a wrong value.
        """
        chosen = parsed(settings)
        adjusted = {key: value for key, (value, _) in adjustments(self.get, chosen).items()}
        differ = (key for key, value in chosen.items() if value != self.get(key))
        return dataclasses.replace(
            self.replace(**adjusted, **chosen),
            chosen=tuple({*self.chosen, *chosen}),
            changed=tuple(dict.fromkeys((*self.changed, *differ))),
        )

    def notes_on(self, settings: Mapping[str, str]) -> tuple[str, ...]:
        """Describe keys that `override` adjusts for these settings, and those without effect."""
        chosen = parsed(settings)
        return tuple(notes_on(self, chosen, [find(name) for name in chosen]))


def parsed(settings: Mapping[str, str]) -> dict[str, Value]:
    """Parse the text of each key. Raises UsageError."""
    return {
        (leaf := find(name)).name: check(leaf, parse(leaf, text)) for name, text in settings.items()
    }


def from_toml(text: str, name: str) -> Recipe:
    """Parse a recipe from TOML; `name` is the file name, for messages. Raises UsageError."""
    import tomllib

    shown = safe_text(name)
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also raised for a number with too many digits
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
        recipe = Recipe(name=Path(name).stem or "recipe", **head).replace(**changes)
        return dataclasses.replace(recipe, chosen=tuple(changes))
    except UsageError as error:
        raise UsageError(f"{shown}: {error}") from None


def to_toml(recipe: Recipe) -> str:
    """Format the recipe as TOML with every key; `from_toml` restores an equal recipe."""
    lines = [f"title = {quoted(recipe.title)}", f"about = {quoted(recipe.about)}"]
    for section in SECTIONS:
        lines += ["", f"[{section}]"]
        for leaf in keys():
            if leaf.section == section:
                lines.append(f"{leaf.name} = {_toml_value(recipe.get(leaf.name))}")
    return "\n".join(lines) + "\n"


def _toml_value(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return quoted(value) if isinstance(value, str) else repr(value)


def quoted(text: str) -> str:
    """Quote a TOML string, escaping control characters and invisible characters."""
    marks = {'"': '\\"', "\\": "\\\\"}
    return (
        '"' + "".join(marks.get(c) or (c if c in safe_text(c) else _escape(c)) for c in text) + '"'
    )


def _escape(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def to_dict(recipe: Recipe) -> dict[str, Any]:
    """Convert the recipe to plain values, for JSON."""
    return dataclasses.asdict(recipe)


def from_dict(table: Mapping[str, Any]) -> Recipe:
    """Invert `to_dict`. Raises UsageError for wrong values."""
    parts = {s: kind(**table[s]) for s, kind in SECTIONS.items()}
    head = table["name"], table["title"], table["about"]
    recipe = Recipe(*head, **parts, chosen=tuple(table.get("chosen", ())))
    changed, by_size = tuple(table.get("changed", ())), tuple(table.get("by_size", ()))
    return dataclasses.replace(recipe, changed=changed, by_size=by_size)


def bundled() -> dict[str, str]:
    """Return the TOML text of every bundled recipe by name."""
    return {path.stem: path.read_text("utf-8") for path in sorted(RECIPES.glob("*.toml"))}


def load_recipe(name: str) -> Recipe:
    """Load a bundled recipe by name, or a recipe from a `.toml` file. Raises UsageError."""
    names = [path.stem for path in RECIPES.glob("*.toml")]
    if name in names:
        recipe = from_toml((RECIPES / f"{name}.toml").read_text("utf-8"), name)
        return dataclasses.replace(recipe, chosen=())
    path = Path(name)
    if path.suffix != ".toml":
        hint = nearest(name, sorted(names), "see 'rnntui recipes'")
        raise UsageError(f"no recipe '{safe_text(name)}'{hint}")
    try:
        return from_toml(_read(path), path.name)
    except UnicodeDecodeError as error:
        raise UsageError(f"{safe_text(name)}: not UTF-8 at byte {error.start}") from None
    except ValueError:
        raise UsageError(f"{safe_text(name)}: not a valid file name") from None
    except OSError as error:
        raise UsageError(f"{safe_text(name)}: {error.strerror}") from None


def _read(path: Path) -> str:
    """Read a recipe file. Raises UsageError, OSError or UnicodeError."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise UsageError(f"{safe_text(path.name)}: not a file")
    if found.st_size > MAX_BYTES:
        raise UsageError(f"{safe_text(path.name)}: too large for a recipe file (more than 1 MiB)")
    return path.read_text("utf-8-sig")
