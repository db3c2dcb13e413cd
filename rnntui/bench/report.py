"""The findings as lines: a table for people, or a JSON object each."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import asdict
from typing import Any

from rnntui import __version__
from rnntui.bench.clock import Timing
from rnntui.bench.measure import Finding, Started, Suggestion, Trained, Wrote, describe
from rnntui.foreground.numbers import plural, si
from rnntui.text import safe_text


class Lines(ABC):
    """Turns each finding into the lines that tell it."""

    @abstractmethod
    def of(self, finding: Finding) -> list[str]:
        """The lines, none for what is only about to be measured."""


class Table(Lines):
    """Columns, each part under its head."""

    def __init__(self) -> None:
        self._part: type[Finding] | None = None

    def of(self, finding: Finding) -> list[str]:
        if isinstance(finding, Started):
            return _started(finding)
        rows = _rows(finding)
        if rows and type(finding) is not self._part:
            self._part = type(finding)
            return [*_HEADS[type(finding)], *rows]
        return rows


_HEADS: dict[type[Finding], list[str]] = {
    Trained: [
        "",
        f"  {'training':<14}{'batch x steps':>15}{'workers':>9}"
        f"{'tokens/s':>11}{'ms/update':>12}{'of peak':>10}",
    ],
    Wrote: ["", f"  {'writing':<14}{'characters/s':>35}{'µs each':>12}"],
    Suggestion: ["", "  suggested: the smallest batch that is almost as fast as any"],
}


def _started(finding: Started) -> list[str]:
    machine, peak = finding.machine, finding.peak
    software = f"Python {machine.python}, NumPy {machine.numpy} with {machine.blas}"
    return [
        safe_text(f"rnntui {__version__} · {machine.cpu}, {plural(machine.cores, 'core')}"),
        safe_text(f"  {machine.system}, {software}"),
        f"  peak of a core: {peak.rate / 1e9:.0f} GFLOP/s in float32 ({peak.what})",
    ]


def _rows(finding: Finding) -> list[str]:
    if isinstance(finding, Trained):
        workload, timing = finding.workload, finding.timing
        chunk = f"{workload.batch} x {workload.steps}"
        return [
            f"  {describe(workload):<14}{chunk:>15}{finding.workers:>9}{si(finding.rate):>11}"
            f"{1e3 * timing.median:>12.3g}{100 * finding.share:>8.0f} %"
        ]
    if isinstance(finding, Wrote):
        each = 1e6 * finding.timing.median
        return [f"  {describe(finding.workload):<14}{si(finding.rate):>35}{each:>12.3g}"]
    if isinstance(finding, Suggestion):
        rates = ", ".join(f"{batch}: {si(rate)}" for batch, rate in finding.rates)
        return [
            f"  {finding.hidden} units: --batch {finding.batch} --set workers={finding.workers}",
            f"    tokens/s by batch: {rates}; on all cores: {si(finding.crew_rate)}",
        ]
    return []


class Json(Lines):
    """One object a line, with "event" first; rates per second, times in seconds."""

    def of(self, finding: Finding) -> list[str]:
        fields = _fields(finding)
        return [json.dumps(fields)] if fields else []


def _fields(finding: Finding) -> dict[str, Any]:
    if isinstance(finding, Started):
        peak = {"peak_flops": finding.peak.rate, "peak_of": finding.peak.what}
        return {"event": "machine", **asdict(finding.machine), **peak}
    if isinstance(finding, Trained):
        network = {**asdict(finding.workload), "workers": finding.workers}
        rates = {"tokens_per_s": finding.rate, "share_of_peak": finding.share}
        return {"event": "training", **network, **rates, **_seconds(finding.timing)}
    if isinstance(finding, Wrote):
        network = {key: getattr(finding.workload, key) for key in ("cell", "hidden", "layers")}
        rate = {"characters_per_s": finding.rate}
        return {"event": "writing", **network, **rate, **_seconds(finding.timing)}
    if isinstance(finding, Suggestion):
        chosen = {key: getattr(finding, key) for key in ("hidden", "batch", "workers")}
        by_batch = {"tokens_per_s_by_batch": dict(finding.rates)}
        crew = {"tokens_per_s_on_all_cores": finding.crew_rate}
        return {"event": "suggestion", **chosen, **by_batch, **crew}
    return {}


def _seconds(timing: Timing) -> dict[str, float]:
    """Of one update or character."""
    return {"seconds": timing.median, "seconds_least": timing.least, "seconds_most": timing.most}
