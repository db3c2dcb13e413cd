"""One JSON object per line. A non-finite number is null, and its object has "nonfinite": true."""

from __future__ import annotations

import json
import math
from time import perf_counter
from typing import Any

from rnntui.foreground.backtest_event import event_of
from rnntui.foreground.report import Lines, Run, Speed
from rnntui.numbers import bits, perplexity, plural
from rnntui.recipe.recipe import parsed
from rnntui.session.findings import Change
from rnntui.text import safe_json
from rnntui.training.loop import Chunk, Result
from rnntui.update_numbers import event_fields

EVERY = 100


class JsonReport:
    """Print events as objects: step, epoch, eval, sample, note, and done at the end.

    `epoch` events, with the summed loss of a pass, are printed for recipes with seq_len = 1 if each
    update is printed.
    """

    def __init__(self, lines: Lines, every: int | None) -> None:
        self._lines = lines
        self._every = EVERY if every is None else every
        self._begun = False
        self._validated: int | None = None  # update of the last validation that was printed

    def begin(self, run: Run) -> None:
        """Print a note with the data, the split and the number of workers."""
        self._run, self._begun, self._validated = run, True, run.validated
        self._speed = Speed(perf_counter(), run.step)
        self._passes = run.one_step and self._every == 1
        workers = plural(run.workers, "worker")
        kept = f"; stored as {run.name}" if run.name else ""
        self.note(f"{run.recipe.name}: {run.data.name}, {run.data.split}; {workers}{kept}")

    def see(self, chunk: Chunk) -> None:
        """Print the events of an update."""
        every = self._every
        if every and (chunk.step % every == 0 or not chunk.applied):
            self._step(chunk)
            if self._passes and chunk.ends_epoch:
                self._pass(chunk)
        if chunk.validation is not None:
            self._eval(chunk.epoch, chunk.validation)
        for number, text in enumerate(chunk.samples, 1):
            several = {"number": number} if len(chunk.samples) > 1 else {}
            self._print(event="sample", step=chunk.step, **several, text=text)

    def note(self, text: str) -> None:
        """Print a note."""
        self._print(event="note", text=text)

    def change(self, change: Change) -> None:
        """Print a finding that was found or withdrawn."""
        finding = change.finding
        self._print(
            event="finding",
            id=finding.id,
            state=change.state,
            step=change.step,
            title=finding.title,
            evidence={one.name: one.value for one in finding.evidence},
            fix=parsed({one.key: one.value for one in finding.fix}) or None,
        )

    def end(self, result: Result) -> None:
        """Print the end, with predictions and generated text."""
        if self._validated != self._run.validated:  # if a time limit ended the run
            loss = self._run.validation
            self._eval(self._run.epoch, math.nan if loss is None else loss)
        more: dict[str, Any] = {}
        if result.predicted is not None:
            more["predicted"] = result.predicted
        if result.generated is not None:
            more["generated"] = result.generated
        if result.samples:
            more["samples"] = result.samples
        if tests := self._run.backtests():
            more["backtest"] = [event_of(test) for test in tests]
        self._lines.write(_line(self._done(result.final_loss, **more)))

    def stop(self, reason: str) -> None:
        """Print an early end with its reason."""
        loss = self._run.last_loss if self._begun and self._run.step else None
        self._lines.last(_line(self._done(loss, stopped=reason)))

    def _done(self, loss: float | None, **more: Any) -> dict[str, Any]:
        run = self._run if self._begun else None
        return {
            "event": "done",
            "steps": run.step if run else 0,
            "loss": loss,
            "best": run.best if run else None,
            "seconds": round(run.elapsed(), 6) if run and run.step else 0.0,
            **more,
        }

    def _step(self, chunk: Chunk) -> None:
        speed = self._speed.at(perf_counter(), chunk.step)
        self._print(
            event="step",
            **event_fields(chunk.numbers),
            tokens_per_s=round(speed * chunk.tokens, 1),
        )

    def _pass(self, chunk: Chunk) -> None:
        loss = self._run.last_pass
        if not math.isnan(loss) or math.isnan(chunk.loss):
            self._print(event="epoch", epoch=chunk.epoch, step=chunk.step, loss=loss)

    def _eval(self, epoch: int, loss: float) -> None:
        self._validated = self._run.step
        derived = {"bits": bits(loss), "perplexity": perplexity(loss)} if self._run.is_text else {}
        self._print(
            event="eval",
            step=self._run.step,
            epoch=epoch,
            loss=loss,
            **derived,
            best=self._run.best,
        )

    def _print(self, **event: Any) -> None:
        self._lines.write(_line(event))


def _line(event: dict[str, Any]) -> str:
    try:
        line = json.dumps(event, allow_nan=False)
    except ValueError:
        line = json.dumps({**_finite(event), "nonfinite": True}, allow_nan=False)
    return safe_json(line)


def _finite(value: Any) -> Any:
    """Replace each non-finite number by None."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def json_line(event: dict[str, Any]) -> str:
    """Format an event as one line of JSON, with null for a non-finite number."""
    return _line(event)
