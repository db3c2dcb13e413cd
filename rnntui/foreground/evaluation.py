"""Format the result of `eval` as lines of text or one line of JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rnntui.foreground.json_report import json_line
from rnntui.nn.dynamic import CHUNK
from rnntui.numbers import bits, count, figure, perplexity, plural
from rnntui.runs.evaluation import Evaluation
from rnntui.text import cell_width, fit, pad, safe_text

DIGITS = 6
_NAME_WIDTH = 40


def as_json(found: Evaluation) -> str:
    """Format the result as one JSON object."""
    more: dict[str, Any] = {}
    if found.is_text:
        more |= {"bits": bits(found.loss), "perplexity": perplexity(found.loss)}
        more |= {"left_out": found.left_out, "left_out_share": found.left_out / found.total}
    if found.cold:
        more["cold"] = asdict(found.cold)
    if found.dynamic:
        more["dynamic"] = asdict(found.dynamic)
    more["baselines"] = dict(found.baselines)
    if found.columns:
        more["columns"] = [asdict(column) for column in found.columns]
        more["compared"] = found.compared
    event = {"event": "eval", "step": found.step, "loss": found.loss, "steps": found.steps}
    return json_line({**event, **more})


def as_text(found: Evaluation) -> str:
    """Format the loss, a line per baseline, and for values the errors of each column."""
    words = [f"loss {figure(found.loss, DIGITS)}"]
    if found.is_text:
        words[0] += f" nats per {found.unit}"
        words.append(f"{figure(bits(found.loss), 5)} bits")
        words.append(f"perplexity {figure(perplexity(found.loss))}")
        words.append(plural(found.steps, found.unit))
    else:
        words[0] += " (half the squared error)"
        words.append(plural(found.steps, "time step"))
    if found.left_out:
        ignored = f"ignored (not in the vocabulary): {count(found.left_out)}"
        words.append(f"{ignored} ({_percentage(found)})")
    words.append(f"weights of update {count(found.step)}")
    lines = [" · ".join(words), *_other_protocols(found)]
    lines += [f"baseline: {name} {figure(loss, DIGITS)}" for name, loss in found.baselines]
    return "\n".join([*lines, *_tables(found)])


def _other_protocols(found: Evaluation) -> Iterator[str]:
    """Format the losses of the same weights and text, measured in other ways."""
    if cold := found.cold:
        error = "" if cold.error is None else f" ± {figure(cold.error, 2)}"
        windows = f"{plural(cold.windows, 'random window')} of {count(cold.length)}"
        yield f"cold: {figure(cold.loss, DIGITS)}{error} · {windows}, each from the zero state"
    if dynamic := found.dynamic:
        how = f"SGD, rate {dynamic.rate:g}, on every {CHUNK} {found.unit}s once they are counted"
        yield f"dynamic: {figure(dynamic.loss, DIGITS)} · {how}"


def _percentage(found: Evaluation) -> str:
    return f"{figure(100 * found.left_out / found.total, 2)} %"


def _tables(found: Evaluation) -> list[str]:
    """Format the errors in the units of the file: rows are columns of it, columns are methods."""
    if not found.columns:
        return []
    methods = list(dict.fromkeys(name for column in found.columns for name in column.methods))
    lines = [
        f"errors in the units of the file, one row ahead, over {plural(found.compared, 'row')}:"
    ]
    for kind in ("rmse", "mae"):
        rows: list[list[str]] = [[kind, *methods]]
        for column in found.columns:
            errors = (column.methods.get(name) for name in methods)
            cells = ("–" if e is None else figure(getattr(e, kind), DIGITS) for e in errors)
            rows.append([fit(safe_text(column.name), _NAME_WIDTH), *cells])
        widths = [max(map(cell_width, cells)) for cells in zip(*rows, strict=True)]
        lines += ["  ".join(_aligned(row, widths)).rstrip() for row in rows]
    return lines


def _aligned(row: list[str], widths: list[int]) -> list[str]:
    first, *others = zip(row, widths, strict=True)
    return [pad(*first), *(pad(text, width, ">") for text, width in others)]
