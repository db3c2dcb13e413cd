"""The findings of a run: which rules hold now, since when, and what was found or withdrawn."""

from __future__ import annotations

from collections.abc import Iterable

from rnntui.dataclass import dataclass
from rnntui.errors import UsageError
from rnntui.insight import network_rules, training_rules  # noqa: F401  they register their rules
from rnntui.insight.history import Facts, History
from rnntui.insight.rules import RULES, Found, Rule, Signs
from rnntui.protocol.insight import Evidence, Finding, Setting
from rnntui.recipe import check, find
from rnntui.recipe.rules import Value

# The first one that holds is the most likely cause of the others; overfitting stands alone.
PRECEDENCE = (
    "unscaled-values",
    "bad-start",
    "diverging",
    "exploding",
    "bouncing",
    "overfitting",
    "clip-too-tight",
    "rate-too-low",
    "vanishing",
    "dead-units",
    "saturated",
    "window-too-short",
    "too-small",
    "frequencies-only",
    "no-better-than-last-value",
)
SHOWN = 3
LASTS = 50  # updates that a finding is kept for after its rule last held


@dataclass(frozen=True)
class Judged:
    """What a look at the signs changed; `needs_simple`: a verdict waits for simple models."""

    found: tuple[Finding, ...] = ()
    withdrawn: tuple[Finding, ...] = ()
    needs_simple: bool = False


class Findings:
    """The findings that hold, by rule. Updated by `judge` and `withdraw` only."""

    def __init__(self, active: Iterable[Finding] = (), step: int = 0) -> None:
        """`active`: those of an earlier process, which made `step` updates or more.

        They may be from updates that are about to be repeated.
        """
        self._active = {finding.id: finding for finding in active if finding.id in RULES}
        self._held = {name: max(step, found.since) for name, found in self._active.items()}

    @property
    def active(self) -> tuple[Finding, ...]:
        """All that hold, the most important first."""
        return in_order(self._active.values())

    def judge(self, facts: Facts, history: History) -> Judged:
        """Apply every rule."""
        signs, step = Signs(facts, history), history.step
        found, needs_simple = [], False
        for rule in RULES.values():
            what = rule.check(signs) if history.samples or rule.at_once else None
            if what is None:
                continue
            if rule.needs_simple and facts.simple is None and rule.id not in self._active:
                needs_simple = True
                continue
            self._held[rule.id] = step
            known = self._active.get(rule.id)
            finding = as_finding(rule, what, known.since if known else step)
            self._active[rule.id] = finding
            if known is None:
                found.append(finding)
        return Judged(in_order(found), self._withdraw(step), needs_simple)

    def withdraw(self) -> tuple[Finding, ...]:
        """Withdraw what was found about weights that have been replaced by earlier ones."""
        gone = [name for name in self._active if not RULES[name].at_once]
        return in_order([self._active.pop(name) for name in gone])

    def _withdraw(self, step: int) -> tuple[Finding, ...]:
        gone = [
            name
            for name in self._active
            if self._held[name] != step and step - self._held[name] >= LASTS
        ]
        return in_order([self._active.pop(name) for name in gone])


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The most important first."""
    return tuple(sorted(findings, key=lambda finding: PRECEDENCE.index(finding.id)))


def as_finding(rule: Rule, what: Found, since: int) -> Finding:
    """What a rule found, as a message."""
    return Finding(
        rule.id,
        since,
        rule.title,
        what.short,
        tuple(Evidence(name, float(value)) for name, value in what.evidence.items()),
        what.advice,
        tuple(Setting(key, _text(v)) for key, v in what.fix.items() if _is_accepted(key, v)),
        what.key,
    )


def _is_accepted(key: str, value: Value) -> bool:
    """Whether a recipe may have this value: ten times the most is too much."""
    try:
        check(find(key), value)
    except UsageError:
        return False
    return True


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def absent(active: Iterable[Finding]) -> tuple[str, ...]:
    """Short names of the rules that found nothing."""
    held = {finding.id for finding in active}
    return tuple(name.replace("-", " ") for name in PRECEDENCE if name not in held)
