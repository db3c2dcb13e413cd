"""A second run whose losses the dashboard shows beside those of its own, read without NumPy."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rnntui.errors import RnntuiError
from rnntui.runs.compared.comparable import why_not
from rnntui.runs.compared.following import FixedList, FollowedRuns
from rnntui.runs.store.scan import run_paths
from rnntui.text import safe_text
from rnntui.tui.draw.loss_overlay import LossOverlay
from rnntui.tui.screens.setting_choices import Choice

if TYPE_CHECKING:
    from textual.timer import Timer

    from rnntui.tui.app import Dashboard

FOLLOW_SECONDS = 1.0
SLICE = 0.02  # seconds of reading between two keys
WORD = "overlay"


class OverlaidRun:
    """The run, followed while it trains; `refusal` says why its losses cannot be compared."""

    def __init__(self, app: Dashboard, path: Path) -> None:
        self._app = app
        self.path = path
        self._followed = FollowedRuns(FixedList((path,)))
        self.refusal = self._refusal()
        self._timer: Timer | None = None

    def _refusal(self) -> str:
        (run,) = self._followed.runs
        if not run.readable:
            return run.problem or "its settings cannot be read"
        own = own_path(self._app)
        if own is None:
            return ""
        return why_not((*FollowedRuns(FixedList((own,))).runs, run))

    def start(self) -> None:
        """Show its losses from now on."""
        self._timer = self._app.set_interval(FOLLOW_SECONDS, self._follow)
        self._read()

    def stop(self) -> None:
        """Show it no more."""
        if self._timer is not None:
            self._timer.stop()
        self._show(None)

    def _follow(self) -> None:
        if self._followed.refresh():
            self._read()

    def _read(self) -> None:
        if self._app.overlaid is not self:
            return
        if self._followed.read(SLICE):
            self._app.set_timer(0.001, self._read)
        (run,) = self._followed.runs
        curve = run.curve
        self._show(
            LossOverlay(
                run.name,
                [*zip(curve.smoothed.updates, curve.smoothed.losses, strict=True)],
                [*zip(curve.validations.updates, curve.validations.losses, strict=True)],
            )
        )

    def _show(self, overlay: LossOverlay | None) -> None:
        self._app.display_options.overlay = overlay
        self._app.main.redraw_panels("plot")


def own_path(app: Dashboard) -> Path | None:
    """Return the directory of the dashboard's run, if it is saved."""
    name = app.state.welcome.run if app.state.welcome else ""
    return app.runs / name if app.runs is not None and name else None


def overlay_choices(app: Dashboard) -> list[Choice]:
    """Return a choice of the palette for each other run of the directory."""
    if app.runs is None or not app.view.has("plot"):
        return []
    own, shown = own_path(app), app.overlaid.path if app.overlaid else None
    try:
        paths = [path for path in run_paths(app.runs) if path not in (own, shown)]
    except RnntuiError:
        return []
    out = [
        Choice(f"{WORD} {safe_text(path.name)}", "", "its losses on the plot", partial(_show, path))
        for path in paths
    ]
    if shown is not None:
        out.insert(0, Choice(f"{WORD} none", "", "remove the second run from the plot", _remove))
    return out


def _show(path: Path, app: Dashboard) -> None:
    found = OverlaidRun(app, path)
    if found.refusal:
        app.show_notice(f"not comparable: {found.refusal}", "warning")
        return
    _remove(app)
    app.overlaid = found
    found.start()
    app.show_notice(f"{safe_text(path.name)} is on the loss plot")


def _remove(app: Dashboard) -> None:
    if app.overlaid is not None:
        app.overlaid.stop()
        app.overlaid = None
