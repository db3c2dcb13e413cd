"""A finding of each rule, with evidence: from a recorded run, or else from signs made by hand."""

from __future__ import annotations

from rnntui.insight.findings import PRECEDENCE, Findings
from rnntui.insight.history import Facts, History
from rnntui.protocol.insight import Finding
from tests.insight.table import CASES, recorded
from tests.support.signs import facts, lived, until, validated, values


def examples() -> dict[str, Finding]:
    """By id, in order of importance: preferably from a run that was made to have this problem."""
    fitting: dict[str, Finding] = {}
    others: dict[str, Finding] = {}
    for name, (known, history) in recorded().items():
        intended = CASES[name].intended if name in CASES else ""
        for finding in _findings(known, history):
            (fitting if finding.id == intended else others).setdefault(finding.id, finding)
    for known, history in _made():
        for finding in _findings(known, history):
            others.setdefault(finding.id, finding)
    return {name: (others | fitting)[name] for name in PRECEDENCE}


def _findings(known: Facts, history: History) -> list[Finding]:
    findings, found = Findings(), []
    for sample in history.samples:
        found += findings.judge(known, until(history, sample.step)).found
    return found


def _made() -> tuple[tuple[Facts, History], ...]:
    """What no recorded run has."""
    small = facts(parameters=1000, simple=(("unigram", 3.0), ("5-gram", 1.5)))
    late = values(simple=(("last value", 0.1),))
    return (
        (small, validated(lived([2.1] * 1500), [2.1], [2.1])),
        (late, validated(lived([0.3] * 1500), [0.3], [0.3])),
    )
