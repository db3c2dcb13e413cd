"""The dashboard's app: what each command does."""

from __future__ import annotations

from typing import ClassVar, get_args

from textual.binding import Binding, BindingType

from rnntui.engine.protocol import (
    Generate,
    Mend,
    Pace,
    Pause,
    Resume,
    SamplingKey,
    Save,
    SetLearningRate,
    SetSampling,
    Step,
    StopWriting,
)
from rnntui.tui.caches import forget_looks
from rnntui.tui.commands import BY_NAME, COMMANDS, Command
from rnntui.tui.draw import Glyphs
from rnntui.tui.draw.sampling import sampling_words
from rnntui.tui.ladders import pace_after, rate_after, sampling_after
from rnntui.tui.shell import Shell
from rnntui.tui.themes import find_theme, next_theme
from rnntui.tui.widgets.loss import MOST_ZOOM
from rnntui.tui.widgets.prompt import unescaped


def _bindings() -> list[BindingType]:
    return [
        Binding(
            ",".join(command.keys),
            f"command('{command.name}')",
            command.footer,
            show=False,
            priority=command.in_prompt and command.name != "back",
        )
        for command in COMMANDS
        if command.keys
    ]


class Dashboard(Shell):
    """Shows one run and steers it."""

    BINDINGS: ClassVar[list[BindingType]] = _bindings()

    def action_command(self, name: str) -> None:
        """A key was pressed."""
        self.run_command(BY_NAME[name])

    def run_command(self, command: Command) -> None:
        """Carry out a command, or say that it cannot be done now."""
        if command.available(self):
            command.run(self)
        else:
            self.say(f"{command.footer}: not now")

    def toggle_pause(self) -> None:
        """Pause after the current update, or go on."""
        if self.state.state == "paused":
            self.order(Resume(), "going on", state="training")
        else:
            self.order(Pause(), "pausing after the current update", state="paused")

    def step(self, count: int) -> None:
        """Make some updates and pause."""
        updates = "one update" if count == 1 else f"{count} updates"
        self.order(Step(count), f"{updates}, then pause", state="paused")

    def change_pace(self, direction: int) -> None:
        """Up or down the ladder of updates per second."""
        shown = self.state.shown
        if shown is None:
            return
        pace = pace_after(shown.pace, shown.updates_per_second, direction)
        words = "flat out" if pace is None else f"at most {pace:g} updates per second"
        self.order(Pace(pace), f"pace: {words}", pace=pace)

    def change_lr(self, direction: int) -> None:
        """Multiply or divide the learning rate."""
        if shown := self.state.shown:
            self.set_lr(rate_after(shown.lr, direction))

    def set_lr(self, lr: float) -> None:
        """Learn at this rate."""
        self.order(SetLearningRate(lr), f"learning rate {lr:.3g} from the next update on", lr=lr)

    def change_sampling(self, key: SamplingKey, direction: int = 1) -> None:
        """The next value of what decides how tokens are chosen."""
        if shown := self.state.shown:
            self.set_sampling(key, sampling_after(key, getattr(shown, key), direction))

    def set_sampling(self, key: SamplingKey, value: float) -> None:
        """Choose tokens like this from now on."""
        expected: dict[str, float] = {key: value if key in ("temperature", "top_p") else int(value)}
        words = sampling_words(key, value, self.unit)
        self.order(SetSampling(key, value), words, **expected)

    def mend(self) -> None:
        """Do what the banner offers."""
        self.order(Mend(), "mending")

    def save(self) -> None:
        """Write a checkpoint."""
        self.order(Save(), "saving")

    def open_prompt(self) -> None:
        """Put the focus into the prompt."""
        self.main.set_focus(self.main.input)  # at once: what is typed ahead belongs to it

    def write(self) -> None:
        """Let the network go on from the prompt."""
        if self.state.connection != "live":
            return
        sample = self.state.recipe.sample
        length = max(20, self.state.step_count) if self.state.values else sample.sample_length
        prompt = unescaped(self.main.input.value)
        self.order(Generate(prompt, length), "writing with the live weights")

    def stop_writing(self) -> None:
        """Enough."""
        self.order(StopWriting(), "writing stopped")

    def next_text(self) -> None:
        """Of several texts at once, all; then one after the other."""
        options, count = self.display_options, self.text_count
        following = 0 if options.text is None else options.text + 1
        options.text = following if following < count else None
        self.main.writing.redraw()

    @property
    def text_count(self) -> int:
        """How many texts are written at once."""
        return len(self.state.written.texts) if self.state.written else 0

    @property
    def unit(self) -> str:
        """What a token is."""
        return self.state.welcome.unit if self.state.welcome else "character"

    @property
    def feature_count(self) -> int:
        """Columns of the values."""
        return len(self.state.welcome.features) if self.state.welcome else 0

    def toggle_log(self) -> None:
        """Logarithmic or linear."""
        self.display_options.log = not self.display_options.log
        self.say("loss axis: logarithmic" if self.display_options.log else "loss axis: linear")
        self.main.plot.redraw()

    def change_zoom(self, direction: int, wrap: bool = False) -> None:
        """See more or less of the past."""
        options, count = self.display_options, MOST_ZOOM + 1
        zoom = options.zoom + direction
        options.zoom = zoom % count if wrap else max(0, min(MOST_ZOOM, zoom))
        words = ("the whole run", "its last half", "its last quarter", "its last eighth")
        self.say(f"plot: {words[options.zoom]}")
        self.main.plot.redraw()

    def choose(self, direction: int) -> None:
        """Choose the next or the previous step."""
        options, count = self.display_options, self.state.step_count
        at = count - 1 if options.chosen is None else options.chosen + direction
        options.chosen = max(0, min(count - 1, at))
        self.main.strip.redraw()
        self.main.footer.redraw()

    def choose_step(self, step: int | None) -> None:
        """Choose a step by its number."""
        self.display_options.chosen = step
        self.main.strip.redraw()
        self.main.footer.redraw()

    def next_feature(self) -> None:
        """One column of the values after the other, then all."""
        options = self.display_options
        following = 0 if options.feature is None else options.feature + 1
        options.feature = following if following < self.feature_count else None
        self.main.strip.redraw()
        self.main.writing.redraw()

    def next_glyphs(self) -> None:
        """The next way of drawing."""
        names = get_args(Glyphs)
        self.set_glyphs(names[(names.index(self.display_options.glyphs) + 1) % len(names)])

    def set_glyphs(self, glyphs: Glyphs) -> None:
        """Draw with these."""
        self.display_options.glyphs = glyphs
        self.main.redraw()
        self.say(f"glyphs: {glyphs}")

    def change_theme(self, name: str | None = None) -> None:
        """Paint with a theme, or with the next one."""
        self.theme = find_theme(name or next_theme(self.theme)).name
        forget_looks()
        for widget in self.screen.query("*"):
            widget.refresh()
        self.say(f"theme: {self.theme}")

    def back(self) -> None:
        """Out of the prompt first, then from the forecast, then from the chosen step."""
        if self.prompting:
            self.main.set_focus(None)
        elif self.has_news:
            self.display_options.news_seen = True
            self.main.follow()
        elif self.display_options.at is not None:
            self.point_at(None)
        elif forecast := self.state.forecast(self.display_options):
            self.display_options.put_away = forecast.id
            self.main.follow()
        else:
            self.choose_step(None)

    @property
    def has_news(self) -> bool:
        """Whether the banner says what happened while nobody looked."""
        return bool(self.state.news) and not self.display_options.news_seen

    def move_point(self, direction: int) -> None:
        """Point at an earlier or a later update of the loss plot."""
        self.point_at(self.main.plot.point(direction))

    def point_at(self, update: int | None) -> None:
        """Point at an update of the loss plot, or at none."""
        self.display_options.at = update
        self.main.plot.redraw()
        self.main.footer.redraw()

    def open_page(self, name: str) -> None:
        """Help, information or events."""
        from rnntui.tui.screens.about import event_rows, info_rows
        from rnntui.tui.screens.help import help_rows
        from rnntui.tui.screens.pages import PageScreen

        def available(command: Command) -> bool:
            return command.available(self)

        state, options = self.state, self.display_options
        pages = {
            "help": ("keys", lambda w: help_rows(available, options, w, state.values)),
            "info": ("about this run", lambda w: info_rows(state, w)),
            "events": ("events", lambda w: event_rows(state, w)),
        }
        title, make = pages[name]
        self.push_screen(PageScreen(title, make, options))

    def open_palette(self) -> None:
        """Find a command by name."""
        from rnntui.tui.screens.palette import PaletteScreen, choices

        if self.screen is self.main:
            self.push_screen(PaletteScreen(choices(self), self.display_options))

    def suspend_now(self) -> None:
        """Back to the shell; fg comes back."""
        self.action_suspend_process()
