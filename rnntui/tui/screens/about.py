"""The pages about the run: its description and settings, and its event log."""

from __future__ import annotations

import textwrap

from rnntui.numbers import count, percent, plural, size_in_words
from rnntui.recipe import Recipe, keys
from rnntui.text import cell_width, pad, safe_text
from rnntui.tui.draw.describe import current_settings
from rnntui.tui.draw.loss_point import clock
from rnntui.tui.draw.rows import Row, Rows, row_width
from rnntui.tui.draw.status import progress, truncation
from rnntui.tui.screens.help import beside
from rnntui.tui.state import RunState

WIDEST = 100
TWO_COLUMNS = 190  # cells from which the keys of the recipe stand beside the rest
_NAMES = 17  # cells of the names of facts
_NOTE = 6  # cells of the word before a note
SHORT_RUN = 2.0  # seconds: a shorter run is over before it can be watched
_STATES = {"carry": "carried on", "reset": "reset"}
KINDS = {"mend": "fix"}  # kinds of events with another name on the screen
DATED_FROM = 100  # cells; from this width on, events have dates


def info_rows(state: RunState, width: int) -> Rows:
    """Return the information page: the run, and the keys of its recipe below or beside it."""
    if width < TWO_COLUMNS:
        return [*_run_rows(state, width), [], *_key_rows(state.recipe)]
    keys = _key_rows(state.recipe)
    left = min(WIDEST + 3, width - max(map(row_width, keys)) - 3)
    return beside(_run_rows(state, left - 2), keys, left)


def _run_rows(state: RunState, width: int) -> Rows:
    """Return what the run is: the recipe's text, the data, and the settings now."""
    recipe, welcome = state.recipe, state.welcome
    wide = max(1, min(WIDEST, width - 3))
    title = recipe.title.removeprefix(f"{recipe.name}: ")
    rows: Rows = [[(f" {safe_text(recipe.name)}", "strong"), (f"  {safe_text(title)}", "")]]
    for paragraph in filter(None, recipe.about.strip().split("\n\n")):
        lines = textwrap.wrap(safe_text(" ".join(paragraph.split())), wide)
        rows += [[], *([(f" {line}", "")] for line in lines)]
    rows.append([])
    unit = "" if state.values else " nats"
    if welcome:
        rows += _table(
            width,
            ("saved as", _saved(state)),
            ("viewers", _viewers(state)),
            ("source", welcome.source),
            *((fact.label, fact.words) for fact in welcome.facts),
            ("split", welcome.split),
            ("training", plural(welcome.train_size, welcome.unit)),
            ("validation", plural(welcome.validation_size, welcome.unit)),
            ("vocabulary", f"{count(welcome.vocab_size)}" if welcome.vocab_size else ""),
            ("parameters", f"{count(welcome.parameters)}"),
            ("per epoch", plural(welcome.steps_per_epoch, "update")),
            ("per update", plural(welcome.tokens_per_update, welcome.unit)),
            ("streams", _streams(recipe)),
            ("floor", f"{welcome.floor:.4f}{unit}" if welcome.floor is not None else ""),
            *((b.name, f"{b.loss:.4f}{unit} on the validation part") for b in state.baselines),
            ("status", _progress(state)),
            ("gradients", _truncation(state)),
            ("machine", _system(state)),
            ("to watch it", _paced(state)),
        )
        for note in welcome.notes:
            lines = textwrap.wrap(safe_text(note), max(1, wide - _NOTE)) or [""]
            rows += [[(" note  ", "accent"), (lines[0], "")]]
            rows += [[("       ", ""), (line, "")] for line in lines[1:]]
        rows.append([])
    rows.append([(" current settings", "strong")])
    return rows + _table(width, *current_settings(recipe, state.shown))


def _key_rows(recipe: Recipe) -> Rows:
    """Return the keys of the recipe by section; those that differ from the default stand out."""
    rows: Rows = []
    values = min(26, max(cell_width(str(recipe.get(leaf.name))) for leaf in keys()))
    section = ""
    for leaf in keys():
        if leaf.section != section:
            section = leaf.section
            rows.append([(f" {section}", "strong")])
        value = recipe.get(leaf.name)
        role = "strong" if value != leaf.default else "muted"
        name, text = f"   {leaf.name:<16} ", pad(safe_text(str(value)), values)
        rows.append([(name, "muted"), (f"{text}  ", role), (leaf.rule.help, "muted")])
    return rows


