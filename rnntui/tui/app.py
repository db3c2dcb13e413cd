"""The dashboard's app: what each command does."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, get_args

from textual import events, on

from rnntui.recipe import Recipe
from rnntui.tui.base_app import BaseApp
from rnntui.tui.command import Command
from rnntui.tui.commands import TABLE, CommandTable
from rnntui.tui.commands.generation import generate
from rnntui.tui.draw.rows import Glyphs, Rows
from rnntui.tui.keyboard import bindings
from rnntui.tui.look import Layout, Look, in_brief
from rnntui.tui.poller import Connect
from rnntui.tui.remembering import Remembering
from rnntui.tui.themes import next_theme
from rnntui.tui.views import VIEWS
from rnntui.tui.views.arrangement import LAYOUTS, LEAST_PAIR, TIGHT_PAIR
from rnntui.tui.views.mouse import pick, scroll
from rnntui.tui.views.view import View
from rnntui.tui.views.watch import ARROWS
from rnntui.tui.widgets.footer import Footer
from rnntui.tui.widgets.generated import GeneratedPanel
from rnntui.tui.widgets.loss import LossPanel
from rnntui.tui.widgets.panel import TargetPicked, ViewScrolled
from rnntui.tui.widgets.prompt import PromptLine
from rnntui.tui.widgets.steps import StepsPanel
from rnntui.tui.widgets.top import Notice
from rnntui.tui.window import most_zoom, zoom_words

if TYPE_CHECKING:
    from rnntui.tui.jumping import Jump
    from rnntui.tui.overlay import OverlaidRun

PROBLEM_SECONDS = 10.0


class Dashboard(BaseApp):
    """The dashboard of one run, with the commands that change what is shown."""

    def __init__(
        self,
        recipe: Recipe,
        connect: Connect,
        *,
        look: Look | None = None,
        glyphs: Glyphs = "braille",
        theme: str = "dark",
        **options: Any,
    ) -> None:
        """Create a dashboard; `look` replaces `glyphs` and `theme`, other options are the base's.

        What is wrong with the user's settings is shown in a notice.
        """
        look = look or Look(glyphs, theme)
        super().__init__(recipe, connect, look=look, **options)
        self.table, problems = CommandTable.with_keys(look.keys)
        self.set_bindings(bindings(self.table.commands))
        self.display_options.keys = {
            command.name: command.shown
            for command in self.table.commands
            if command.shown != TABLE.by_name[command.name].shown
        }
        self._problems = (*look.problems, *problems)
        self.uses_mouse = look.mouse
        self._jump: Jump | None = None
        self.overlaid: OverlaidRun | None = None  # a second run on the loss plot
        self.remember = Remembering(look.remember, self.set_timer)

    def on_ready(self) -> None:
        """Show what is wrong with the user's settings."""
        super().on_ready()
        if note := in_brief(self._problems):
            self.show_notice(note, "warning", PROBLEM_SECONDS)

    # ---- commands -------------------------------------------------------------------------

    @property
    def available_commands(self) -> list[Command]:
        """The commands that can be run now."""
        return [command for command in self.table.offered(self.view) if command.available(self)]

    def offers(self, command: Command) -> bool:
        """Return whether a command can be run now."""
        return command in self.table.offered(self.view) and command.available(self)

    def _offer(self) -> Callable[[Command], bool]:
        """Return what tells whether a command can be run now."""
        names = {command.name for command in self.available_commands}
        return lambda command: command.name in names

    def action_command(self, key: str) -> None:
        """Run the command of the key that was pressed."""
        if command := self._of_panel(key) or self.table.command_of(self.view, key):
            self.run_command(command)

    def _of_panel(self, key: str) -> Command | None:
        """Return the command that an arrow key runs in the focused panel, if that has its own."""
        name = ARROWS.get(self.display_options.panel, {}).get(key)
        return self.table.by_name[name] if name else None

    def run_command(self, command: Command) -> None:
        """Run a command, or show a notice that it is unavailable."""
        if self.offers(command):
            command.run(self)
        else:
            why = command.unavailable or f"{command.footer} is not available now"
            if self.read_only:
                why = (
                    f"{command.footer} is not available: this dashboard only watches (--read-only)"
                )
            self.show_notice(why)

    @on(Footer.Clicked)
    def _footer_clicked(self, event: Footer.Clicked) -> None:
        self.run_command(event.command)

    @on(PromptLine.Submitted)
    def _prompt_submitted(self) -> None:
        generate(self)

    @on(LossPanel.Pointed)
    def _update_pointed_at(self, event: LossPanel.Pointed) -> None:
        self.move_cursor_to(event.update)

    @on(LossPanel.Zoomed)
    def _plot_zoomed(self, event: LossPanel.Zoomed) -> None:
        self.change_zoom(event.direction)

    @on(Notice.Picked)
    def _view_picked(self, event: Notice.Picked) -> None:
        self.show_view(next(view for view in VIEWS if view.name == event.view))

    @on(StepsPanel.Selected)
    def _time_step_selected(self, event: StepsPanel.Selected) -> None:
        self.select_time_step(event.index)

    @on(TargetPicked)
    def _target_picked(self, event: TargetPicked) -> None:
        pick(self, event.target)

    @on(ViewScrolled)
    def _view_scrolled(self, event: ViewScrolled) -> None:
        scroll(self, event.direction)

    # ---- jump mode ------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """In jump mode, go where the letter is that was pressed; any other key leaves the mode."""
        jump = self._jump
        if jump is None or not isinstance(event, events.Key | events.MouseDown):
            await super().on_event(event)
            return
        if isinstance(event, events.Key) and event.is_forwarded:
            return
        self.close_jump()
        if isinstance(event, events.MouseDown):
            await super().on_event(event)
        elif spot := jump.by_letter.get(event.character or ""):
            spot.go()
        elif (command := self.table.command_of(self.view, event.key)) and command.urgent:
            self.run_command(command)

    def open_jump(self) -> None:
        """Show a letter on every panel and control."""
        if self.screen is self.main:
            self.main.show_notice("", "")  # the views are in its place
        self._show_letters()

    def _show_letters(self) -> None:
        from rnntui.tui.jumping import Jump, head_of, spots_of

        spots = spots_of(self)
        if self._jump is None or not self._jump.same_as(spots):
            self.close_jump()
            self._jump = Jump(spots, head_of(self))
            self._jump.show()

    def close_jump(self) -> None:
        """Remove the letters of jump mode."""
        jump, self._jump = self._jump, None
        if jump is not None:
            jump.clear()

    def follow(self) -> None:
        """Draw the changes of a snapshot; letters of jump mode stay where their controls are."""
        super().follow()
        if self._jump is not None and self.is_running:
            self._show_letters()

    def focus_panel(self, name: str) -> None:
        """Focus a panel: arrow keys act on it, and it can be explained."""
        if not self.view.has(name) and self.beside and self.beside.has(name):
            self.focus_other_view()
        self.main.set_focus(None)
        before, self.display_options.panel = self.display_options.panel, name
        self.main.redraw_panels(before, name, "footer")

    @property
    def focused_panel(self) -> str:
        """The panel that has the focus: the user's, or the main one of the view."""
        return "prompt" if self.prompting else self.display_options.panel or self.view.rest

    # ---- what is shown --------------------------------------------------------------------

    def open_prompt(self) -> None:
        """Focus the prompt, in the view that has it."""
        if not self.view.has("prompt"):
            if self.beside and self.beside.has("prompt"):
                self.focus_other_view()
            else:
                self.show_view(VIEWS[0])
        self.main.set_focus(self.main.prompt)  # now, so that type-ahead goes to it

    def next_sample(self) -> None:
        """Cycle through showing all samples and each one alone."""
        options, count = self.display_options, self.text_count
        next_one = 0 if options.text is None else options.text + 1
        options.text = next_one if next_one < count else None
        options.text_top = None
        self.main.redraw_panels("generated")

    def scroll_text(self, direction: int) -> None:
        """Scroll the generated text by a screenful."""
        if self.text_count > 1 and self.display_options.text is None:
            key = self.display_options.key_of("next_sample", "c")
            self.show_notice(f"{key} shows one sample at a time, to scroll it")
        elif not self.main.panel(GeneratedPanel).scroll(direction):
            self.show_notice("all of the text is in view")

    def open_samples(self) -> None:
        """Open the page of texts generated earlier."""
        from rnntui.tui.screens.samples import SamplesScreen

        self.push_screen(SamplesScreen(self.state, self.display_options))

    @property
    def text_count(self) -> int:
        """Number of samples generated together."""
        return len(self.state.generated.texts) if self.state.generated else 0

    @property
    def unit(self) -> str:
        """The name of a token, such as "character"."""
        return self.state.unit

    @property
    def feature_count(self) -> int:
        """Number of columns in the series."""
        return len(self.state.welcome.features) if self.state.welcome else 0

    def toggle_log(self) -> None:
        """Switch the loss axis between logarithmic and linear."""
        self.display_options.log = not self.display_options.log
        self.show_notice(
            "loss axis: logarithmic" if self.display_options.log else "loss axis: linear"
        )
        self.main.redraw_panels("plot")

    def change_zoom(self, direction: int, wrap: bool = False) -> None:
        """Zoom the loss plot in or out; `wrap` cycles back to the whole run."""
        options, snapshot = self.display_options, self.state.snapshot
        most = most_zoom(snapshot.step if snapshot else 0)
        zoom = options.zoom + direction
        options.zoom = zoom % (most + 1) if wrap else max(0, min(most, zoom))
        self.show_notice(f"plot: {zoom_words(options.zoom, options.cursor is not None)}")
        self.main.redraw_panels("plot")

    def select(self, direction: int) -> None:
        """Select the next or previous time step, or row of the forecast shown."""
        options, count = self.display_options, self.state.time_step_count
        if forecast := self.state.forecast(options):
            first, at = forecast.shown_before, options.forecast_at
            most = first + len(forecast.values) - 1
            self.select_time_step(first if at is None else max(0, min(most, at + direction)))
            return
        at = count - 1 if options.selected is None else options.selected + direction
        options.selected = max(0, min(count - 1, at))
        self.main.redraw_panels("steps", "footer")

    def select_time_step(self, index: int | None) -> None:
        """Select a time step, or a row of the forecast shown, by its index; or none."""
        if self.state.forecast(self.display_options):
            self.display_options.forecast_at = index
        else:
            self.display_options.selected = index
        self.main.redraw_panels("steps", "footer")

    def next_column(self) -> None:
        """Cycle through showing each column alone and all of them."""
        options = self.display_options
        next_one = 0 if options.feature is None else options.feature + 1
        options.feature = next_one if next_one < self.feature_count else None
        look = dataclasses.replace(self.state.insight_look, feature=options.feature or 0)
        self.ask_insight(look)
        self.main.redraw_panels("steps", "generated", self.view.name)

    def next_glyphs(self) -> None:
        """Switch to the next glyph set, if the terminal can show more than ASCII."""
        if (encoding := self.encoding) != "utf-8":
            self.show_notice(f"{encoding} can only show ASCII glyphs (--glyphs braille overrides)")
            return
        names = get_args(Glyphs)
        self.set_glyphs(names[(names.index(self.display_options.glyphs) + 1) % len(names)])

    def set_glyphs(self, glyphs: Glyphs) -> None:
        """Switch to a glyph set."""
        self.display_options.glyphs = glyphs
        self.remember("glyphs", glyphs)
        self.main.redraw()
        self.show_notice(f"glyphs: {glyphs}")

    def change_theme(self, name: str | None = None) -> None:
        """Switch to a theme, or to the next one."""
        self.follows_background = False
        self.show_theme(name or next_theme(self.theme))
        self.remember("theme", self.theme)
        self.show_notice(f"theme: {self.theme}")

    def show_view(self, view: View) -> None:
        """Switch to a view, also for the next dashboard.

        The first view alone is remembered where it closes another one beside it: on a narrow
        terminal it is only what all others return to.
        """
        super().show_view(view)
        closed_one = view is VIEWS[0] and self.pairs
        self.remember("view", view.name if view is not VIEWS[0] or closed_one else None)

    def change_layout(self, layout: Layout | None = None) -> None:
        """Switch to a layout, or between one view and two."""
        width = self.size.width
        if layout is None and width < TIGHT_PAIR and not self.pairs:
            self.show_notice(f"two views need {TIGHT_PAIR} columns")
            return
        two: Layout = "auto" if width >= LEAST_PAIR else "beside"
        self.set_layout(layout or ("single" if self.beside else two))
        self.remember("layout", self.display_options.layout)
        self.show_notice(f"layout: {LAYOUTS[self.display_options.layout]}")

    def change_mouse(self) -> None:
        """Use the mouse, or leave it to the terminal."""
        self.uses_mouse = not self.uses_mouse
        self.use_mouse(self.uses_mouse)
        self.remember("mouse", self.uses_mouse)
        self.show_notice("mouse: on" if self.uses_mouse else "mouse: left to the terminal")

    def back(self) -> None:
        """Close the prompt, the news or the view; in the first view cursor and selection."""
        if self.prompting:
            self.main.set_focus(None)
        elif self.display_options.panel:
            self.focus_panel("")
        elif self.has_news:
            self.display_options.news_dismissed = True
            self.main.follow()
        elif self.view is not VIEWS[0]:
            self.show_view(VIEWS[0])
        elif self.display_options.cursor is not None:
            self.move_cursor_to(None)
        elif self._inspects_forecast:
            self.select_time_step(None)
        elif forecast := self.state.forecast(self.display_options):
            self.display_options.dismissed_forecast = forecast.id
            self.main.follow()
        elif self.display_options.selected is not None:
            self.select_time_step(None)
        elif self._view_to_close:
            self.show_view(VIEWS[0])

    @property
    def can_go_back(self) -> bool:
        """Whether there is something to close."""
        options = self.display_options
        selected = options.selected is not None or options.cursor is not None or options.panel
        opened = self.prompting or bool(selected) or self.has_news or self._view_to_close
        return opened or self.state.forecast(options) is not None

    @property
    def _inspects_forecast(self) -> bool:
        """Whether a row of the forecast shown is selected."""
        options = self.display_options
        return self.state.forecast(options) is not None and options.forecast_at is not None

    @property
    def _view_to_close(self) -> bool:
        """Whether a view is shown in place of the first one, or beside it."""
        return self.view is not VIEWS[0] or self.beside is not None

    @property
    def has_news(self) -> bool:
        """Whether the banner shows what happened while the user was away."""
        return bool(self.state.news) and not self.display_options.news_dismissed

    def move_cursor(self, direction: int) -> None:
        """Move the cursor on the loss plot left or right."""
        self.move_cursor_to(self.main.panel(LossPanel).point(direction))

    def move_cursor_to(self, update: int | None) -> None:
        """Move the cursor on the loss plot to an update, or remove it."""
        self.display_options.cursor = update
        self.state.point_at(update)
        self.poller.ask_steps()
        self.main.redraw_panels("plot", "steps", "footer")

    def open_page(self, name: str) -> None:
        """Open the help, information or events page."""
        from rnntui.tui.screens.about import event_rows, info_rows
        from rnntui.tui.screens.help import help_rows
        from rnntui.tui.screens.pages import PageScreen
        from rnntui.tui.screens.panel_help import help_of, panel_rows

        state, options = self.state, self.display_options
        groups, dropout = self.table.groups_of(self.view), state.recipe.model.dropout > 0
        about = help_of(self.focused_panel, state.values)

        def keys(width: int) -> Rows:
            return help_rows(self._offer(), options, width, groups, state.values, dropout)

        def panel(width: int) -> Rows:
            return panel_rows(about, groups, self._offer(), options, width, dropout)

        pages = {
            "panel": (about.title, panel),
            "help": ("keys", keys),
            "info": ("about this run", lambda w: info_rows(state, w)),
            "events": ("events", lambda w: event_rows(state, w)),
        }
        title, make = pages[name]
        self.push_screen(PageScreen(title, make, options))

    def explain_view(self) -> None:
        """Open the page that explains this view, with the numbers of the selected position."""
        from rnntui.tui.screens.pages import PageScreen
        from rnntui.tui.widgets.insight import InsightPanel

        self.ask_insight(dataclasses.replace(self.state.insight_look, details=True))
        panel = self.main.panel_named(self.view.name)
        assert isinstance(panel, InsightPanel)
        page = PageScreen(self.view.name, panel.explained, self.display_options)
        page.closed = self._explained
        self.push_screen(page)

    def _explained(self) -> None:
        """The page is closed, so its numbers need not be measured any more."""
        self.ask_insight(dataclasses.replace(self.state.insight_look, details=False))

    def open_palette(self, typed: str = "") -> None:
        """Open the command palette, with something typed already."""
        from rnntui.tui.screens.palette import PaletteScreen, choices

        if self.screen is self.main:
            self.push_screen(PaletteScreen(choices(self), self.display_options, typed))

    def suspend_now(self) -> None:
        """Suspend the dashboard; the shell's `fg` resumes it."""
        self.action_suspend_process()
