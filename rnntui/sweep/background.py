"""The process that runs a sweep without a terminal: what it would print goes to its log."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rnntui.data import load
from rnntui.errors import RnntuiError
from rnntui.sweep.run import run_sweep
from rnntui.sweep.store import open_sweep
from rnntui.text import safe_text


def main(argument: str) -> int:
    """Run the sweep that a JSON object names; return the exit status."""
    asked = json.loads(argument)
    try:
        sweep = open_sweep(Path(asked["root"]), asked["name"])
        return run_sweep(sweep, False, lambda: load(sweep.recipe), asked["jobs"], on=asked["on"])
    except RnntuiError as error:
        print(f"rnntui: {safe_text(str(error))}", file=sys.stderr)
        return error.exit_code
