"""The help for one panel: what it shows, how to read it, and its keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rnntui.dataclass import dataclass
from rnntui.tui.command import Command, Group
from rnntui.tui.display import Display
from rnntui.tui.draw.rows import Rows
from rnntui.tui.draw.views.prose import READABLE, Term, paragraph, terms
from rnntui.tui.screens.help import (
    READING,
    READING_VALUES,
    TWO_COLUMNS,
    WITH_DROPOUT,
    beside,
    command_rows,
)
from rnntui.tui.views import VIEWS


@dataclass(frozen=True)
class PanelHelp:
    """What is said about a panel.

    `reading` are its parts and what they mean; `commands` are the names of those that act on it.
    """

    title: str
    shows: str
    reading: tuple[Term, ...] = ()
    commands: tuple[str, ...] = ()


def _read(reading: tuple[Term, ...], *names: str) -> tuple[Term, ...]:
    """Return some entries of how to read the screen."""
    return tuple(entry for entry in reading if entry[0] in names)


_NUMBERS = (
    "The loss of the last updates, and what is needed to judge it. The first row is the most "
    "important one; wide terminals show more numbers."
)
_PLOT = (
    "The loss over the updates of the run. It should fall, fast at first and then ever more "
    "slowly. With a cursor on the plot, the numbers of that update are shown, and its time steps "
    "if they were kept."
)
_CURVES = (
    ("faint line", "the loss of every update; a band if one cell stands for many updates"),
    ("bold line", "the smoothed loss: follow this one"),
    ("dots", "validations: the loss on text that is held out from training"),
    ("dashed lines", "baselines, and the floor of a generated corpus: no network gets below it"),
    ("marks", "below the axis: changes that you made, and restored weights"),
)
_PLOT_KEYS = ("log", "zoom", "zoom_out", "cursor_left", "cursor_right")
_SAMPLING = ("fewer_samples", "more_samples", "colder", "hotter", "greedy")
_TEXT_KEYS = (
    "prompt", "stop_generating", "next_sample", "scroll_text_up", "scroll_text_down", "samples",
)  # fmt: skip
_OF_TOKENS = {
    "status": PanelHelp(
        "the numbers",
        _NUMBERS,
        (
            *_read(READING, "train", "validation", "bits", "perplexity", "gradient norm"),
            ("lr", "the learning rate of the last update, with its schedule"),
        ),
        ("rate_down", "rate_up", "info"),
    ),
    "plot": PanelHelp(
        "loss plot",
        _PLOT,
        (*_CURVES, *_read(READING, "baseline")),
        _PLOT_KEYS,
    ),
    "steps": PanelHelp(
        "time steps",
        "What the network read in the last update, and what it expected next: one column per time "
        "step, the newest at the right.",
        (
            ("input", "what the network read at this time step"),
            ("true", "the next token of the text: this is what it should predict"),
            ("predicted", "its most likely guess; a mark below says that it was wrong"),
            *_read(READING, "p(true)"),
        ),
        ("previous_time_step", "next_time_step", "cursor_left", "cursor_right"),
    ),
    "generated": PanelHelp(
        "generated text",
        "What the network writes by itself: samples during training, and continuations of your "
        "prompts. Each character becomes the next input.",
        (
            ("at update", "the weights that wrote the newest character"),
            ("temperature", "below 1 the likely characters become more likely, above 1 less"),
            ("top-k, top-p", "leave out unlikely characters"),
            ("greedy", "always the most likely character: the same text every time"),
        ),
        (*_TEXT_KEYS, *_SAMPLING),
    ),
    "prompt": PanelHelp(
        "prompt",
        "A text that the network continues, also while it trains. \\n stands for a new line and "
        "\\t for a tab. Characters that the network does not know are left out, and it says which.",
        (),
        ("prompt", "generate", "stop_generating", *_SAMPLING),
    ),
}
_OF_VALUES = {
    "status": PanelHelp(
        "the numbers",
        _NUMBERS,
        (
            *_read(READING_VALUES, "train", "validation", "gradient norm"),
            ("lr", "the learning rate of the last update, with its schedule"),
        ),
        ("rate_down", "rate_up", "info"),
    ),
    "plot": PanelHelp(
        "loss plot",
        _PLOT,
        (*_CURVES, *_read(READING_VALUES, "baseline")),
        _PLOT_KEYS,
    ),
    "steps": PanelHelp(
        "time steps",
        "The true values of the last update and the predicted ones, in the original scale. Each "
        "prediction is made from the true values before it; a forecast instead continues by "
        "itself.",
        (
            ("true", "the series as it is"),
            ("predicted", "one step ahead, from everything before"),
            ("rms", "root mean square error: the usual size of an error"),
            *_read(READING_VALUES, "forecast"),
        ),
        ("previous_time_step", "next_time_step", "column"),
    ),
    "generated": PanelHelp(
        "forecast",
        "The values that the network forecasts. Each prediction is its next input, so errors add "
        "up: the further ahead, the less certain.",
        (),
        ("prompt", "stop_generating", "column"),
    ),
    "prompt": PanelHelp(
        "prompt",
        "Rows of numbers that the forecast continues; empty for the end of the series.",
        (),
        ("prompt", "generate", "stop_generating"),
    ),
}
_OF_ALL = {
    "header": PanelHelp(
        "header",
        "The run and its network, what it is doing, how fast, and how long it has taken and will "
        "take.",
        (
            ("truncated after", "the number of time steps that gradients flow back through"),
            ("full BPTT", "they flow back through the whole sequence"),
            ("learning", "the loss is falling"),
            ("plateau", "it has not fallen clearly for a while"),
            ("overfitting", "training loss falls, but validation loss rises"),
            ("diverging", "the loss is rising far above what it was"),
        ),
        ("pause", "1_update", "10_updates", "slower", "faster", "info"),
    ),
    "banner": PanelHelp(
        "banner",
        "What happened while you were away, or what is wrong with the run: the likely cause, and "
        "the key that fixes it.",
        (),
        ("fix", "back", "events"),
    ),
    "notice": PanelHelp(
        "views",
        "The views of the run: the marked one has the focus. At the right stands the most "
        "important finding. For some seconds a message may take its place.",
        (),
        (*(view.name for view in VIEWS), "other_view", "layout"),
    ),
    "loss-line": PanelHelp("loss", "The loss of the whole run in one row, from left to right."),
    "footer": PanelHelp(
        "keys",
        "The keys that can be used now, as many as fit. All others are on the help page and in the "
        "palette.",
        (),
        ("help", "palette", "jump"),
    ),
}
_OF_VIEWS = {
    "guesses": PanelHelp(
        "guesses",
        "What the network expects at each position of a passage that it was not trained on: the "
        "most likely tokens, and the probability of the one that came.",
        (
            ("p", "the probability given to the token; the bars below the text show p(true)"),
            ("surprise", "where the bars are low the network expected something else"),
        ),
    ),
    "memory": PanelHelp(
        "memory",
        "How far back the network remembers: how much of an error reaches earlier time steps, and "
        "which earlier inputs the prediction at the chosen position depends on.",
        (
            ("reach", "the number of steps back at which less than 1 % of the gradient is left"),
            ("depends on", "how much the prediction changes if that input is left out"),
        ),
    ),
    "neurons": PanelHelp(
        "neurons",
        "What the hidden units do over a passage: one row per unit, one column per position, and "
        "the features of the text that a unit follows most closely.",
        (
            ("r", "the correlation of a unit with a feature, from -1 to +1"),
            ("untrained", "the best r of random weights: less than this is chance"),
        ),
    ),
    "health": PanelHelp(
        "health",
        "Whether something is wrong: findings with their evidence and a fix, and signs with the "
        "values that are usual for this kind of network.",
        (
            ("signs", "numbers that go wrong before the loss does, with their course so far"),
            ("gradient check", "compares the gradient with finite differences of the loss"),
        ),
    ),
    "experiments": PanelHelp(
        "experiments",
        "Experiments beside the run, which do not affect its training: a race between window "
        "lengths, a learning-rate test, and new runs with one change.",
    ),
}


def help_of(panel: str, values: bool = False) -> PanelHelp:
    """Return the help for a panel; that of a view has the commands of the view."""
    if panel in _OF_VIEWS:
        found = _OF_VIEWS[panel]
        view = next(view for view in VIEWS if view.name == panel)
        names = tuple(command.name for command in view.commands)
        return PanelHelp(found.title, found.shows, found.reading, names)
    return {**_OF_ALL, **(_OF_VALUES if values else _OF_TOKENS)}[panel]


def panel_rows(
    panel: PanelHelp,
    groups: Iterable[Group],
    available: Callable[[Command], bool],
    display: Display,
    width: int,
    dropout: bool = False,
) -> Rows:
    """Return what a panel shows, how to read it, and its keys; unavailable ones are muted."""
    glyphs = display.glyphs
    two = width >= TWO_COLUMNS
    left = min(READABLE, width // 2) if two else width
    rows = paragraph(panel.shows, min(left, READABLE), glyphs)
    if panel.reading:
        more = {"validation": WITH_DROPOUT} if dropout else {}
        reading = [(name, text + more.get(name, "")) for name, text in panel.reading]
        rows += [[], [(" how to read it", "strong")], *terms(reading, left, glyphs)]
    keys: Rows = [[(" keys", "strong")]]
    for group in groups:
        keys += command_rows(
            _group(group, panel.commands), available, display, width - left if two else width
        )
    if len(keys) == 1:
        return rows
    return beside(rows, keys, left) if two else [*rows, [], *keys]


def _group(group: Group, names: tuple[str, ...]) -> Group:
    """Return a group with the commands of a panel; those on one help line stay together."""
    kept = []
    commands = iter(group.commands)
    for command in commands:
        pair = [command, next(commands)] if command.pair else [command]
        kept += pair if any(one.name in names for one in pair) else []
    return Group(group.title, tuple(kept))
