"""What a sweep varies: keys with lists of values, and keys with ranges to draw from."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Sequence

from rnntui.dataclass import dataclass
from rnntui.errors import UsageError
from rnntui.recipe import Leaf, Value, check, find, parse
from rnntui.runs.differing import setting_text
from rnntui.text import fit, safe_text

Settings = dict[str, Value]

DIGITS = 3  # significant digits of a number drawn, so that it can be read and typed
MOST_TRIALS = 10_000
_BOUNDS = ("steps", "seconds", "epochs")


@dataclass(frozen=True)
class Axis:
    """A key and the values it takes, in order."""

    key: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Draw:
    """A key to draw: one of `values`, or else a number from `low` to `high`, perhaps by its log."""

    key: str
    values: tuple[Value, ...] = ()
    low: float = 0.0
    high: float = 0.0
    log: bool = False

    def at(self, share: float) -> Value:
        """Return the value at `share`, from 0 to below 1, of the range."""
        if self.values:
            return self.values[int(share * len(self.values))]
        if self.is_whole and not self.log:
            return int(self.low + math.floor(share * (self.high - self.low + 1)))
        if self.log:
            low, high = math.log(self.low), math.log(self.high)
            return self.fitted(math.exp(low + share * (high - low)))
        return self.fitted(self.low + share * (self.high - self.low))

    def fitted(self, number: float) -> Value:
        """Round a number of the range to what is easy to read and still in the range."""
        short = round(number) if self.is_whole else float(f"{number:.{DIGITS}g}")
        inside = min(max(short, self.low), self.high)
        return int(inside) if self.is_whole else inside

    @property
    def text(self) -> str:
        """The draw as --draw takes it."""
        if self.values:
            return f"{self.key}={','.join(map(setting_text, self.values))}"
        ends = f"{self.fitted(self.low)}..{self.fitted(self.high)}"
        return f"{self.key}={'log:' if self.log else ''}{ends}"

    @property
    def is_whole(self) -> bool:
        """Whether the key takes whole numbers only."""
        return int in find(self.key).types


def parse_axis(text: str, option: str = "--grid") -> Axis:
    """Parse `lr=1e-3,3e-3`. Raises UsageError."""
    leaf, values = _key_of(text, option, "lr=1e-3,3e-3")
    return axis(leaf.name, [parse(leaf, one) for one in values.split(",")])


def axis(key: str, values: Sequence[Value]) -> Axis:
    """Return an axis of different, valid values. Raises UsageError."""
    leaf = varied_key(key)
    checked = tuple(check(leaf, value) for value in values)
    if not checked:
        raise UsageError(f"{leaf.name}: give at least one value")
    return Axis(leaf.name, tuple(dict.fromkeys(checked)))


def parse_draw(text: str, option: str = "--draw") -> Draw:
    """Parse `lr=log:1e-4..3e-2`, `dropout=0..0.5` or `hidden=64,128,256`. Raises UsageError."""
    leaf, what = _key_of(text, option, "lr=log:1e-4..3e-2")
    log = what.startswith("log:")
    first, dots, last = what.removeprefix("log:").partition("..")
    if not dots:
        if log:
            raise UsageError(f"{option} {_shown(text)}: log: takes a range, as in log:1e-4..3e-2")
        return Draw(
            leaf.name, axis(leaf.name, [parse(leaf, one) for one in what.split(",")]).values
        )
    return ranged(leaf.name, parse(leaf, first), parse(leaf, last), log)


def ranged(key: str, low: Value, high: Value, log: bool) -> Draw:
    """Return a range of valid numbers. Raises UsageError."""
    leaf = varied_key(key)
    first, last = check(leaf, low), check(leaf, high)
    numbers = [end for end in (first, last) if isinstance(end, int | float)]
    if len(numbers) < 2 or bool in leaf.types:
        raise UsageError(f"{leaf.name}: only numbers have a range; list the values: a,b,c")
    if numbers[0] >= numbers[1]:
        raise UsageError(f"{leaf.name}: the range must begin with the smaller number")
    if log and numbers[0] <= 0:
        raise UsageError(f"{leaf.name}: a range with log: must begin above 0")
    return Draw(leaf.name, low=float(numbers[0]), high=float(numbers[1]), log=log)


def varied_key(key: str) -> Leaf:
    """Return a key that a sweep may vary. Raises UsageError."""
    leaf = find(key.strip().replace("-", "_"))
    if leaf.section == "data":
        raise UsageError(f"a sweep cannot vary {leaf.name}: losses on other data don't compare")
    if leaf.name in _BOUNDS:
        raise UsageError(f"a sweep cannot vary {leaf.name}: all trials have the same bound")
    return leaf


def _key_of(text: str, option: str, example: str) -> tuple[Leaf, str]:
    key, equals, values = text.partition("=")
    if not equals or not values.strip():
        raise UsageError(f"{option} {_shown(text)}: takes KEY=VALUES, as in {option} {example}")
    return varied_key(key), values.strip()


def _shown(text: str) -> str:
    return fit(safe_text(text), 40)


def check_keys(axes: Sequence[Axis], draws: Sequence[Draw]) -> None:
    """Raise UsageError for a key that is varied twice in one way, or for too many trials."""
    for kind, keys in (("--grid", [a.key for a in axes]), ("--draw", [d.key for d in draws])):
        for key in keys:
            if keys.count(key) > 1:
                raise UsageError(f"{key} is given twice with {kind}: list all its values in one")
    size = math.prod(len(axis.values) for axis in axes)
    if size > MOST_TRIALS:
        raise UsageError(f"the grid has {size:,} trials, more than {MOST_TRIALS:,}")


def grid(axes: Sequence[Axis]) -> list[Settings]:
    """Return every combination, the last key varying fastest; none without axes."""
    if not axes:
        return []
    keys = [axis.key for axis in axes]
    return [
        dict(zip(keys, values, strict=True))
        for values in itertools.product(*(axis.values for axis in axes))
    ]


def drawn(draws: Sequence[Draw], seed: int) -> Iterator[Settings]:
    """Yield random settings without end; the same seed yields the same ones."""
    source = random.Random(seed)  # its `random` is the same in every version of Python
    while True:
        yield {draw.key: draw.at(source.random()) for draw in draws}
