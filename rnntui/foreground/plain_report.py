"""Lines of text: aligned columns and indented samples, all foreign text made safe."""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Callable, Iterable
from time import perf_counter

from rnntui.data import TokenData, baselines
from rnntui.dataclass import dataclass
from rnntui.foreground.backtest import final_lines
from rnntui.foreground.heading import LABELS, heading
from rnntui.foreground.report import Lines, Run, Speed
from rnntui.foreground.samples import INDENT, predictions, quoted
from rnntui.numbers import bits, count, duration, figure, plural, rounded, si
from rnntui.runs.baselines import simple_losses
from rnntui.session.findings import Change
from rnntui.text import safe_text
from rnntui.training.loop import Chunk, Result
from rnntui.units import speed_unit
from rnntui.update_numbers import COLUMNS, Declared

MIN_INTERVAL = 0.5  # seconds between rows at first; the interval grows with the time passed
ROWS_SO_FAR = 60  # number of rows that the time passed so far is divided into
MIN_ROWS = 8  # minimum number of rows of a run of known length
DISPENSABLE = ("bits", "left", "epoch")  # columns, if a terminal is too narrow; the first first
SAMPLE_INTERVAL = 3.0  # minimum seconds between samples, unless --every is given


@dataclass(frozen=True)
class _Column:
    title: str
    width: int
    show: Callable[[Chunk], str]


def _measured(declared: Declared) -> _Column:
    def show(chunk: Chunk) -> str:
        return figure(getattr(chunk.numbers, declared.name), declared.digits)

    return _Column(declared.column, 9, show)


def _aligned(cells: Iterable[tuple[str, int]]) -> str:
    """Right-align texts in their widths, always separated by a space."""
    return "".join(f" {text:>{width - 1}}" for text, width in cells)


def _fitted(columns: list[_Column], width: int | None) -> list[_Column]:
    """Return the columns that fit a terminal's width, without the most dispensable ones."""
    for title in DISPENSABLE:
        if width is None or sum(column.width for column in columns) <= width:
            break
        columns = [column for column in columns if column.title != title]
    return columns


