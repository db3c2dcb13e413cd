"""`rnntui status`: how far a run is, once or until it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from rnntui.cli import completion
from rnntui.cli.group import cli
from rnntui.cli.sharing import run_path, runs_dir_option

if TYPE_CHECKING:
    from rnntui.runs.listing import ListedRun
    from rnntui.runs.store.summary import RunSummary

_LOOK_EVERY = 1.0  # seconds: a status is written that often
_LINES_SO_FAR = 60  # the longer a run is followed, the rarer are the lines


@cli.command(short_help="Show how far a run is.")
@click.argument("run", required=False, shell_complete=completion.runs)
@click.option("--json", is_flag=True, help="Print one JSON object, or one per change.")
@click.option("--follow", is_flag=True, help="Print a line when the run has changed, to its end.")
@runs_dir_option
def status(run: str | None, json: bool, follow: bool, runs_dir: str | None) -> int:
    """Show the status of RUN, also while it is training, without a dashboard.

    Without RUN, the newest run is used. The beginning of a name is enough. The run does not notice:
    its files are read, which are at most a second old.

    With --follow, the exit code is that of train once the run has ended: 0 if it finished or was
    asked to stop, 1 if it diverged, 130 or 143 if a signal stopped it, 70 if it crashed or was
    killed, 74 if something could not be saved.

    \b
    Examples:
      rnntui status
      rnntui status tales-1 --json
      rnntui status tales-1 --follow      until it ends
    """
    from rnntui.cli.run_table import status_json
    from rnntui.cli.status_text import status_line, status_lines
    from rnntui.runs.listing import read_run

    path = run_path(runs_dir, run)
    found = read_run(path)
    first = status_json(found) if json else "\n".join(status_lines(found, time.time()))
    click.echo(first)
    if follow and found.summary.active:
        for later in _changes(lambda: read_run(path, measure=json), found, rare=not json):
            found = later
            click.echo(status_json(later) if json else status_line(later))
    return end_code(found.summary) if follow else 0


def end_code(run: RunSummary) -> int:
    """Return the exit code that `train` has, or would have, for a run that has ended like this."""
    from rnntui.errors import DataError, EngineError, RnntuiError, RunError
    from rnntui.runs.store.status import ENDED

    recorded = run.exit_code if run.exit_code is not None and 0 < run.exit_code < 256 else 0
    if not run.usable:
        return DataError.exit_code
    if run.state not in ENDED:  # its process is gone, without a word
        return EngineError.exit_code
    if run.state == "failed":
        return recorded or EngineError.exit_code
    if run.state == "diverged":
        return recorded or RnntuiError.exit_code
    return recorded or (RunError.exit_code if run.unsaved else 0)


def _changes(read: Callable[[], ListedRun], before: ListedRun, rare: bool) -> Iterator[ListedRun]:
    """Yield a run when it has changed, and when it has ended; `rare`: ever more rarely."""
    began = printed = time.monotonic()
    while before.summary.active:
        shown = before.summary.step, before.summary.state
        time.sleep(_LOOK_EVERY)
        found, now = read(), time.monotonic()
        is_new = (found.summary.step, found.summary.state) != shown
        pause = (now - began) / _LINES_SO_FAR if rare else 0.0
        if not found.summary.active or (is_new and now - printed >= pause):
            before, printed = found, now
            yield found
