"""The columns of the table of compared runs, as text. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from rnntui.dataclass import dataclass
from rnntui.numbers import count, duration, rounded, si
from rnntui.runs.compared.run import ComparedRun
from rnntui.runs.differing import setting_text
from rnntui.text import cell_width, safe_text
from rnntui.units import speed_unit_of

UNKNOWN = "–"
LARGEST_RATIO = 1000  # that is printed as a number


@dataclass(frozen=True)
class Column:
    """A column: its head, and a safe text for each run. Those of higher `rank` go first."""

    name: str
    head: str
    texts: tuple[str, ...]
    right: bool = True
    rank: int = 0

    @cached_property
    def width(self) -> int:
        """The cells of its widest text, without the head."""
        return max(map(cell_width, self.texts), default=0)


def columns(runs: Sequence[ComparedRun], differing: Sequence[str]) -> list[Column]:
    """Return the columns: the name, what was measured, the settings that differ, and the state."""
    urgent = any(run.summary.live or run.label or not run.readable for run in runs)
    found = [
        _column("name", "run", runs, lambda run: safe_text(run.name), right=False),
        _losses(runs),
        _column("at", "at update", runs, _best_update, rank=2),
        *(_setting_column(name, runs) for name in differing),
        _column("time", "time", runs, lambda run: duration(run.seconds), rank=3),
        _column("parameters", "weights", runs, lambda run: si(run.summary.parameters), rank=6),
        _speeds(runs),
        _column("ratio", "of baseline", runs, _ratio, rank=4),
        _column("state", "state", runs, _state, right=False, rank=0 if urgent else 5),
    ]
    return [column for column in found if column.name in _ALWAYS or _says_something(column)]


def _speeds(runs: Sequence[ComparedRun]) -> Column:
    """Return the speeds: with one unit in the head, or each with its own."""
    known = [run for run in runs if run.speed is not None]
    units = {speed_unit_of(run.recorded.settings, brief=True) for run in known}
    if len(units) == 1:
        return _column("speed", units.pop(), runs, lambda run: si(run.speed), rank=7)

    def text(run: ComparedRun) -> str:
        unit = (
            f" {speed_unit_of(run.recorded.settings, brief=True)}" if run.speed is not None else ""
        )
        return si(run.speed) + unit

    return _column("speed", "speed", runs, text, rank=7)


_ALWAYS = ("name", "best", "state")


def _says_something(column: Column) -> bool:
    return any(text not in ("", UNKNOWN) for text in column.texts)


def _column(
    name: str,
    head: str,
    runs: Sequence[ComparedRun],
    text: Callable[[ComparedRun], str],
    right: bool = True,
    rank: int = 0,
) -> Column:
    texts = tuple(text(run) if run.readable or not right else "" for run in runs)
    return Column(name, head, texts, right, rank)


def _losses(runs: Sequence[ComparedRun]) -> Column:
    known = [run.best_loss for run in runs]
    texts = [rounded(loss) for loss in known]
    checked = all(run.curve.validated for run in runs if run.readable)
    shown = tuple(t if run.readable else "" for t, run in zip(texts, runs, strict=True))
    return Column("best", "validation" if checked else "best loss", shown)


def _best_update(run: ComparedRun) -> str:
    return count(run.best.update) if run.best and run.best.update else UNKNOWN


def _ratio(run: ComparedRun) -> str:
    if run.ratio is None:
        return UNKNOWN
    # A baseline close to 0 says little about how many times it is missed.
    return f"{run.ratio:.3f}" if run.ratio < LARGEST_RATIO else f">{LARGEST_RATIO}"


def _state(run: ComparedRun) -> str:
    total = run.summary.total
    if run.summary.live and total and run.update <= total:
        return f"{run.state} {100 * run.update // total} %"
    return run.problem or run.state


def _setting_column(name: str, runs: Sequence[ComparedRun]) -> Column:
    texts = []
    numeric = True
    for run in runs:
        value = run.recorded.effective.get(name) if run.readable else None
        numeric &= value is None or (isinstance(value, int | float) and type(value) is not bool)
        shown = UNKNOWN if value is None else safe_text(setting_text(value)) or "none"
        texts.append(shown if run.readable else "")
    return Column(name, name, tuple(texts), right=numeric, rank=1)
