"""Run the measurements and print the results."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from rnntui.bench.machine import this_machine
from rnntui.bench.measure import Next, measure
from rnntui.bench.plans import measure_plans
from rnntui.bench.report import Json, Lines, Result, Table
from rnntui.foreground.stopping import Stopped, stoppable

CLEAR_LINE = "\r\x1b[K"


def bench(seconds: float, as_json: bool) -> int:
    """Measure this machine; return the exit code, also after a signal.

    Results are printed to stdout as they become available. If stderr is a terminal, it shows the
    current measurement.
    """
    return _print(measure(seconds), as_json)


def bench_plans(as_json: bool) -> int:
    """Show which kernels trials choose here, in the same way."""

    def results() -> Iterator[Result]:
        yield this_machine()
        yield from measure_plans()

    return _print(results(), as_json)


def _print(results: Iterable[Result], as_json: bool) -> int:
    lines: Lines = Json() if as_json else Table()
    show_progress = sys.stderr.isatty()
    with stoppable():
        try:
            for finding in results:
                if show_progress:
                    current = f"… {finding.what}" if isinstance(finding, Next) else ""
                    print(f"{CLEAR_LINE}{current}", end="", file=sys.stderr, flush=True)
                for line in lines.format(finding):
                    print(line, flush=True)
        except Stopped as stop:
            return stop.code
        finally:
            if show_progress:
                print(CLEAR_LINE, end="", file=sys.stderr, flush=True)
    return 0
