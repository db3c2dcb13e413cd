"""Commands of the health view: findings and their fixes, and the gradient check."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rnntui.protocol.insight import Again, CheckGradients, Dismiss, Finding
from rnntui.protocol.messages import Fix
from rnntui.tui.command import NEEDS_TRAINING_PROCESS, Command, in_training_process, live, set_lr

if TYPE_CHECKING:
    from rnntui.tui.app import Dashboard


def _finding(app: Dashboard) -> Finding | None:
    """Return the selected finding."""
    findings = app.state.findings
    return (
        findings[max(0, min(app.display_options.finding, len(findings) - 1))] if findings else None
    )


def _select_finding(by: int) -> Callable[[Dashboard], None]:
    def select(app: Dashboard) -> None:
        options, count = app.display_options, len(app.state.findings)
        options.finding = (min(options.finding, count - 1) + by) % count
        app.main.redraw_panels(app.view.name, "footer")

    return select


def _applicable(app: Dashboard) -> bool:
    finding, state = _finding(app), app.state
    if not live(app) or finding is None or not finding.key:
        return False
    return state.restorable if finding.key == "m" else not state.ended


def _apply(app: Dashboard) -> None:
    finding, shown = _finding(app), app.state.shown
    if finding is None or shown is None:
        return
    if finding.key == "m":
        app.send_command(Fix(), "applying the suggested fix")
        return
    rates = [float(setting.value) for setting in finding.fix if setting.key == "lr"]
    set_lr(app, rates[0] if rates else shown.lr / 2)


def _repeatable(app: Dashboard) -> bool:
    finding = _finding(app)
    return live(app) and finding is not None and bool(finding.fix)


def _again(app: Dashboard) -> None:
    if finding := _finding(app):
        changes = ", ".join(f"{change.key} = {change.value}" for change in finding.fix)
        app.send_command(Again(finding.fix), f"starting a new run with {changes}")


def _dismiss(app: Dashboard) -> None:
    if finding := _finding(app):
        app.send_command(Dismiss(finding.id), f"hidden: {finding.title}")


FINDINGS = (
    Command(
        name="previous_finding",
        keys=("up",),
        sign="↑",
        footer="finding",
        help="select the previous finding",
        run=_select_finding(-1),
        available=lambda app: len(app.state.findings) > 1,
        rank=3,
        pair="select a finding",
    ),
    Command(
        name="next_finding",
        keys=("down",),
        sign="↓",
        footer="finding",
        help="select the next finding",
        run=_select_finding(1),
        available=lambda app: len(app.state.findings) > 1,
        rank=3,
    ),
    Command(
        name="apply_finding",
        keys=("enter",),
        sign="enter",
        footer="apply",
        help="apply the selected finding's fix, or its whole change of the rate",
        run=_apply,
        available=_applicable,
        rank=1,
        unavailable="no finding has a fix for this run",
    ),
    Command(
        name="again_with_fix",
        keys=("r",),
        footer="run again",
        help="start a new run with the settings that the finding suggests",
        run=_again,
        available=_repeatable,
        rank=2,
        unavailable="no finding suggests other settings",
    ),
    Command(
        name="check_gradients",
        keys=("c",),
        footer="check gradients",
        help="compare the gradient with finite differences (takes seconds)",
        run=lambda app: app.send_command(CheckGradients(), "checking the gradients"),
        available=in_training_process,
        rank=2,
        unavailable=NEEDS_TRAINING_PROCESS,
    ),
    Command(
        name="dismiss_finding",
        keys=("D",),
        footer="hide",
        help="hide the selected finding for the rest of this run",
        run=_dismiss,
        available=lambda app: in_training_process(app) and bool(app.state.findings),
        rank=5,
    ),
)
