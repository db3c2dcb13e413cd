"""The pages about the run: what it is and how it trains; what happened to it."""

from __future__ import annotations

import textwrap

from rnntui.recipe import keys
from rnntui.text import pad, safe_text
from rnntui.tui.draw import Row, Rows
from rnntui.tui.draw.facts import facts
from rnntui.tui.draw.loss_point import clock
from rnntui.tui.draw.numbers import count
from rnntui.tui.state import RunState

WIDEST = 100
DATED_FROM = 100  # cells


def info_rows(state: RunState, width: int) -> Rows:
    """The recipe and what loading it brought."""
    recipe, welcome = state.recipe, state.welcome
    wide = max(1, min(WIDEST, width - 3))
    title = recipe.title.removeprefix(f"{recipe.name}: ")
    rows: Rows = [[(f" {safe_text(recipe.name)}", "strong"), (f"  {safe_text(title)}", "")]]
    for paragraph in recipe.about.strip().split("\n\n"):
        lines = textwrap.wrap(safe_text(" ".join(paragraph.split())), wide)
        rows += [[], *([(f" {line}", "")] for line in lines)]
    rows.append([])
    if welcome:
        rows += _facts(
            ("kept as", _kept(state)),
            ("looked at by", _viewers(state)),
            ("source", welcome.source),
            ("split", welcome.split),
            ("to train", f"{count(welcome.train_size)} {welcome.unit}s"),
            ("to validate", f"{count(welcome.validation_size)} {welcome.unit}s"),
            ("vocabulary", f"{count(welcome.vocab_size)}" if welcome.vocab_size else ""),
            ("parameters", f"{count(welcome.parameters)}"),
            ("an epoch", f"{count(welcome.steps_per_epoch)} updates"),
            ("an update", f"{count(welcome.tokens_per_update)} {welcome.unit}s"),
            ("entropy floor", f"{welcome.floor:.4f} nats" if welcome.floor is not None else ""),
            *((b.name, f"{b.loss:.4f} nats on the validation part") for b in state.baselines),
        )
        for note in welcome.notes:
            lines = textwrap.wrap(safe_text(note), wide) or [""]
            rows += [[(" note  ", "accent"), (lines[0], "")]]
            rows += [[("       ", ""), (line, "")] for line in lines[1:]]
        rows.append([])
    rows.append([(" as it trains now", "strong")])
    rows += _facts(*facts(recipe, state.shown))
    rows.append([])
    section = ""
    for leaf in keys():
        if leaf.section != section:
            section = leaf.section
            rows.append([(f" {section}", "strong")])
        value = recipe.get(leaf.name)
        role = "strong" if value != leaf.default else "muted"
        name, text = f"   {leaf.name:<14} ", pad(safe_text(str(value)), 26)
        rows.append([(name, "muted"), (f"{text}  ", role), (leaf.rule.help, "muted")])
    return rows


def _facts(*facts: tuple[str, str]) -> Rows:
    return [[(f" {safe_text(n):<14}", "muted"), (safe_text(t), "")] for n, t in facts if t]


def _kept(state: RunState) -> str:
    """The run's name, and how far it is on disk."""
    run = state.welcome.run if state.welcome else ""
    saved = state.snapshot.saved if state.snapshot else None
    if not run:
        return "nowhere: --no-save"
    return f"{run}, " + ("no checkpoint yet" if saved is None else f"up to update {count(saved)}")


def _viewers(state: RunState) -> str:
    viewers = state.snapshot.viewers if state.snapshot else 1
    return f"{viewers} terminals" if viewers > 1 else ""


def event_rows(state: RunState, width: int) -> Rows:
    """What happened, when and by whom, the newest first."""
    dated = width >= DATED_FROM and any(event.at for event in state.events)
    head = f" {'update':>10}  {'trained':>8}  {'when':<12}  what" if dated else ""
    rows: Rows = [[(head or f" {'update':>10}  {'trained':>8}  what", "muted")]]
    for event in reversed(state.events):
        minutes, seconds = divmod(int(event.seconds), 60)
        when = f"{clock(event.at) if event.at else '':<12}  " if dated else ""
        bad = event.kind in ("alert", "rollback", "skip", "disk")
        row: Row = [
            (f" {count(event.step):>10}  {minutes:>5}:{seconds:02}  {when}", "muted"),
            (f"{event.kind:<10}", "warning" if bad else "accent"),
            (safe_text(event.text), ""),
        ]
        if event.who:
            row.append((f"  by {safe_text(event.who)}", "muted"))
        rows.append(row)
    return rows if state.events else [*rows, [(" nothing yet", "muted")]]
