"""Lines of text: aligned columns, samples indented, all foreign text made safe."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

from rnntui.data import TokenData, baselines
from rnntui.foreground.heading import heading
from rnntui.foreground.numbers import duration, figure, plural, rounded, si
from rnntui.foreground.report import Lines, Run, Speed, bits
from rnntui.foreground.writing import INDENT, predictions, quoted
from rnntui.text import safe_text
from rnntui.trainer import Chunk, Result

SOONEST = 0.5  # seconds between rows at first; a long run gets them further apart
ROWS_AT_ONCE = 60  # as many rows are spread over the time passed so far
MARKS = 8  # rows a run of known length has at least
SPEEDS = {"character": "char/s", "byte": "byte/s", "word": "word/s", "value": "rows/s"}
SAMPLES_APART = 3.0  # seconds, where the times of rows are ours to choose


@dataclass(frozen=True)
class _Column:
    title: str
    width: int
    show: Callable[[Chunk], str]


class PlainReport:
    """A heading, rows while the run lasts, and what came of it."""

    def __init__(self, lines: Lines, every: int | None) -> None:
        self._lines = lines
        self._every = every
        self._validation = math.nan
        self._best = math.inf
        self._loss_sum, self._seen = 0.0, 0
        self._pass_sum = self._last_pass = math.nan
        self._row_due = self._sample_due = 0.0
        self._mark = 0
        self._last: Chunk | None = None
        self._printed = 0  # update of the last row

    def begin(self, run: Run) -> None:
        """Print what is trained on what, and the names of the columns."""
        self._run = run
        self._speed = Speed(run.began)
        self._mark = max(1, run.total // MARKS) if run.total else 0
        self._passes = run.one_step
        for line in heading(run):
            self._lines.write(line)
        self._columns = self._choose_columns()
        self._lines.write("")
        self._lines.write("".join(f"{c.title:>{c.width}}" for c in self._columns))

    def _choose_columns(self) -> list[_Column]:
        run = self._run
        columns = [
            _Column("step", 8, lambda chunk: str(chunk.step)),
            _Column("epoch", 7, lambda chunk: str(chunk.epoch)),
            _Column("loss", 9, lambda _: rounded(self._mean())),
        ]
        if run.is_text:
            columns.append(_Column("bits", 8, lambda _: rounded(bits(self._mean()))))
        if run.recipe.train.reduction == "sum":
            columns.append(_Column("sum", 9, self._sum))
        if len(run.data.validation) > 1 and run.recipe.train.eval_every:
            columns.append(_Column("validation", 11, lambda _: rounded(self._validation)))
        columns += [
            _Column("lr", 9, lambda chunk: figure(chunk.lr)),
            _Column("gradient", 9, lambda chunk: figure(chunk.gradient_norm, 3)),
            _Column(SPEEDS[run.data.unit], 7, self._tokens_per_second),
            _Column("time", 7, lambda _: duration(run.elapsed())),
        ]
        if run.total or run.recipe.train.seconds:
            columns.append(_Column("left", 7, self._left))
        return columns

    def see(self, chunk: Chunk) -> None:
        """Print what is due after an update."""
        self._last = chunk
        self._loss_sum += chunk.loss_per_token
        self._seen += 1
        if self._passes:
            self._add_to_pass(chunk)
        if chunk.validation is not None:
            self._validation = chunk.validation
            if chunk.validation < self._best:
                self._best = chunk.validation
        if self._due(chunk):
            self._row(chunk)
        if chunk.samples:
            self._sample(chunk)

    def note(self, text: str) -> None:
        """Print a note, beside the lines: on stderr."""
        print(f"rnntui: note: {safe_text(text)}", file=sys.stderr, flush=True)

    def end(self, result: Result) -> None:
        """Print the last row, and what the network predicts and writes."""
        chunk, run = self._last, self._run
        if chunk and self._printed != chunk.step:
            self._row(chunk)
        self._lines.write("")
        self._lines.write(self._summary("done", result.final_loss))
        found = baselines(run.data) if math.isfinite(self._best) else ()
        if found:
            others = ", ".join(f"{name} {rounded(loss)}" for name, loss in found)
            self._lines.write(f"to beat: {others} on the same validation part")
        for line in predictions(run.data, result):
            self._lines.write(line)
        if result.generated:
            self._lines.write("it writes:")
            self._quote(result.samples or (result.generated,))

    def stop(self, reason: str) -> None:
        """Print how far it came."""
        if self._last is None:
            self._lines.last(f"stopped before the first update ({reason})")
        else:
            self._lines.last(self._summary(f"stopped ({reason})", self._last.loss))

    def _due(self, chunk: Chunk) -> bool:
        if self._every is not None:
            wanted = self._every and chunk.step % self._every == 0
            return bool(wanted) or chunk.validation is not None
        now = perf_counter()
        if now < self._row_due and not (self._mark and chunk.step % self._mark == 0):
            return False
        elapsed = now - self._run.began
        self._row_due = now + max(SOONEST, elapsed / ROWS_AT_ONCE)
        return True

    def _row(self, chunk: Chunk) -> None:
        self._lines.write("".join(f"{c.show(chunk):>{c.width}}" for c in self._columns))
        self._printed = chunk.step
        self._loss_sum, self._seen = 0.0, 0

    def _sample(self, chunk: Chunk) -> None:
        now = perf_counter()
        if self._every is None and now < self._sample_due:
            return
        self._sample_due = now + SAMPLES_APART
        self._lines.write(f"    after update {chunk.step} it writes:")
        self._quote(chunk.samples)

    def _quote(self, texts: tuple[str, ...]) -> None:
        for number, text in enumerate(texts, 1):
            if len(texts) > 1:
                self._lines.write(f"{INDENT}{number} of {len(texts)}")
            for line in quoted(text):
                self._lines.write(line)

    def _mean(self) -> float:
        """The loss since the last row."""
        return self._loss_sum / self._seen if self._seen else math.nan

    def _add_to_pass(self, chunk: Chunk) -> None:
        self._pass_sum = chunk.loss if chunk.starts_epoch else self._pass_sum + chunk.loss
        if chunk.ends_epoch:
            self._last_pass = self._pass_sum

    def _sum(self, chunk: Chunk) -> str:
        return rounded(self._last_pass if self._passes else chunk.loss)

    def _tokens_per_second(self, chunk: Chunk) -> str:
        return si(self._speed.at(perf_counter(), chunk.step) * chunk.tokens)

    def _left(self, chunk: Chunk) -> str:
        """Expected time: to the last update or the last second, whichever comes first."""
        ends, seconds = [], self._run.recipe.train.seconds
        if seconds:
            ends.append(seconds - self._run.elapsed())
        if self._run.total:
            speed = self._speed.at(perf_counter(), chunk.step)
            ends.append((self._run.total - chunk.step) / speed)
        return duration(max(0.0, min(ends)))

    def _summary(self, how: str, loss: float) -> str:
        run, steps = self._run, self._last.step if self._last else 0
        parts = [f"{how}: {plural(steps, 'update')} in {duration(run.elapsed())}"]
        if steps:
            loss = self._last_pass if self._passes and math.isfinite(loss) else loss
            told = rounded(loss) + self._unit() if math.isfinite(loss) else "not finite"
            parts.append(f"last loss {told}")
        if math.isfinite(self._best):
            parts.append(f"best validation {rounded(self._best)}")
        return " · ".join(parts)

    def _unit(self) -> str:
        run = self._run
        if self._passes:
            return ", summed over a pass"
        if run.recipe.train.reduction == "sum":
            return f", summed over {plural(self._last.tokens, 'step')}" if self._last else ""
        return f" nats per {run.data.unit}" if isinstance(run.data, TokenData) else ""
