"""Every command of the dashboard, declared once: its keys, footer entry, palette entry and help.

Who adds a line here has added the key, the entry in the footer and in the palette, and the help.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnntui.tui.app import Dashboard

Action = Callable[["Dashboard"], object]
Condition = Callable[["Dashboard"], bool]


def _always(_app: Dashboard) -> bool:
    return True


@dataclass(frozen=True)
class Command:
    """One thing a user can do.

    `keys` are Textual's names, `shown` is what the footer prints. Commands with the same `footer`
    word stand together there; those of higher `rank` give way first when it is narrow.
    """

    name: str
    keys: tuple[str, ...]
    shown: str
    footer: str
    help: str
    group: str
    run: Action
    available: Condition = _always
    rank: int = 5
    in_prompt: bool = False  # also while the prompt has the focus
    prompt_key: str = ""  # the key to show there, if it is another one
    footer_now: Callable[[Dashboard], str] | None = None
    pair: str = ""  # in the help: what this one and the next one do, on one line

    def footer_word(self, app: Dashboard) -> str:
        """The word beside the key, as things stand."""
        return self.footer_now(app) if self.footer_now else self.footer


def _running(app: Dashboard) -> bool:
    return app.state.running and not app.read_only


def _live(app: Dashboard) -> bool:
    return app.state.connection == "live" and not app.read_only


def _kept(app: Dashboard) -> bool:
    return app.kept and _running(app)


def _detachable(app: Dashboard) -> bool:
    return app.kept and not app.read_only and app.state.connection != "gone"


def _prompting(app: Dashboard) -> bool:
    return _live(app) and app.prompting


def _writing(app: Dashboard) -> bool:
    return _live(app) and app.state.written is not None and not app.state.written.finished


def _alert(app: Dashboard) -> bool:
    return app.state.alert is not None and not app.read_only


def _has_losses(app: Dashboard) -> bool:
    return app.state.snapshot is not None and app.state.snapshot.step > 0


def _has_steps(app: Dashboard) -> bool:
    return app.state.step_count > 0


def _chosen_or_prompt(app: Dashboard) -> bool:
    options = app.display_options
    chosen = options.chosen is not None or options.at is not None
    return app.prompting or chosen or app.has_news or app.state.forecast(options) is not None


def _sampled(app: Dashboard) -> bool:
    return not app.state.values and not app.read_only and app.state.connection != "gone"


def _drawn(app: Dashboard) -> bool:
    return _sampled(app) and not (app.state.shown is not None and app.state.shown.greedy)


def _several(app: Dashboard) -> bool:
    return app.text_count > 1


def _features(app: Dashboard) -> bool:
    return app.state.values and app.feature_count > 1


COMMANDS: tuple[Command, ...] = (
    Command(
        "mend", ("m",), "m", "mend",
        "after an alert: do what its banner offers",
        "training", lambda app: app.mend(), _alert, rank=0,
    ),
    Command(
        "pause", ("space",), "space", "pause",
        "pause after the current update, or go on",
        "training", lambda app: app.toggle_pause(), _running, rank=1,
        footer_now=lambda app: "resume" if app.state.state == "paused" else "pause",
    ),
    Command(
        "step", ("n",), "n", "step",
        "make one update and pause",
        "training", lambda app: app.step(1), _running, rank=2,
        pair="make one update, or ten, and pause",
    ),
    Command(
        "steps", ("N",), "N", "10 steps",
        "make ten updates and pause",
        "training", lambda app: app.step(10), _running, rank=9,
    ),
    Command(
        "slower", ("minus",), "-", "pace",
        "fewer updates per second, to watch them",
        "training", lambda app: app.change_pace(-1), _running, rank=4,
        pair="fewer or more updates per second, up to flat out",
    ),
    Command(
        "faster", ("equals_sign", "plus"), "=", "pace",
        "more updates per second, up to flat out",
        "training", lambda app: app.change_pace(1), _running, rank=4,
    ),
    Command(
        "rate_down", ("left_square_bracket",), "[", "rate",
        "divide the learning rate by 1.25",
        "training", lambda app: app.change_lr(-1), _running, rank=3,
        pair="divide or multiply the learning rate by 1.25",
    ),
    Command(
        "rate_up", ("right_square_bracket",), "]", "rate",
        "multiply the learning rate by 1.25",
        "training", lambda app: app.change_lr(1), _running, rank=3,
    ),
    Command(
        "save", ("s",), "s", "save",
        "write a checkpoint now",
        "training", lambda app: app.save(), _kept, rank=7,
    ),
    Command(
        "prompt", ("g", "slash"), "g", "prompt",
        "type a beginning; enter lets the network go on from it",
        "writing", lambda app: app.open_prompt(), _live, rank=2,
    ),
    Command(
        "write", (), "enter", "write",
        "in the prompt: write from it with the live weights",
        "writing", lambda app: app.write(), _prompting, rank=1, in_prompt=True,
    ),
    Command(
        "stop_writing", ("x",), "x", "stop writing",
        "stop writing",
        "writing", lambda app: app.stop_writing(), _writing, rank=4,
    ),
    Command(
        "next_text", ("c",), "c", "next text",
        "of several texts written at once: all, or one after the other",
        "writing", lambda app: app.next_text(), _several, rank=3,
    ),
    Command(
        "fewer_samples", ("left_parenthesis",), "(", "samples",
        "write fewer texts at once, from the next prompt on",
        "writing", lambda app: app.change_sampling("samples", -1), _sampled, rank=9,
        pair="write fewer or more texts at once, up to 16",
    ),
    Command(
        "more_samples", ("right_parenthesis",), ")", "samples",
        "write more texts at once, up to 16",
        "writing", lambda app: app.change_sampling("samples", 1), _sampled, rank=9,
    ),
    Command(
        "colder", ("left_curly_bracket",), "{", "temperature",
        "lower temperature: likelier characters",
        "writing", lambda app: app.change_sampling("temperature", -1), _drawn, rank=8,
        pair="lower or higher temperature: likelier or bolder characters",
    ),
    Command(
        "hotter", ("right_curly_bracket",), "}", "temperature",
        "higher temperature: bolder characters",
        "writing", lambda app: app.change_sampling("temperature", 1), _drawn, rank=8,
    ),
    Command(
        "smaller_top_k", ("k",), "k", "top-k",
        "draw from fewer of the likeliest characters",
        "writing", lambda app: app.change_sampling("top_k", -1), _drawn, rank=9,
        pair="top-k: draw from fewer or more of the likeliest characters",
    ),
    Command(
        "larger_top_k", ("K",), "K", "top-k",
        "draw from more of them, up to all",
        "writing", lambda app: app.change_sampling("top_k", 1), _drawn, rank=9,
    ),
    Command(
        "smaller_top_p", ("p",), "p", "top-p",
        "draw from the likeliest ones with a smaller share together",
        "writing", lambda app: app.change_sampling("top_p", -1), _drawn, rank=9,
        pair="top-p: from those that have a smaller or larger share together",
    ),
    Command(
        "larger_top_p", ("P",), "P", "top-p",
        "draw from those with a larger share, up to all",
        "writing", lambda app: app.change_sampling("top_p", 1), _drawn, rank=9,
    ),
    Command(
        "greedy", ("G", "ctrl+g"), "G", "greedy",
        "always write the likeliest character, or draw by probability",
        "writing", lambda app: app.change_sampling("greedy"), _sampled, rank=9, in_prompt=True,
        prompt_key="ctrl+g",
    ),
    Command(
        "log", ("l",), "l", "log",
        "loss axis logarithmic or linear",
        "view", lambda app: app.toggle_log(), rank=5,
    ),
    Command(
        "zoom", ("z",), "z", "zoom",
        "loss of the whole run, or of its last half, quarter, eighth",
        "view", lambda app: app.change_zoom(1, wrap=True), rank=5,
    ),
    Command(
        "earlier", ("comma",), ",", "point",
        "point at an earlier update of the loss plot, to read its losses",
        "view", lambda app: app.move_point(-1), _has_losses, rank=8,
        pair="point at an update of the loss plot: its losses, what happened",
    ),
    Command(
        "later", ("full_stop",), ".", "point",
        "point at a later update of the loss plot",
        "view", lambda app: app.move_point(1), _has_losses, rank=8,
    ),
    Command(
        "previous_step", ("left",), "←", "choose",
        "choose the previous step of the strip, to read it number by number",
        "view", lambda app: app.choose(-1), _has_steps, rank=6,
        pair="choose a step of the strip: what went in, what was expected",
    ),
    Command(
        "next_step", ("right",), "→", "choose",
        "choose the next step",
        "view", lambda app: app.choose(1), _has_steps, rank=6,
    ),
    Command(
        "feature", ("v",), "v", "feature",
        "show the next column of the values, or all",
        "view", lambda app: app.next_feature(), _features, rank=2,
    ),
    Command(
        "glyphs", ("b",), "b", "glyphs",
        "draw with braille, blocks or plain ASCII",
        "view", lambda app: app.next_glyphs(), rank=8,
    ),
    Command(
        "theme", ("t",), "t", "theme",
        "the next theme",
        "view", lambda app: app.change_theme(), rank=7,
    ),
    Command(
        "back", ("escape",), "esc", "back",
        "leave the prompt, the forecast, what is chosen, or a page",
        "view", lambda app: app.back(), _chosen_or_prompt, rank=3, in_prompt=True,
    ),
    Command(
        "info", ("i",), "i", "info",
        "what is trained, on what, with which settings",
        "pages and leaving", lambda app: app.open_page("info"), rank=6,
    ),
    Command(
        "events", ("e",), "e", "events",
        "what happened to this run, with its updates",
        "pages and leaving", lambda app: app.open_page("events"), rank=7,
    ),
    Command(
        "help", ("question_mark", "f1"), "?", "help",
        "this page: every key, and how to read the screen",
        "pages and leaving", lambda app: app.open_page("help"), rank=1,
    ),
    Command(
        "palette", ("ctrl+p", "colon"), "ctrl+p", "commands",
        "find a command by name; or set a number: temperature 0.7",
        "pages and leaving", lambda app: app.open_palette(), rank=8, in_prompt=True,
    ),
    Command(
        "suspend", ("ctrl+z",), "ctrl+z", "suspend",
        "back to the shell for now; training goes on, fg comes back",
        "pages and leaving", lambda app: app.suspend_now(), rank=10, in_prompt=True,
    ),
    Command(
        "interrupt", ("ctrl+c",), "ctrl+c", "leave",
        "leave at once, as interrupted",
        "pages and leaving", lambda app: app.leave(130), rank=10, in_prompt=True,
    ),
    Command(
        "detach", ("d",), "d", "detach",
        "leave; training goes on, and rnntui attach comes back",
        "pages and leaving", lambda app: app.leave(0, stop=False), _detachable, rank=1,
    ),
    Command(
        "quit", ("q", "ctrl+q"), "q", "quit",
        "leave with a short report; training is saved and ends",
        "pages and leaving", lambda app: app.leave(0), rank=0,
    ),
)  # fmt: skip

BY_NAME = {command.name: command for command in COMMANDS}
GROUPS = ("training", "writing", "view", "pages and leaving")
ASCII_KEYS = {"←": "left", "→": "right"}


def shown_key(command: Command, glyphs: str) -> str:
    """The command's key in the chosen glyphs."""
    return ASCII_KEYS.get(command.shown, command.shown) if glyphs == "ascii" else command.shown
