"""The commands of the screen that compares runs, each declared once, as those of the dashboard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from rnntui.dataclass import dataclass
from rnntui.tui.command import Command, Group
from rnntui.tui.keymap import Scope, command_name, remapped

if TYPE_CHECKING:
    from rnntui.tui.compare.app import CompareApp

FAR = 1_000_000  # runs: more than there are
Action = Callable[["CompareApp"], object]
Condition = Callable[["CompareApp"], bool]


def _always(_app: CompareApp) -> bool:
    return True


def _has_run(app: CompareApp) -> bool:
    return app.state.selected is not None


def _differ(app: CompareApp) -> bool:
    return bool(app.state.arranged.differing)


def _readable(app: CompareApp) -> bool:
    run = app.state.selected
    return run is not None and run.summary.usable


def command(
    name: str,
    keys: tuple[str, ...],
    footer: str,
    help: str,  # noqa: A002 - as the field is called
    run: Action,
    available: Condition = _always,
    **more: Any,
) -> Command:
    """Declare a command of this screen; see `Command`."""
    return Command(
        name=name,
        keys=keys,
        footer=footer,
        help=help,
        run=cast(Any, run),
        available=cast(Any, available),
        **more,
    )


RUNS = Group(
    "runs",
    (
        command(
            "previous_run", ("up", "k"), "select", "select the run above",
            lambda app: app.select(-1), _has_run,
            sign="↑", pair="select a run", rank=4,
        ),
        command(
            "next_run", ("down", "j"), "select", "select the run below",
            lambda app: app.select(1), _has_run, sign="↓", rank=4,
        ),
        command(
            "page_up", ("pageup",), "page", "select a run further up",
            lambda app: app.select(-app.page), _has_run,
            sign="pgup", pair="select a run a page away", rank=10,
        ),
        command(
            "page_down", ("pagedown",), "page", "select a run further down",
            lambda app: app.select(app.page), _has_run, sign="pgdn", rank=10,
        ),
        command(
            "first_run", ("home",), "first", "select the first run",
            lambda app: app.select(-FAR), _has_run,
            pair="select the first / last run", rank=10,
        ),
        command(
            "last_run", ("end",), "last", "select the last run",
            lambda app: app.select(FAR), _has_run, rank=10,
        ),
        command(
            "open", ("enter",), "dashboard", "open the dashboard of the selected run",
            lambda app: app.open_selected(), _readable, rank=1,
            unavailable="this run cannot be opened",
        ),
        command(
            "generate_all", ("g",), "generate", "generate from all runs with one prompt",
            lambda app: app.ask_prompt(), _has_run, rank=2,
        ),
        command(
            "hide_run", ("h", "space"), "hide",
            "hide the losses of the selected run, or show them",
            lambda app: app.hide(), _has_run, rank=4,
        ),
        command(
            "show_all", ("H",), "show all", "show the losses of all runs again",
            lambda app: app.show_all(), lambda app: bool(app.state.choices.hidden), rank=8,
            unavailable="no run is hidden",
        ),
        command(
            "pin", ("p",), "pin",
            "pin / unpin the selected run: it stays at the top, with differences to it",
            lambda app: app.pin(), _has_run, rank=4,
        ),
    ),
)  # fmt: skip

TABLE = Group(
    "table",
    (
        command(
            "filter", ("slash",), "filter", "show only runs that match, as in lr>=0.001 cell=gru",
            lambda app: app.ask_filter(), sign="/", rank=2,
        ),
        command(
            "sort", ("s",), "sort", "sort the runs by the next column",
            lambda app: app.sort_by_next(), _has_run, rank=3,
        ),
        command(
            "reverse", ("S",), "reverse", "reverse the order of the runs",
            lambda app: app.reverse(), _has_run, rank=9,
        ),
        command(
            "group", ("o",), "group", "group the runs by the next setting that differs",
            lambda app: app.group_by_next(), _differ, rank=5,
            unavailable="these runs do not differ in any setting",
        ),
        command(
            "columns_left", ("left",), "columns", "show the settings further left",
            lambda app: app.shift(-1), _differ,
            sign="←", pair="show other settings in the table", rank=7,
        ),
        command(
            "columns_right", ("right",), "columns", "show the settings further right",
            lambda app: app.shift(1), _differ, sign="→", rank=7,
        ),
        command(
            "csv", ("w",), "CSV", "write the table to a CSV file",
            lambda app: app.write_csv(), _has_run, rank=6,
        ),
    ),
)  # fmt: skip

PLOT = Group(
    "plot",
    (
        command(
            "x_axis", ("x",), "axis", "plot over updates, tokens or time",
            lambda app: app.next_axis(), rank=3,
        ),
        command(
            "losses", ("v",), "losses", "draw both losses, validation or training",
            lambda app: app.next_losses(), rank=4,
        ),
        command(
            "log", ("l",), "log", "logarithmic / linear loss axis",
            lambda app: app.toggle_log(), rank=5,
        ),
    ),
)  # fmt: skip

SCREEN = Group(
    "screen",
    (
        command(
            "glyphs", ("b",), "glyphs", "draw with braille, blocks or plain ASCII",
            lambda app: app.next_glyphs(), rank=9,
        ),
        command(
            "theme", ("t",), "theme", "switch to the next theme",
            lambda app: app.change_theme(), rank=9,
        ),
        command(
            "mouse", ("M",), "mouse", "use the mouse, or leave it to the terminal to select text",
            lambda app: app.change_mouse(), rank=10,
        ),
        command(
            "picture", ("W",), "picture", "save the screen as a picture (SVG)",
            lambda app: app.save_picture(), rank=10,
        ),
        command(
            "back", ("escape",), "back", "close the input line, or remove filter and pin",
            lambda app: app.back(), lambda app: app.can_go_back,
            sign="esc", rank=3, in_prompt=True, unavailable="nothing to go back to",
        ),
        command(
            "help", ("question_mark",), "help", "this page: all keys, and how to read the screen",
            lambda app: app.open_help(), sign="?", rank=1,
        ),
        command(
            "palette", ("ctrl+p", "colon"), "commands", "find a command by name",
            lambda app: app.open_palette(), rank=8,
        ),
        command(
            "redraw", ("ctrl+l",), "redraw",
            "draw the screen again, if another program has written onto it",
            lambda app: app.redraw_all(), rank=10, in_prompt=True,
        ),
        command(
            "suspend", ("ctrl+z",), "suspend", "suspend (fg to return)",
            lambda app: app.suspend_now(), rank=10, in_prompt=True, urgent=True,
        ),
        command(
            "interrupt", ("ctrl+c",), "quit now", "quit now",
            lambda app: app.quit(130), rank=10, in_prompt=True, urgent=True,
        ),
        command(
            "quit", ("q", "ctrl+q"), "quit", "quit; runs that are training continue",
            lambda app: app.quit(0), rank=0,
        ),
    ),
)  # fmt: skip

GROUPS = (RUNS, TABLE, PLOT, SCREEN)


def sweep_commands(
    cut: Action, train_on: Action, stop: Action, has_trial: Condition, is_running: Condition
) -> Group:
    """Return the commands that a sweep's leaderboard has beside the others."""
    return Group(
        "sweep",
        (
            command(
                "cut_trial", ("c",), "cut", "stop the selected trial and free its place",
                cut, has_trial, rank=2,
            ),
            command(
                "continue_trial", ("r",), "continue",
                "train the selected trial to its end, whatever its rank",
                train_on, has_trial, rank=2,
            ),
            command(
                "stop_sweep", ("Q",), "stop",
                "stop the sweep and save its trials; rnntui sweep resume continues it",
                stop, is_running, rank=3, unavailable="the sweep is not running",
            ),
        ),
    )  # fmt: skip


