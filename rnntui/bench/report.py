"""Format the results as a table, or as one JSON object each."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import asdict
from typing import Any

from rnntui import __version__
from rnntui.bench.clock import Timing
from rnntui.bench.machine import Machine
from rnntui.bench.measure import Finding, Generated, Started, Suggestion, Trained, describe
from rnntui.bench.plans import Planned
from rnntui.numbers import plural, si
from rnntui.text import safe_text

Result = Finding | Machine | Planned


class Lines(ABC):
    """Formats results as lines."""

    @abstractmethod
    def format(self, finding: Result) -> list[str]:
        """Format a result; the start of a measurement has no lines."""


class Table(Lines):
    """A table with a heading above each part."""

    def __init__(self) -> None:
        self._part: type[Finding] | None = None

    def format(self, finding: Result) -> list[str]:
        if isinstance(finding, Started):
            return _started(finding)
        if isinstance(finding, Machine):
            return [*_machine(finding), "", *_PLAN_LEGEND]
        if isinstance(finding, Planned):
            return _plan_rows(finding)
        rows = _rows(finding)
        if rows and type(finding) is not self._part:
            self._part = type(finding)
            return [*_HEADS[type(finding)], *rows]
        return rows


_PLAN_LEGEND = [
    "  Each kernel that a trial tries: its time ÷ that of the one used before (below 1: faster).",
]


def _plan_rows(finding: Planned) -> list[str]:
    workload = finding.workload
    network = f"{describe(workload)}, {workload.batch} x {workload.steps}"
    gain = f"a gradient is {finding.gain:.3g} times as fast" if finding.gain != 1 else "no change"
    rows = ["", f"  {network:<24}{gain} (trial of {finding.seconds:.2g} s)"]
    for one in finding.tried:
        chosen = "  chosen" if one.chosen else ""
        rows.append(f"    {one.kernel:<10}{one.value:<9}{one.ratio:>6.2f}{chosen}")
    return rows


_HEADS: dict[type[Finding], list[str]] = {
    Trained: [
        "",
        f"  {'training':<14}{'batch x steps':>15}{'workers':>9}"
        f"{'tokens/s':>11}{'ms/update':>12}{'of peak':>10}",
    ],
    Generated: ["", f"  {'generation':<14}{'characters/s':>35}{'µs/char':>12}"],
    Suggestion: ["", "  suggested: the smallest batch with at least 90 % of the highest speed"],
}


def _started(finding: Started) -> list[str]:
    peak = finding.peak
    return [
        *_machine(finding.machine),
        f"  peak of one core: {peak.rate / 1e9:.0f} GFLOP/s in float32 ({peak.what})",
    ]


def _machine(machine: Machine) -> list[str]:
    software = f"Python {machine.python}, NumPy {machine.numpy} with {machine.blas}"
    cpu = f"{machine.cpu}, {machine.vector}" if machine.vector else machine.cpu
    return [
        safe_text(f"rnntui {__version__} · {cpu}, {plural(machine.cores, 'core')}"),
        safe_text(f"  {machine.system}, {software}"),
    ]


def _rows(finding: Finding) -> list[str]:
    if isinstance(finding, Trained):
        workload, timing = finding.workload, finding.timing
        chunk = f"{workload.batch} x {workload.steps}"
        return [
            f"  {describe(workload):<14}{chunk:>15}{finding.workers:>9}{si(finding.rate):>11}"
            f"{1e3 * timing.median:>12.3g}{100 * finding.share:>8.0f} %"
        ]
    if isinstance(finding, Generated):
        each = 1e6 * finding.timing.median
        return [f"  {describe(finding.workload):<14}{si(finding.rate):>35}{each:>12.3g}"]
    if isinstance(finding, Suggestion):
        rates = ", ".join(f"{batch}: {si(rate)}" for batch, rate in finding.rates)
        return [
            f"  {finding.hidden} units: --batch {finding.batch} --set workers={finding.workers}",
            f"    tokens/s by batch: {rates}; on all cores: {si(finding.all_cores_rate)}",
        ]
    return []


class Json(Lines):
    """One object per line, with "event" first; rates per second, times in seconds."""

    def format(self, finding: Result) -> list[str]:
        fields = _fields(finding)
        return [json.dumps(fields)] if fields else []


def _fields(finding: Result) -> dict[str, Any]:
    if isinstance(finding, Machine):
        return {"event": "machine", **asdict(finding)}
    if isinstance(finding, Planned):
        found = {key: getattr(finding, key) for key in ("seconds", "gain")}
        tried = [asdict(one) for one in finding.tried]
        plan = {"kernels": str(finding.kernels), **found, "tried": tried}
        return {"event": "plan", **asdict(finding.workload), **plan}
    if isinstance(finding, Started):
        peak = {"peak_flops": finding.peak.rate, "peak_of": finding.peak.what}
        return {"event": "machine", **asdict(finding.machine), **peak}
    if isinstance(finding, Trained):
        network = {**asdict(finding.workload), "workers": finding.workers}
        rates = {"tokens_per_s": finding.rate, "share_of_peak": finding.share}
        return {"event": "training", **network, **rates, **_seconds(finding.timing)}
    if isinstance(finding, Generated):
        network = {key: getattr(finding.workload, key) for key in ("cell", "hidden", "layers")}
        rate = {"characters_per_s": finding.rate}
        return {"event": "writing", **network, **rate, **_seconds(finding.timing)}
    if isinstance(finding, Suggestion):
        chosen = {key: getattr(finding, key) for key in ("hidden", "batch", "workers")}
        by_batch = {"tokens_per_s_by_batch": dict(finding.rates)}
        all_cores = {"tokens_per_s_on_all_cores": finding.all_cores_rate}
        return {"event": "suggestion", **chosen, **by_batch, **all_cores}
    return {}


def _seconds(timing: Timing) -> dict[str, float]:
    """Seconds per update or per character."""
    return {"seconds": timing.median, "seconds_least": timing.least, "seconds_most": timing.most}
