"""One JSON object a line. A number that is not finite is null, and the object says so."""

from __future__ import annotations

import json
import math
from time import perf_counter
from typing import Any

from rnntui.foreground.numbers import plural
from rnntui.foreground.report import Lines, Run, Speed, bits, perplexity
from rnntui.text import safe_json
from rnntui.trainer import Chunk, Result

EVERY = 100


class JsonReport:
    """Events as objects: step, epoch, eval, sample, note, and last done.

    `epoch` events, with the summed loss of a pass, come for one-step recipes when each update is
    printed.
    """

    def __init__(self, lines: Lines, every: int | None) -> None:
        self._lines = lines
        self._every = EVERY if every is None else every
        self._best = math.inf
        self._pass_loss: float | None = None
        self._last: Chunk | None = None

    def begin(self, run: Run) -> None:
        """Name the data, the split and how many processes train."""
        self._run = run
        self._speed = Speed(run.began)
        self._passes = run.one_step and self._every == 1
        workers = plural(run.workers, "worker")
        kept = f"; kept as {run.name}" if run.name else ""
        self.note(f"{run.recipe.name}: {run.data.name}, {run.data.split}; {workers}{kept}")

    def see(self, chunk: Chunk) -> None:
        """Print what is due after an update."""
        self._last = chunk
        every = self._every
        if every and (chunk.step % every == 0 or not chunk.applied):
            self._step(chunk)
            if self._passes:
                self._pass(chunk)
        if chunk.validation is not None:
            self._eval(chunk, chunk.validation)
        for number, text in enumerate(chunk.samples, 1):
            several = {"number": number} if len(chunk.samples) > 1 else {}
            self._print(event="sample", step=chunk.step, **several, text=text)

    def note(self, text: str) -> None:
        """Print a note."""
        self._print(event="note", text=text)

    def end(self, result: Result) -> None:
        """Print the end and what the network predicts and writes."""
        more: dict[str, Any] = {}
        if result.predicted is not None:
            more["predicted"] = result.predicted
        if result.generated is not None:
            more["generated"] = result.generated
        if result.samples:
            more["samples"] = result.samples
        self._lines.write(_line(self._done(result.final_loss, **more)))

    def stop(self, reason: str) -> None:
        """Print an early end and its reason."""
        loss = None if self._last is None else self._last.loss
        self._lines.last(_line(self._done(loss, stopped=reason)))

    def _done(self, loss: float | None, **more: Any) -> dict[str, Any]:
        chunk = self._last
        return {
            "event": "done",
            "steps": chunk.step if chunk else 0,
            "loss": loss,
            "best": self._best_validation(),
            "seconds": round(self._run.elapsed(), 6) if chunk else 0.0,
            **more,
        }

    def _step(self, chunk: Chunk) -> None:
        speed = self._speed.at(perf_counter(), chunk.step)
        self._print(
            event="step",
            step=chunk.step,
            epoch=chunk.epoch,
            loss=chunk.loss,
            lr=chunk.lr,
            grad_norm=chunk.gradient_norm,
            tokens_per_s=round(speed * chunk.tokens, 1),
        )

    def _pass(self, chunk: Chunk) -> None:
        if chunk.starts_epoch:
            self._pass_loss = 0.0
        if self._pass_loss is None:
            return
        self._pass_loss += chunk.loss
        if chunk.ends_epoch:
            self._print(event="epoch", epoch=chunk.epoch, step=chunk.step, loss=self._pass_loss)

    def _eval(self, chunk: Chunk, loss: float) -> None:
        if loss < self._best:
            self._best = loss
        derived = {"bits": bits(loss), "perplexity": perplexity(loss)} if self._run.is_text else {}
        self._print(
            event="eval",
            step=chunk.step,
            epoch=chunk.epoch,
            loss=loss,
            **derived,
            best=self._best_validation(),
        )

    def _best_validation(self) -> float | None:
        return self._best if math.isfinite(self._best) else None

    def _print(self, **event: Any) -> None:
        self._lines.write(_line(event))


def _line(event: dict[str, Any]) -> str:
    try:
        line = json.dumps(event, allow_nan=False)
    except ValueError:
        line = json.dumps({**_finite(event), "nonfinite": True}, allow_nan=False)
    return safe_json(line)


def _finite(value: Any) -> Any:
    """The same with null for each number that is not finite."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