def _never(_app: CompareApp) -> bool:
    return False


# Without a sweep, for their names and keys.
SWEEP = sweep_commands(_never, _never, _never, _never, _never)


@dataclass(frozen=True)
class CompareCommands:
    """All commands of the screen, with the user's keys."""

    groups: tuple[Group, ...] = GROUPS
    usual: Mapping[str, Command] = field(default_factory=dict)  # with their own keys, if others

    @classmethod
    def with_keys(
        cls, keys: Mapping[str, tuple[str, ...]], more: Iterable[Group] = ()
    ) -> tuple[CompareCommands, tuple[str, ...]]:
        """Return the table with the user's keys by command, and what is wrong with these keys.

        `more` are groups of commands before the last one. Keys of other commands are ignored.
        """
        groups = (*GROUPS[:-1], *more, GROUPS[-1])
        names = {c.name for group in groups for c in group.commands}
        own = {name: given for name, given in keys.items() if command_name(name) in names}
        (scope,), problems = remapped((Scope("", groups),), own)
        return cls(scope.groups, cls(groups).by_name), problems

    @cached_property
    def commands(self) -> tuple[Command, ...]:
        """Every command."""
        return tuple(command for group in self.groups for command in group.commands)

    @cached_property
    def by_name(self) -> dict[str, Command]:
        """Every command by its name."""
        return {command.name: command for command in self.commands}

    @property
    def changed(self) -> dict[str, str]:
        """The printed keys of commands to which the user gave others."""
        return {
            name: self.by_name[name].shown
            for name, command in self.usual.items()
            if command.shown != self.by_name[name].shown
        }

    def command_of(self, key: str) -> Command | None:
        """Return the command that a key runs."""
        return next((command for command in self.commands if key in command.keys), None)


BY_NAME = CompareCommands((*GROUPS, SWEEP)).by_name
