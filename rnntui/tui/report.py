"""The short report printed after the dashboard has closed."""

from __future__ import annotations

import textwrap

from rnntui.forecast.verdict import verdict
from rnntui.numbers import column_texts, count, finite, plural, rounded
from rnntui.protocol.messages import Snapshot
from rnntui.text import safe_text
from rnntui.tui.state import RunState

SAMPLE_LINES = 4
MOST_TARGETS = 3  # columns whose forecasts are judged
WIDTH = 78


def report(state: RunState, stopped: bool = True) -> str:
    """Return a plain-text summary of the run and its last sample; empty before update 1."""
    snapshot = state.snapshot
    if snapshot is None or snapshot.step == 0:
        return _left_early(state)
    # A run that isn't saved ends with its process; if it had finished before, it has finished.
    ended = state.ending if state.ending and snapshot.state != "finished" else None
    state_now = ended.state if ended else snapshot.state
    how = "stopped" if stopped else "detached"
    how = how if state_now in ("training", "paused") else state_now
    head = f"{safe_text(state.recipe.name)}: {how} after {count(snapshot.step)} updates"
    loss = snapshot.numbers.loss_per_token if snapshot.numbers else None
    summary = [
        ("trained", f"{snapshot.epoch:.2f} epochs in {_time(snapshot.elapsed)}"),
        ("loss", f"{_loss(loss)} {_unit(state)} in the last update"),
        ("", _mean(snapshot)),
    ]
    if snapshot.validation is not None:
        summary.append(
            ("validation", f"{_loss(snapshot.validation)}, best {_loss(snapshot.best_validation)}")
        )
    summary += _forecasts(state)
    summary.append(("settings", f"learning rate {snapshot.lr:.4g}, seed {state.recipe.train.seed}"))
    lines = [head, *(f"  {name:<11} {text}" for name, text in summary), *_sample(state)]
    return "\n".join(lines)


def _forecasts(state: RunState) -> list[tuple[str, str]]:
    """Return how well the run forecasts, as far as it was measured."""
    found = state.backtest
    if found is None or not found.targets:
        said = (
            state.generated.outlook.verdict if state.generated and state.generated.outlook else ""
        )
        return [("forecasts", said)] if said else []
    lines: list[tuple[str, str]] = []
    for target in found.targets[:MOST_TARGETS]:
        rmse = {method.name: method.rmse for method in target.methods}
        of = f" of {target.target}" if found.columns > 1 else ""
        said = verdict(rmse, state.recipe.sample.method).text.split(";")[0]
        what = f"{plural(target.horizon, 'row')} ahead{of}: {said}"
        lines += [("" if lines or n else "forecasts", text) for n, text in enumerate(_lines(what))]
    return lines


def _lines(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH - 14)


def _left_early(state: RunState) -> str:
    """Return how a run ended whose numbers had not arrived; empty if it made no update."""
    if state.ending is None or not (made := _updates(state)):
        return ""
    name = safe_text(state.recipe.name)
    return f"{name}: {state.ending.state} after {plural(made, 'update')}"


def _updates(state: RunState) -> int:
    """Return the number of updates of an ended run."""
    if state.end_message is not None:
        return state.end_message.step
    return state.ending.status.step if state.ending and state.ending.status else 0


def _mean(snapshot: Snapshot) -> str:
    """Return the mean over the last updates, and the lowest such mean."""
    lowest = f"lowest {_loss(snapshot.best)}"
    if snapshot.averaged <= 1:
        return lowest
    return f"mean of the last {snapshot.averaged} updates {_loss(snapshot.smooth)}, {lowest}"


def return_commands(
    state: RunState, alive: bool, known: str | None = None, existed: bool = False
) -> str:
    """Return the commands for the run as it was left; empty if it was not saved.

    `known`: the run's name as far as known before the training process tells it; empty: the newest
    run; None: it is not saved. `existed`: it had been saved before this process trained it.
    """
    runs_on = alive and state.ending is None
    if state.welcome is not None:
        run = state.welcome.run or None
    else:
        run = known if runs_on or existed or _updates(state) else None
    if run is None:
        return (
            "\n".join(_wrapped("not saved", safe_text(state.not_saved))) if state.not_saved else ""
        )
    standing = state.shown.state if state.shown else "loading"
    # A process that has reported its end may take a moment more to exit on a busy machine.
    if runs_on and standing in ("loading", "training", "paused"):
        return f"training continues: rnntui attach {run}".rstrip()
    resume, generate = f"rnntui resume {run}".rstrip(), f"rnntui generate {run}".rstrip()
    if state.saved is None:  # nothing to generate from
        return f"  {'saved':<11} {resume}"
    saved = (generate,) if standing == "finished" else (resume, generate)
    export = f"rnntui export {run} --to html".replace("  ", " ")
    listed = _beside("export", export, "(--list: every format)", between=" ")
    return "\n".join([*_beside("saved", *saved), *listed])


def started_runs(state: RunState) -> str:
    """Return the runs that were started from this one, which are not stopped with it."""
    runs = state.snapshot.runs if state.snapshot else ()
    return "\n".join(
        line
        for n, name in enumerate(map(safe_text, runs))
        for line in (
            f"  {'' if n else 'new run':<11} {name} trains by itself:",
            *_beside("", f"rnntui attach {name}", f"rnntui stop {name}"),
        )
    )


def _beside(name: str, *commands: str, between: str = "  ·  ") -> list[str]:
    """Return a line with commands, or a line for each if they are too long: none is broken."""
    whole = between.join(commands)
    lines = [whole] if len(whole) <= WIDTH - 14 else commands
    return [f"  {'' if n else name:<11} {line}" for n, line in enumerate(lines)]


def _sample(state: RunState) -> list[str]:
    generated = state.generated
    if generated is None:
        return []
    if state.values:
        columns = [column_texts(column) for column in zip(*generated.values, strict=True)]
        return _wrapped("forecast", "  ".join(map(" ".join, zip(*columns, strict=True))))
    return (
        _wrapped("generated", safe_text(generated.prompt + generated.text))
        if generated.text
        else []
    )


def _wrapped(name: str, text: str) -> list[str]:
    lines = textwrap.wrap(text, WIDTH - 14)
    if len(lines) > SAMPLE_LINES:
        lines = [*lines[: SAMPLE_LINES - 1], lines[SAMPLE_LINES - 1][: WIDTH - 16] + " …"]
    return [f"  {name if not i else '':<11} {line}" for i, line in enumerate(lines)]


def _loss(value: float | None) -> str:
    return rounded(value) if finite(value) else "not finite"


def _unit(state: RunState) -> str:
    if state.values:
        return "(half squared error per time step)"
    return f"nats per {state.unit}"


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
