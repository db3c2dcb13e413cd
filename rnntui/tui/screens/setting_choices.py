"""What the palette offers for a typed setting: a change now, or a new run with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

from rnntui.dataclass import dataclass
from rnntui.protocol.insight import Again, Setting
from rnntui.recipe import Leaf
from rnntui.text import fit
from rnntui.tui.command import live, running, set_lr
from rnntui.tui.commands.generation import set_sampling
from rnntui.tui.typed import LIVE, Typed, setting_name, typed_name, typed_pairs, typed_value

if TYPE_CHECKING:
    from rnntui.tui.app import Dashboard

AGAIN = "again"  # starts a new run with the settings that follow
_LONGEST = 22  # cells of a typed value in the name of an entry


@dataclass(frozen=True)
class Choice:
    """An entry of the palette.

    One with a `refusal` does nothing but say why; one that `asks` opens the palette again.
    """

    name: str
    key: str
    help: str
    run: Callable[[Dashboard], object] = lambda _app: None
    refusal: str = ""
    asks: bool = False


def with_settings(app: Dashboard, typed: str, others: list[Choice]) -> list[Choice]:
    """Return what to offer for the typed words: a setting first, unless there is only a question.

    `others` are the commands that match.
    """
    found = setting_choices(app, typed)
    first = [choice for choice in found if not (choice.refusal or choice.asks)]
    return [*first, *others, *(choice for choice in found if choice not in first)]


def setting_choices(app: Dashboard, typed: str) -> list[Choice]:
    """Return what the typed words offer: setting a value, or asking for one."""
    word, _, rest = typed.strip().partition(" ")
    if word.lower() == AGAIN:
        return _new_run(app, rest)
    if found := typed_value(typed):
        return _change(app, found)
    if leaf := typed_name(typed):
        return [_question(app, leaf)]
    return []


def _change(app: Dashboard, found: Typed) -> list[Choice]:
    name = f"{found.name} {fit(found.text, _LONGEST)}"
    if found.wrong:
        return [_refused(name, found.wrong)]
    if found.leaf.name not in LIVE:
        return _only_again(app, found)
    if app.read_only:
        return [_refused(name, "this dashboard only watches the run (--read-only)")]
    if not (running(app) if found.leaf.name == "lr" else live(app)):
        return [_refused(name, f"{found.name} cannot change: the run is {app.state.status}")]
    if app.state.values and found.leaf.name != "lr":
        return [_refused(name, f"{found.name} has no effect on a forecast")]
    return [Choice(name, "", f"set it to {found.text}", partial(_set, found))]


def _set(found: Typed, app: Dashboard) -> None:
    value = float(cast(float, found.value))
    if found.leaf.name == "lr":
        set_lr(app, value)
    else:
        set_sampling(app, found.leaf.name, value)


def _only_again(app: Dashboard, found: Typed) -> list[Choice]:
    """Offer a new run, as this setting cannot change during training."""
    key, now = found.leaf.name, app.state.recipe.get(found.leaf.name)
    if found.value == now:
        return [_refused(f"{found.name} {found.text}", f"{found.name} is already {found.text}")]
    why = f"{found.name} cannot change during training"
    if reason := _no_new_run(app):
        return [_refused(f"{found.name} {found.text}", f"{why}; {reason}")]
    shown = f"{AGAIN} with {key} = {fit(found.text, _LONGEST)}"
    return [Choice(shown, "", f"{why}; this starts a new run beside it", _starting((found,)))]


def _new_run(app: Dashboard, typed: str) -> list[Choice]:
    """Offer a new run with the settings typed after "again"."""
    if reason := _no_new_run(app):
        return [_refused(AGAIN, reason)]
    found = typed_pairs(typed)
    if found is None:
        words = "start a new run with a changed setting"
        return [Choice(f"{AGAIN} key=value", "", words, partial(_ask, f"{AGAIN} "))]
    name = f"{AGAIN} {', '.join(f'{one.leaf.name} = {one.text}' for one in found)}"
    if wrong := next((one.wrong for one in found if one.wrong), ""):
        return [_refused(name, wrong)]
    return [Choice(name, "", "start a new run beside this one", _starting(found))]


def _starting(found: Sequence[Typed]) -> Callable[[Dashboard], object]:
    changes = tuple(Setting(one.leaf.name, one.text) for one in found)
    return lambda app: app.send_command(Again(changes), "starting a new run")


def _no_new_run(app: Dashboard) -> str:
    """Return why no new run can be started from here, or an empty string."""
    if app.read_only:
        return "this dashboard only watches the run (--read-only)"
    return "" if live(app) else "no training process can start a new run"


def _question(app: Dashboard, leaf: Leaf) -> Choice:
    """Offer to type the value of a setting."""
    now = _now(app, leaf)
    name = setting_name(leaf)
    shown = str(now).lower() if isinstance(now, bool) else f"{now}"
    words = f"now {fit(shown, _LONGEST) or 'empty'}; type a value after it: {leaf.accepts()}"
    return Choice(f"{name} …", "", words, partial(_ask, f"{name} "), asks=True)


def _now(app: Dashboard, leaf: Leaf) -> object:
    snapshot = app.state.shown
    if snapshot is not None and leaf.name == "lr":
        return f"{snapshot.lr:.4g}"
    if snapshot is not None and leaf.name in LIVE:
        return getattr(snapshot.sampling, leaf.name)
    return app.state.recipe.get(leaf.name)


def _ask(typed: str, app: Dashboard) -> None:
    app.open_palette(typed)


def _refused(name: str, why: str) -> Choice:
    return Choice(name, "", why, refusal=why)
