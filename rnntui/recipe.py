"""Recipe: everything that decides a training run, as frozen dataclasses.

A recipe comes from TOML or from the command line and is checked as a whole when it is made, so the
rest of the program never meets a wrong value. Leaf names are unique: `hidden=64` needs no section.
This module imports neither NumPy nor Textual.
"""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args, get_type_hints

from rnntui.errors import UsageError
from rnntui.text import safe_text

Value = str | int | float | bool
RECIPES = Path(__file__).parent / "recipes"


@dataclass(frozen=True)
class Rule:
    """What a key may hold: one of `choices`, or a number `least` to `most`; `words` are extra."""

    help: str
    choices: tuple[str, ...] = ()
    least: float = -math.inf
    most: float = math.inf
    above: float = -math.inf
    words: tuple[str, ...] = ()


def key(default: Value, help: str, **limits: Any) -> Any:  # noqa: A002
    """A recipe key: its default, its line of help and its limits."""
    return field(default=default, metadata={"rule": Rule(help, **limits)})


@dataclass(frozen=True)
class Data:
    """What is learned."""

    task: str = key("tokens", "what the source holds", choices=("tokens", "values"))
    source: str = key("corpus:tales", "file, '-', corpus:NAME, text:…, values:1,2,3")
    repeat: int = key(1, "how often the source is repeated, end to end", least=1, most=1_000_000)
    tokenizer: str = key("char", "what a token is", choices=("char", "byte", "word"))
    columns: str = key("", "columns of a CSV by name, with commas; empty: all that vary freely")
    standardize: bool = key(False, "values: subtract the mean, divide by the deviation")
    split: float = key(0.1, "last part of the source, kept for validation", least=0.0, most=0.5)


@dataclass(frozen=True)
class Model:
    """The network."""

    cell: str = key("rnn", "recurrent cell", choices=("rnn", "gru", "lstm"))
    activation: str = key("tanh", "of the rnn cell", choices=("tanh", "relu", "sigmoid"))
    hidden: int = key(128, "hidden units of a layer", least=1, most=16_384)
    layers: int = key(1, "recurrent layers", least=1, most=16)
    dropout: float = key(
        0.0, "share of what goes from layer to layer left out in training", least=0.0, most=0.95
    )
    forget_bias: float = key(
        1.0, "of the lstm's forget gate before training", least=-100.0, most=100.0
    )
    init: str = key(
        "uniform",
        "distribution of initial weights; orthogonal: of recurrent ones, the others glorot",
        choices=("uniform", "normal", "glorot", "orthogonal"),
    )
    init_scale: float = key(
        0.0, "its half-width or deviation, 0: 1/sqrt(hidden); gain of the others, 0: 1", least=0.0
    )
    dtype: str = key("float32", "precision", choices=("float32", "float64"))


@dataclass(frozen=True)
class Train:
    """How it is trained."""

    seq_len: int | str = key(50, "steps of truncated BPTT", least=1, most=1e9, words=("full",))
    batch: int = key(16, "parallel streams of the source", least=1, most=65_536)
    state: str = key("carry", "hidden state between chunks", choices=("carry", "reset"))
    reduction: str = key("mean", "loss of a chunk", choices=("mean", "sum"))
    loss_epsilon: float = key(0.0, "added inside the logarithm of the loss", least=0.0, most=0.1)
    optimizer: str = key(
        "adam",
        "update rule",
        choices=("sgd", "momentum", "rmsprop", "adagrad", "adam", "adamw"),
    )
    lr: float = key(2e-3, "learning rate", above=0.0, most=1e6)
    momentum: float = key(0.9, "of optimizer momentum", least=0.0, most=0.9999)
    weight_decay: float = key(0.01, "of optimizer adamw", least=0.0, most=1e6)
    schedule: str = key(
        "constant",
        "factor on the learning rate, update by update",
        choices=("constant", "step", "cosine", "exponential", "plateau"),
    )
    warmup: int = key(0, "updates over which it rises from 0 first", least=0)
    decay: float = key(
        0.5, "what schedules step, exponential and plateau multiply by", above=0.0, most=1.0
    )
    decay_every: int = key(1000, "updates for that, of step and exponential", least=1)
    patience: int = key(5, "validations without a better one before plateau does", least=1)
    lr_least: float = key(0.0, "share of lr that a schedule leaves", least=0.0, most=1.0)
    clip: float = key(5.0, "bound on the gradient; 0: none", least=0.0)
    clip_mode: str = key("norm", "what is bounded", choices=("norm", "value"))
    epochs: int = key(0, "passes over the source; 0: no bound", least=0)
    steps: int = key(0, "updates; 0: no bound", least=0)
    seconds: float = key(0.0, "time; 0: no bound", least=0.0)
    seed: int = key(0, "of every random number", least=0, most=2**32 - 1)
    eval_every: int = key(250, "updates between validations; 0: none", least=0)


@dataclass(frozen=True)
class Sample:
    """What the network writes while it is trained and at the end."""

    sample_every: int = key(
        0, "updates between samples, the first after update 1; 0: none", least=0
    )
    sample_length: int = key(200, "tokens of a sample", least=1, most=100_000)
    final_length: int = key(200, "tokens of the sample after the last update; 0: none", least=0)
    prompt: str = key("", "what a sample goes on from")
    temperature: float = key(1.0, "of sampling", above=0.0, most=100.0)
    top_k: int = key(0, "sample from the K likeliest tokens; 0: from all", least=0)
    top_p: float = key(
        1.0, "sample from the likeliest tokens that have this share together", above=0.0, most=1.0
    )
    sample_start: str = key("zero", "state a sample starts from", choices=("zero", "carried"))
    sample_random: str = key(
        "own", "random stream of samples; shared: that of the weights", choices=("own", "shared")
    )
    final_pass: bool = key(True, "predict after the last update; false: as the last update did")


