"""Runs the measurements and prints what they find."""

from __future__ import annotations

import sys

from rnntui.bench.measure import Next, measure
from rnntui.bench.report import Json, Lines, Table
from rnntui.foreground.stopping import Stopped, stoppable

CLEAR_LINE = "\r\x1b[K"


def bench(seconds: float, as_json: bool) -> int:
    """Measure this machine; the exit code, also that of a signal that ends it.

    Findings go to stdout as they come; what is under way is shown on stderr if that is a terminal.
    """
    lines: Lines = Json() if as_json else Table()
    shown = sys.stderr.isatty()
    with stoppable():
        try:
            for finding in measure(seconds):
                if shown:
                    under_way = f"… {finding.what}" if isinstance(finding, Next) else ""
                    print(f"{CLEAR_LINE}{under_way}", end="", file=sys.stderr, flush=True)
                for line in lines.of(finding):
                    print(line, flush=True)
        except Stopped as stop:
            return stop.code
        finally:
            if shown:
                print(CLEAR_LINE, end="", file=sys.stderr, flush=True)
    return 0