def _table(width: int, *facts: tuple[str, str]) -> Rows:
    rows: Rows = []
    for name, text in facts:
        lines = textwrap.wrap(safe_text(text), max(20, width - _NAMES - 1))
        heads = [f" {safe_text(name):<{_NAMES - 1}}", *[" " * _NAMES] * len(lines)]
        rows += [[(head, "muted"), (line, "")] for head, line in zip(heads, lines, strict=False)]
    return rows


def _saved(state: RunState) -> str:
    """Describe the run's name, and up to which update it is on disk."""
    run = state.welcome.run if state.welcome else ""
    saved = state.snapshot.saved if state.snapshot else None
    if not run:
        return "not saved (--no-save)"
    return f"{run}, " + ("no checkpoint yet" if saved is None else f"up to update {count(saved)}")


def _progress(state: RunState) -> str:
    """Describe how training goes, as the header does in a word."""
    snapshot = state.shown
    if snapshot is None or snapshot.state != "training":
        return ""
    word, since = progress(snapshot)
    return f"{word} since update {count(since)}" if since else word


def _truncation(state: RunState) -> str:
    """Describe how far gradients reach back, and what the hidden state does."""
    train = state.recipe.train
    if train.seq_len == "full":
        return "full BPTT: they flow through the whole sequence"
    steps = "time step" if train.seq_len == 1 else "time steps"
    return f"{truncation(train)} {steps}; the hidden state is {_STATES[train.state]}"


def _streams(recipe: Recipe) -> str:
    """Describe streams that take turns; streams that are all read in every update need no words."""
    train = recipe.train
    if train.turns == 1:
        return ""
    return f"{count(train.streams)}: {count(train.turns)} sets of {train.batch} that take turns"


def _system(state: RunState) -> str:
    """Describe what the training process uses of the machine."""
    system = state.snapshot.system if state.snapshot else None
    if system is None or state.ended:
        return ""
    workers = f", {system.workers} workers" if system.workers > 1 else ""
    return f"CPU {percent(system.cpu)} of a core, memory {size_in_words(system.memory)}{workers}"


def _paced(state: RunState) -> str:
    """Say how to watch a run that ends within moments."""
    snapshot = state.snapshot
    if snapshot is None or snapshot.pace is not None or snapshot.step < 1:
        return ""
    total = state.welcome.total_steps if state.welcome else None
    left = 0.0 if state.ended else snapshot.remaining
    if total is None or left is None or snapshot.elapsed + left > SHORT_RUN:
        return ""
    return f"rnntui train {_source(state.recipe)} --pace 20"


def _source(recipe: Recipe) -> str:
    """Return what the command trains: the name of a bundled recipe, else a placeholder."""
    return recipe.name if recipe.title else "SOURCE"


def _viewers(state: RunState) -> str:
    viewers = state.snapshot.viewers if state.snapshot else 1
    return f"{viewers} terminals" if viewers > 1 else ""


def event_rows(state: RunState, width: int) -> Rows:
    """Return the event log, newest first."""
    dated = width >= DATED_FROM and any(event.at for event in state.events)
    head = f" {'update':>10}  {'trained':>8}  {'when':<12}  what" if dated else ""
    rows: Rows = [[(head or f" {'update':>10}  {'trained':>8}  what", "muted")]]
    for event in reversed(state.events):
        minutes, seconds = divmod(int(event.seconds), 60)
        when = f"{clock(event.at) if event.at else '':<12}  " if dated else ""
        bad = event.kind in ("alert", "rollback", "skip", "disk")
        row: Row = [
            (f" {count(event.step):>10}  {minutes:>5}:{seconds:02}  {when}", "muted"),
            (f"{KINDS.get(event.kind, event.kind):<10}", "warning" if bad else "accent"),
            (safe_text(event.text), ""),
        ]
        if event.who:
            row.append((f"  by {safe_text(event.who)}", "muted"))
        rows.append(row)
    return rows if state.events else [*rows, [(" nothing yet", "muted")]]
