"""Generates from several runs with one prompt, for a viewer that reads a line for each.

`main` is run in a process of its own, because the viewer loads no NumPy. It prints a JSON object
for each run: its `path`, and an `error`, or `text` and `notes`, as about ignored characters.
"""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

from rnntui.errors import RnntuiError
from rnntui.text import safe_text

LENGTH = 300  # tokens
MOST_TEXT = 20_000  # characters


def main(argument: str) -> int:
    """Generate as a JSON object asks: the `paths` of runs, and a `prompt`, empty for their own."""
    asked = json.loads(argument)
    for path in map(Path, asked["paths"]):
        try:
            found = _generated(path, asked["prompt"] or None)
        except RnntuiError as error:
            found = {"error": str(error)}
        except MemoryError:
            found = {"error": "not enough memory to load the network"}
        print(json.dumps({"path": str(path), **found}), flush=True)
    return 0


def _generated(path: Path, prompt: str | None) -> dict[str, Any]:
    """Return safe text or a forecast from a run's checkpoint, and notes. Raises RnntuiError."""
    from rnntui.data import TokenData
    from rnntui.runs.forecasting import forecast
    from rnntui.runs.trained_model import generate, load_model

    values = _is_series(path)
    model = load_model(path, "best" if values else "last", {"samples": "1"})
    if isinstance(model.data, TokenData):
        found = generate(model, prompt, LENGTH)
    else:
        found = forecast(model, prompt, None, None)
    text = "".join(islice(found.pieces, LENGTH + 1))
    return {"text": safe_text(text[:MOST_TEXT], newlines=True), "notes": [*found.notes]}


def _is_series(path: Path) -> bool:
    """Return whether a run predicts values. Raises RnntuiError."""
    from rnntui.runs.stored_recipe import stored_recipe

    return stored_recipe(path).data.task == "values"
