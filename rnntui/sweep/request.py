"""What a user asks of a sweep, on the command line or in a `sweep.toml`, and the plan it makes."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rnntui.dataclass import dataclass
from rnntui.errors import UsageError
from rnntui.recipe import SECTIONS, Value
from rnntui.runs.differing import setting_text
from rnntui.suggestions import nearest
from rnntui.sweep.remote.place import read_place
from rnntui.sweep.space import MOST_TRIALS, Axis, Draw, axis, ranged, varied_key
from rnntui.sweep.store import SAMPLERS
from rnntui.text import fit, safe_text

_MOST_BYTES = 1 << 20
_BUDGET = ("steps", "seconds", "halving", "seeds", "jobs")
_RANDOM = ("trials", "seed", "sampler")  # the other keys of [random] are drawn
_SECTIONS = ("set", "grid", "random", "budget")
_PARTS = ("recipe", "on", *_SECTIONS)


@dataclass(frozen=True)
class Request:
    """What to sweep over. `settings`: recipe keys of all trials, as --set takes them."""

    source: str
    settings: Mapping[str, str] = dataclasses.field(default_factory=dict)
    axes: tuple[Axis, ...] = ()
    draws: tuple[Draw, ...] = ()
    count: int = 0  # random draws
    draw_seed: int = 0
    sampler: str = "random"
    seeds: int = 1
    halving: tuple[int, ...] = ()
    jobs: int = 0  # 0: the processor's cores
    on: str = ""  # where to train, as --on takes it; empty: not said

    def check(self) -> None:
        """Raise UsageError for what contradicts itself."""
        if self.count > MOST_TRIALS:
            raise UsageError(f"--random {self.count:,}: a sweep has at most {MOST_TRIALS:,} trials")
        varied = [axis.key for axis in self.axes] + [draw.key for draw in self.draws]
        for key in filter(self.settings.__contains__, varied):
            raise UsageError(f"{key} is set for all trials and varied, too: leave one out")
        if bool(self.count) != bool(self.draws):
            raise UsageError("--random N and --draw KEY=RANGE go together")
        if self.sampler == "tpe" and not self.draws:
            raise UsageError("--sampler tpe chooses among draws: add --random N --draw KEY=RANGE")
        if self.sampler == "tpe" and self.seeds > 1:
            raise UsageError("--sampler tpe cannot be combined with --seeds")


def is_sweep_file(source: str) -> bool:
    """Return whether a source is a sweep.toml rather than a recipe. Raises UsageError."""
    if not source.endswith(".toml") or not Path(source).is_file():
        return False
    try:
        table = tomllib.loads(_text(source))
    except (ValueError, RecursionError):
        return False  # the recipe's reader says what is wrong with it
    return not table.keys() & SECTIONS.keys() and bool(table.keys() & set(_PARTS))


def read_sweep_file(source: str) -> Request:
    """Read a sweep.toml. Raises UsageError that names the file."""
    name = safe_text(Path(source).name)
    try:
        return _request(tomllib.loads(_text(source)))
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from None


def _text(source: str) -> str:
    path = Path(source)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UsageError(f"{safe_text(path.name)}: too large for a sweep (more than 1 MiB)")
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{safe_text(source)}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{safe_text(path.name)}: not UTF-8 at byte {error.start}") from None


def _request(table: Mapping[str, Any]) -> Request:
    for part in table:
        if part not in _PARTS:
            raise UsageError(f"unknown key '{_shown(part)}'{nearest(part, _PARTS)}")
    sections = {part: table.get(part, {}) for part in _SECTIONS}
    for part, content in sections.items():
        if not isinstance(content, dict):
            raise UsageError(f"[{part}] must be a section")
    source, chance, budget = table.get("recipe"), sections["random"], sections["budget"]
    if not isinstance(source, str) or not source:
        raise UsageError('recipe is missing: a recipe, a corpus or a file, as in recipe = "tales"')
    for key in budget:
        if key not in _BUDGET:
            raise UsageError(f"unknown key '{_shown(key)}' in [budget]{nearest(key, _BUDGET)}")
    bounds = {key: budget[key] for key in ("steps", "seconds") if key in budget}
    halving = budget.get("halving", [])
    if not isinstance(halving, list):
        raise UsageError("halving takes a list of updates, as in [80, 160]")
    return Request(
        source=source,
        settings={key: _set(key, value) for key, value in (sections["set"] | bounds).items()},
        axes=tuple(axis(key, _list(key, values)) for key, values in sections["grid"].items()),
        draws=tuple(_draw(key, what) for key, what in chance.items() if key not in _RANDOM),
        count=_whole(chance, "trials", 0),
        draw_seed=_whole(chance, "seed", 0),
        sampler=_sampler(chance.get("sampler", "random")),
        seeds=_whole(budget, "seeds", 1),
        halving=tuple(_whole({"halving": one}, "halving", 0) for one in halving),
        jobs=_whole(budget, "jobs", 0),
        on=_place(table["on"]) if "on" in table else "",
    )


def _place(given: Any) -> str:
    if not isinstance(given, str):
        raise UsageError('on takes a place, as in on = "ssh:host1,host2"')
    return read_place(given, "on").text


def _set(key: str, value: Any) -> str:
    if not isinstance(value, str | int | float):
        raise UsageError(f"{_shown(key)}: takes one value")
    return setting_text(value)


def _list(key: str, values: Any) -> list[Value]:
    if not isinstance(values, list) or not all(isinstance(v, str | int | float) for v in values):
        raise UsageError(f"{_shown(key)} in [grid] takes a list of values")
    return values


def _draw(key: str, what: Any) -> Draw:
    """Read `[…]`, `{ log = [low, high] }` or `{ from = low, to = high }`."""
    if isinstance(what, list):
        return Draw(varied_key(key).name, axis(key, _list(key, what)).values)
    if isinstance(what, dict):
        ends, log = (what.get("log"), True) if "log" in what else (None, False)
        if what.keys() == {"from", "to"}:
            ends = [what["from"], what["to"]]
        if isinstance(ends, list) and len(ends) == 2 and len(what) == (1 if log else 2):
            low, high = ends
            return ranged(key, low, high, log)
    raise UsageError(
        f"{_shown(key)} in [random] takes a list, {{log = [1e-4, 1e-2]}} or {{from = 0, to = 1}}"
    )


def _sampler(given: Any) -> str:
    if given not in SAMPLERS:
        raise UsageError(f"unknown sampler '{_shown(str(given))}'{nearest(str(given), SAMPLERS)}")
    return str(given)


def _whole(table: Mapping[str, Any], key: str, default: int) -> int:
    value = table.get(key, default)
    least = 1 if key in ("seeds", "jobs") and key in table else 0
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 2**53:
        raise UsageError(f"{key} takes a whole number from {least}")
    return value


def _shown(text: str) -> str:
    return fit(safe_text(text), 40)