@dataclass(frozen=True)
class Recipe:
    """A named set of keys. `title` is its line in lists, `about` what its user should know."""

    name: str = "custom"
    title: str = ""
    about: str = ""
    data: Data = Data()
    model: Model = Model()
    train: Train = Train()
    sample: Sample = Sample()

    def __post_init__(self) -> None:
        for leaf in keys():
            check(leaf, self.get(leaf.name))
        if self.data.task == "values" and self.train.loss_epsilon:
            raise UsageError("loss_epsilon: only for task = tokens")

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


@dataclass(frozen=True)
class Leaf:
    """One key: where it stands, its types and its rule."""

    section: str
    name: str
    types: tuple[type, ...]
    default: Value
    rule: Rule

    def accepts(self) -> str:
        """What the key takes, in words."""
        rule = self.rule
        if rule.choices:
            return " | ".join(rule.choices)
        if bool in self.types:
            return "true | false"
        if str in self.types and not rule.words:
            return "text"
        kind = "a whole number" if int in self.types else "a number"
        bounds = []
        if rule.above > -math.inf:
            bounds.append(f"above {rule.above:g}")
        if rule.least > -math.inf:
            bounds.append(f"from {rule.least:g}")
        if rule.most < math.inf:
            bounds.append(f"up to {rule.most:.10g}")
        return " | ".join([" ".join([kind, *bounds]), *rule.words])


SECTIONS: dict[str, type] = {"data": Data, "model": Model, "train": Train, "sample": Sample}


def _leaves() -> Iterator[Leaf]:
    for section, kind in SECTIONS.items():
        hints = get_type_hints(kind)
        for f in dataclasses.fields(kind):
            hint = hints[f.name]
            default: Value = f.default  # type: ignore[assignment]
            rule = f.metadata["rule"]
            yield Leaf(section, f.name, get_args(hint) or (hint,), default, rule)


_LEAVES = {leaf.name: leaf for leaf in _leaves()}


def keys() -> tuple[Leaf, ...]:
    """Every recipe key in its order."""
    return tuple(_LEAVES.values())


def find(name: str) -> Leaf:
    """The key of that name. Raises UsageError with the nearest name."""
    if name in _LEAVES:
        return _LEAVES[name]
    raise UsageError(f"unknown key '{safe_text(name)}'{nearest(name, _LEAVES)}")


def nearest(word: str, known: Collection[str]) -> str:
    """A half-sentence that suggests what was meant, or says what there is."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.5)
    if close:
        return f": did you mean '{close[0]}'?"
    return f": there is {', '.join(known)}" if len(known) <= 12 else ""


def parse(leaf: Leaf, text: str) -> Value:
    """The value that `text` means for a key. Raises UsageError."""
    text = text if leaf.types == (str,) and not leaf.rule.choices else text.strip()
    if str in leaf.types and (leaf.types == (str,) or text in leaf.rule.words):
        return text
    try:
        if bool in leaf.types:
            return {"true": True, "false": False}[text.lower()]
        return int(text) if int in leaf.types else float(text)
    except (KeyError, ValueError):
        raise _refusal(leaf, text) from None


def check(leaf: Leaf, value: Value) -> Value:
    """`value` if the key may hold it (whole numbers become floats). Raises UsageError."""
    rule = leaf.rule
    if isinstance(value, bool) != (bool in leaf.types):
        raise _refusal(leaf, value)
    if float in leaf.types and isinstance(value, int):
        value = float(value)
    if not isinstance(value, leaf.types):
        raise _refusal(leaf, value)
    if isinstance(value, str):
        allowed = rule.choices or (rule.words if leaf.types != (str,) else ())
        if allowed and value not in allowed:
            raise _refusal(leaf, value)
    elif not isinstance(value, bool):
        inside = rule.least <= value <= rule.most and value > rule.above
        if not (math.isfinite(value) and inside):
            raise _refusal(leaf, value)
    return value


def _refusal(leaf: Leaf, value: Value) -> UsageError:
    shown = safe_text(str(value))
    shown = shown if len(shown) <= 40 else shown[:39] + "…"
    hint = nearest(shown, leaf.rule.choices) if leaf.rule.choices else f": takes {leaf.accepts()}"
    return UsageError(f"{leaf.name} = {shown}{hint}")


def from_toml(text: str, name: str) -> Recipe:
    """A recipe from TOML text; `name` is the file's, for messages. Raises UsageError."""
    shown = safe_text(name)
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
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
    marks = {'"': '\\"', "\\": "\\\\"}
    return '"' + "".join(marks.get(c) or (c if c.isprintable() else _escape(c)) for c in text) + '"'


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
        raise UsageError(f"no recipe '{safe_text(name)}'{nearest(name, sorted(names))}")
    try:
        return from_toml(path.read_text("utf-8"), path.name)
    except UnicodeDecodeError as error:
        raise UsageError(f"{safe_text(name)}: not UTF-8 at byte {error.start}") from None
    except OSError as error:
        raise UsageError(f"{safe_text(name)}: {error.strerror}") from None