class PlainReport:
    """Print a heading, rows during training, and a summary."""

    def __init__(self, lines: Lines, every: int | None) -> None:
        self._lines = lines
        self._every = every
        self._begun = False
        self._loss_sum, self._seen = 0.0, 0
        self._row_due = self._sample_due = 0.0
        self._mark = 0
        self._last: Chunk | None = None
        self._printed = 0  # update of the last printed row
        self._validated: int | None = None  # update of its validation

    def begin(self, run: Run) -> None:
        """Print the heading and the names of the columns."""
        self._run, self._begun = run, True
        self._began = perf_counter()
        self._speed = Speed(self._began, run.step)
        self._mark = max(1, run.total // MIN_ROWS) if run.total else 0
        self._passes = run.one_step
        for line in heading(run):
            self._lines.write_wrapped(line, LABELS)
        self._columns = _fitted(self._choose_columns(), self._lines.width)
        self._lines.write("")
        self._lines.write(_aligned((c.title, c.width) for c in self._columns))

    def _choose_columns(self) -> list[_Column]:
        run = self._run
        columns = [
            _Column("update", 10, lambda chunk: count(chunk.step)),
            _Column("epoch", 7, lambda chunk: count(chunk.epoch)),
            _Column("loss", 9, lambda _: rounded(self._mean())),
        ]
        if run.is_text:
            columns.append(_Column("bits", 9, lambda _: rounded(bits(self._mean()))))
        if run.recipe.train.reduction == "sum":
            columns.append(_Column("sum", 10, self._sum))
        if len(run.data.validation) > 1 and run.recipe.train.eval_every:
            columns.append(_Column("validation", 11, lambda _: rounded(_number(run.validation))))
        columns += map(_measured, COLUMNS)
        columns += [
            _Column(speed_unit(run.data.unit, brief=True), 7, self._tokens_per_second),
            _Column("time", 8, lambda _: duration(run.elapsed())),
        ]
        if run.total or run.recipe.train.seconds:
            columns.append(_Column("left", 8, self._left))
        return columns

    def see(self, chunk: Chunk) -> None:
        """Print the row and the samples of an update, if they are due."""
        self._last = chunk
        self._loss_sum += chunk.loss_per_token
        self._seen += 1
        if self._due(chunk):
            self._row(chunk)
        if chunk.samples:
            self._sample(chunk)

    def note(self, text: str) -> None:
        """Print a note on stderr. A closed stderr does not end the run."""
        with contextlib.suppress(OSError):
            print(f"rnntui: note: {safe_text(text)}", file=sys.stderr, flush=True)

    def change(self, change: Change) -> None:
        """Print a line about a finding, among the rows."""
        self._lines.write_wrapped(f"    update {count(change.step)}: {safe_text(change.text)}", 8)

    def end(self, result: Result) -> None:
        """Print the last row, a summary, predictions and generated text."""
        chunk, run = self._last, self._run
        if chunk and (self._printed != chunk.step or self._validated != run.validated):
            self._row(chunk)
        self._lines.write("")
        self._lines.write_wrapped(self._summary("done", result.final_loss), 2)
        found = baselines(run.data) if run.best is not None else ()
        if found:
            found = simple_losses(run.data, found)
            others = ", ".join(f"{name} {rounded(loss)}" for name, loss in found)
            self._lines.write_wrapped(f"baselines on the validation part: {others}", 2)
        for line in final_lines(run.backtests(), run.recipe.sample.method):
            self._lines.write_wrapped(line, 2)
        for line in predictions(run.data, result):
            self._lines.write(line)
        if result.generated:
            self._lines.write("final sample:")
            self._quote(result.samples or (result.generated,))

    def stop(self, reason: str) -> None:
        """Print how far training got."""
        if not self._begun or not self._run.step:
            self._lines.last(f"stopped before the first update ({reason})")
        else:
            self._lines.last(self._summary(f"stopped ({reason})", self._run.last_loss))

    def _due(self, chunk: Chunk) -> bool:
        if self._every is not None:
            wanted = self._every and chunk.step % self._every == 0
            return bool(wanted) or chunk.validation is not None
        now = perf_counter()
        if now < self._row_due and not (self._mark and chunk.step % self._mark == 0):
            return False
        elapsed = now - self._began
        self._row_due = now + max(MIN_INTERVAL, elapsed / ROWS_SO_FAR)
        return True

    def _row(self, chunk: Chunk) -> None:
        self._lines.write(_aligned((c.show(chunk), c.width) for c in self._columns))
        self._printed, self._validated = chunk.step, self._run.validated
        self._loss_sum, self._seen = 0.0, 0

    def _sample(self, chunk: Chunk) -> None:
        now = perf_counter()
        if self._every is None and now < self._sample_due:
            return
        self._sample_due = now + SAMPLE_INTERVAL
        self._lines.write(f"    sample after update {count(chunk.step)}:")
        self._quote(chunk.samples)

    def _quote(self, texts: tuple[str, ...]) -> None:
        for number, text in enumerate(texts, 1):
            if len(texts) > 1:
                self._lines.write(f"{INDENT}{number} of {len(texts)}")
            for line in quoted(text):
                self._lines.write(line)

    def _mean(self) -> float:
        """Mean loss since the last row."""
        return self._loss_sum / self._seen if self._seen else math.nan

    def _sum(self, chunk: Chunk) -> str:
        return rounded(self._run.last_pass if self._passes else chunk.loss)

    def _tokens_per_second(self, chunk: Chunk) -> str:
        return si(self._speed.at(perf_counter(), chunk.step) * chunk.tokens)

    def _left(self, chunk: Chunk) -> str:
        """Estimate the time to the last update or the time limit, whichever comes first."""
        ends, seconds = [], self._run.recipe.train.seconds
        if seconds:
            ends.append(seconds - self._run.elapsed())
        if self._run.total:
            speed = self._speed.at(perf_counter(), chunk.step)
            ends.append((self._run.total - chunk.step) / speed if speed else math.inf)
        left = max(0.0, min(ends))
        return duration(left) if math.isfinite(left) else "–"

    def _summary(self, how: str, loss: float) -> str:
        run, steps = self._run, self._run.step
        parts = [f"{how}: {plural(steps, 'update')} in {duration(run.elapsed())}"]
        if steps:
            loss = run.last_pass if self._passes and math.isfinite(loss) else loss
            shown = rounded(loss) + self._unit() if math.isfinite(loss) else "not finite"
            parts.append(f"last loss {shown}")
        if run.best is not None:
            parts.append(f"best validation {rounded(run.best)}")
        return " · ".join(parts)

    def _unit(self) -> str:
        run = self._run
        if self._passes:
            return ", summed over a pass"
        if run.recipe.train.reduction == "sum":
            return f", summed over {plural(run.tokens, 'time step')}"
        return f" nats per {run.data.unit}" if isinstance(run.data, TokenData) else ""


def _number(loss: float | None) -> float:
    return math.nan if loss is None else loss
