"""The language of filters.

A filter is a list of terms that must all hold. A term is `KEY OPERATOR VALUE` without a space, or
just VALUE, which is about the name of the run:

    notes* lr>=0.001 cell=gru,lstm state:finished hidden=64..256 age<7d note:better tag!=old

Operators are `=`, `:`, `!=`, `<`, `<=`, `>` and `>=`. Values are separated by commas if any of them
will do. `*` and `?` are wildcards; `A..B` is a range with both ends, either of which may be left
out. For texts, `=` compares the whole and `:` looks for a part, as a value without a key does.
Letter case is ignored.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase

from rnntui.dataclass import dataclass
from rnntui.errors import UsageError
from rnntui.runs.filtering.keys import NAME, NUMBERS, FilterKey, find_key
from rnntui.runs.filtering.quantities import quantity
from rnntui.suggestions import nearest
from rnntui.text import fit, safe_text

Fact = str | int | float | bool | tuple[str, ...] | None
Facts = Mapping[str, Fact]  # of a run, by the name of the filter key; None or missing: not known
Test = Callable[[Fact], bool]

OPERATOR = re.compile(r"[<>!=]=|[<>=:]")
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@dataclass(frozen=True)
class Term:
    """One condition: any of the tests holds for the value of the key, or none if `negated`."""

    key: str
    tests: tuple[Test, ...]
    negated: bool = False

    def holds(self, facts: Facts) -> bool:
        """Return whether it holds for a run."""
        value = facts.get(self.key)
        return any(test(value) for test in self.tests) != self.negated


@dataclass(frozen=True)
class Filter:
    """Terms that must all hold. Without any, every run matches."""

    terms: tuple[Term, ...] = ()

    def matches(self, facts: Facts) -> bool:
        """Return whether every term holds for a run."""
        return all(term.holds(facts) for term in self.terms)


def parse_filter(words: str | Iterable[str]) -> Filter:
    """Parse a filter from a line or from the words of a command.

    Raises UsageError with one line: an unknown key with the closest one, or a wrong value.
    """
    line = words if isinstance(words, str) else " ".join(words)
    try:
        parts = shlex.split(line)
    except ValueError:
        raise UsageError(f"filter {_shown(line)}: a quote or a backslash is not closed") from None
    return Filter(tuple(_term(word) for word in _joined(parts) if word))


def _joined(parts: list[str]) -> list[str]:
    """Join `lr`, `>=` and `0.001` into one word."""
    words: list[str] = []
    for part in parts:
        begins = OPERATOR.match(part) is not None
        ends = bool(words) and any(words[-1].endswith(sign) for sign in "<>=:")
        if words and (begins or ends):
            words[-1] += part
        else:
            words.append(part)
    return words


def _term(word: str) -> Term:
    found = OPERATOR.search(word)
    if found is None:
        return Term(NAME.name, _tests(NAME, ":", word))
    name, sign, value = word[: found.start()], found[0], word[found.end() :]
    if not name.strip():
        raise UsageError(f"filter {_shown(word)}: name a key before '{sign}', as in lr>=0.001")
    key = find_key(name)
    if not value.strip(" ,"):
        raise UsageError(f"filter {_shown(word)}: add a value after '{sign}'")
    if sign in _COMPARE:
        return Term(key.name, (_comparison(key, sign, value),))
    negated = sign == "!="
    return Term(key.name, _tests(key, "=" if sign in ("!=", "==") else sign, value), negated)


def _tests(key: FilterKey, sign: str, value: str) -> tuple[Test, ...]:
    return tuple(_test(key, sign, one.strip()) for one in value.split(",") if one.strip())


def _test(key: FilterKey, sign: str, value: str) -> Test:
    """Return the test for one value of `=` or `:`. Raises UsageError."""
    low = value.lower()
    if key.kind in NUMBERS and low not in key.words:
        return _range(key, value)
    has_wildcard = any(sign in value for sign in "*?[")
    if key.choices and low not in key.choices and not has_wildcard:
        raise _unknown_value(key, value)
    if has_wildcard:
        return lambda fact: any(fnmatchcase(one, low) for one in _texts(fact))
    if key.kind == "text" and sign == ":":
        return lambda fact: any(low in one for one in _texts(fact))
    return lambda fact: low in _texts(fact)


def _texts(fact: Fact) -> tuple[str, ...]:
    if fact is None:
        return ()
    if isinstance(fact, tuple):
        return tuple(one.lower() for one in fact)
    return (str(fact).lower(),)


def _range(key: FilterKey, value: str) -> Test:
    """Return the test for a number or a range of numbers. Raises UsageError."""
    least, dots, most = value.partition("..")
    if not dots:
        exact = quantity(key, value)
        return lambda fact: _number(fact) == exact
    if not least.strip() and not most.strip():
        raise UsageError(f"{key.name}: give at least one end of the range '..'")
    low = quantity(key, least) if least.strip() else float("-inf")
    high = quantity(key, most) if most.strip() else float("inf")
    return lambda fact: (number := _number(fact)) is not None and low <= number <= high


def _comparison(key: FilterKey, sign: str, value: str) -> Test:
    if key.kind not in NUMBERS:
        raise UsageError(f"{key.name} is not a number: use = or != in the filter")
    compare, bound = _COMPARE[sign], quantity(key, value)
    return lambda fact: (number := _number(fact)) is not None and compare(number, bound)


def _number(fact: Fact) -> float | None:
    if isinstance(fact, bool) or not isinstance(fact, int | float):
        return None
    return float(fact)


def _unknown_value(key: FilterKey, value: str) -> UsageError:
    leaf = key.name.rpartition(".")[2]
    other = f"train.{leaf}" if key.name == "state" else ""
    if other and value.lower() in find_key(other).choices:
        return UsageError(f"state is the state of the run: use {other}={value} in the filter")
    return UsageError(
        f"unknown {key.name} '{fit(safe_text(value), 40)}' in the filter"
        f"{nearest(value, key.choices)}"
    )


def _shown(text: str) -> str:
    return f"'{fit(safe_text(text), 40)}'"
