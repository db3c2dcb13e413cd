"""The short report in the scrollback after leaving."""

from __future__ import annotations

import textwrap

from rnntui.text import safe_text
from rnntui.tui.draw.numbers import count
from rnntui.tui.state import RunState

SAMPLE_LINES = 4
WIDTH = 78


def report(state: RunState, stopped: bool = True) -> str:
    """What ran, how far it came and what it wrote last, as plain lines; empty before update 1."""
    last = state.snapshot
    if last is None or last.step == 0:
        return ""
    state_now = state.ending.state if state.ending else last.state
    how = "stopped" if stopped else "left"
    how = how if state_now in ("training", "paused") else state_now
    head = f"{safe_text(state.recipe.name)}: {how} after {count(last.step)} updates"
    facts = [
        ("trained", f"{last.epoch:.2f} epochs in {_time(last.elapsed)}"),
        ("loss", f"{_loss(last.smooth)} {_unit(state)}, best {_loss(last.best)}"),
    ]
    if last.validation is not None:
        facts.append(
            ("validation", f"{_loss(last.validation)}, best {_loss(last.best_validation)}")
        )
    facts.append(("settings", f"learning rate {last.lr:.4g}, seed {state.recipe.train.seed}"))
    lines = [head, *(f"  {name:<11} {text}" for name, text in facts), *_sample(state)]
    return "\n".join(lines)


def where(state: RunState, alive: bool) -> str:
    """How to come back to the run, or what can be done with it; empty where nothing is kept."""
    run = state.welcome.run if state.welcome else ""
    if not run:
        return ""
    finished = state.snapshot is not None and state.snapshot.state == "finished"
    if alive and not finished:
        return f"training goes on: rnntui attach {run}"
    more = "" if finished else f"rnntui resume {run}  ·  "
    return f"  {'kept':<11} {more}rnntui generate {run}"


def _sample(state: RunState) -> list[str]:
    written = state.written
    if written is None:
        return []
    if state.values:
        numbers = [" ".join("?" if v is None else f"{v:.4g}" for v in r) for r in written.values]
        return _wrapped("forecast", "  ".join(numbers))
    return _wrapped("wrote", safe_text(written.prompt + written.text)) if written.text else []


def _wrapped(name: str, text: str) -> list[str]:
    lines = textwrap.wrap(text, WIDTH - 14)
    if len(lines) > SAMPLE_LINES:
        lines = [*lines[: SAMPLE_LINES - 1], lines[SAMPLE_LINES - 1][: WIDTH - 16] + " …"]
    return [f"  {name if not i else '':<11} {line}" for i, line in enumerate(lines)]


def _loss(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.4f}"


def _unit(state: RunState) -> str:
    if state.values:
        return "(half squared error per step)"
    return f"nats per {state.welcome.unit if state.welcome else 'token'}"


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
