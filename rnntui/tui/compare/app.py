"""The app that compares runs: it follows them, and does what each command says."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

from textual import on
from textual.timer import Timer

import rnntui.tui
from rnntui.charset import Glyphs
from rnntui.runs.compared.completing import completed, completions
from rnntui.runs.compared.results import Results, csv_text
from rnntui.runs.compared.selecting import compared_facts
from rnntui.runs.store.files import reason
from rnntui.text import safe_text
from rnntui.tui.caches import forget_drawing_caches, forget_theme_caches
from rnntui.tui.command import Command, Group
from rnntui.tui.compare.commands import CompareCommands
from rnntui.tui.compare.screen import CompareScreen
from rnntui.tui.compare.state import CompareState
from rnntui.tui.compare.widgets import AskLine, Drawn, KeyRow
from rnntui.tui.draw import Row, block
from rnntui.tui.draw.compare.plot import AXES, SHOWN, forget_traces
from rnntui.tui.draw.compare.table import RunRow, column_at, head_height
from rnntui.tui.keyboard import bindings
from rnntui.tui.look import Look, in_brief
from rnntui.tui.new_file import write_new
from rnntui.tui.remembering import Remembering
from rnntui.tui.signals import Signals, terminal_gone
from rnntui.tui.state import Display
from rnntui.tui.terminal import TerminalApp
from rnntui.tui.themes import OWN, next_theme
from rnntui.tui.widgets.cells import spelled
from rnntui.tui.widgets.prompt import unescaped

if TYPE_CHECKING:
    from textual import events

NOTICE_SECONDS, PROBLEM_SECONDS = 2.5, 10.0
REFRESH_SECONDS = 1.0  # between two looks at the files of the runs
SLICE = 0.02  # seconds of reading between two keys
DRAW_SECONDS = 0.25  # between two drawings while runs are being read
FORGET_SECONDS = 60.0
HANG_UP = 129
MOST_SHOWN = 40  # completions
CHOICES = {"both": "both losses", "validation": "validation", "training": "training"}


class CompareApp(TerminalApp):
    """Compares the runs of a list. `opened` is the run whose dashboard the user wants to see."""

    TITLE = "rnntui compare"
    CSS_PATH = Path(rnntui.tui.__file__).parent / "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False

    def __init__(
        self,
        state: CompareState,
        look: Look | None = None,
        groups: tuple[Group, ...] = (),
        note: str = "",
    ) -> None:
        """`groups`: further commands. `note`: a problem to show first."""
        super().__init__()
        look = look or Look()
        self.state: CompareState = state
        self.commands, problems = CompareCommands.with_keys(look.keys, groups)
        self.set_bindings(bindings(self.commands.commands))
        self.options = Display(glyphs=look.glyphs or "braille", keys=self.commands.changed)
        for theme in OWN.values():
            self.register_theme(theme)
        self.theme = look.theme or "dark"
        self.follows_background = not look.theme
        self.uses_mouse = look.mouse
        self.remember = Remembering(look.remember, self.set_timer)
        self.opened: Path | None = None
        self._first_notice = note or in_brief(problems)
        self._signals: Signals | None = None
        self._notice_timer: Timer | None = None
        self._drawn = 0.0
        self._drawn_version = -1
        self._reading = False

    # ---- start and end ----------------------------------------------------------------------

    def get_default_screen(self) -> CompareScreen:
        """Return the screen."""
        self.main = CompareScreen(self.state, self.options)
        return self.main

    def on_mount(self) -> None:
        """Follow the runs."""
        self.app_resume_signal.subscribe(self, self._resumed)
        self.set_interval(REFRESH_SECONDS, self._refresh_runs)
        self.set_interval(FORGET_SECONDS, self._forget)
        if self._signals is not None:
            loop = asyncio.get_running_loop()
            self._signals.quit = lambda code: _soon(loop, self, code)
        self._read()

    def on_ready(self) -> None:
        """Exclude everything loaded before the first frame from garbage collection."""
        gc.freeze()
        gc.enable()
        if self._first_notice:
            self.say(self._first_notice, "warning", PROBLEM_SECONDS)

    def handle_signals(self, signals: Signals) -> None:
        """Quit on signals once the event loop runs."""
        self._signals = signals

    def quit(self, code: int) -> None:
        """Quit with an exit code."""
        self.exit(return_code=code)

    async def action_quit(self) -> None:
        """Quit as the `q` key does."""
        self.quit(0)

    def hang_up(self) -> None:
        """Quit: the terminal was closed."""
        self.quit(HANG_UP)

    def background_known(self, light: bool) -> None:
        """Switch to the theme that fits the terminal's background."""
        if self.follows_background:
            self._show_theme("light" if light else "dark")

    def _resumed(self, _app: object) -> None:
        self.start_over()
        self.redraw()
        self.screen.refresh(layout=True)
        for widget in self.screen.query("*"):
            widget.refresh()

    # ---- following the runs -----------------------------------------------------------------

    def _refresh_runs(self) -> None:
        if not self.is_headless and terminal_gone():
            self.hang_up()
        if self.caught_up:
            self.state.followed.refresh()
            self._read()

    def _read(self) -> None:
        """Read losses for a moment, and go on after the keys that were pressed meanwhile."""
        followed = self.state.followed
        more = followed.read(SLICE)
        now = time.monotonic()
        if followed.version != self._drawn_version and (
            not more or now - self._drawn >= DRAW_SECONDS
        ):
            self._drawn, self._drawn_version = now, followed.version
            self.redraw()
        if more and not self._reading:
            self._reading = True
            self.set_timer(0.001, self._read_on)

    def _read_on(self) -> None:
        self._reading = False
        self._read()

    def _forget(self) -> None:
        forget_traces()
        forget_drawing_caches()

    def redraw(self) -> None:
        """Draw what has changed, then ask whether the terminal keeps up."""
        if self.is_running and self.main.is_mounted:
            self.main.redraw()
            self._show_foot()
            if self.screen is not self.main:
                self.screen.follow()  # type: ignore[attr-defined]
            self.call_after_refresh(self.ask_terminal)

    # ---- commands ---------------------------------------------------------------------------

    @property
    def prompting(self) -> bool:
        """Whether an input line has the focus."""
        return bool(self.main.ask.kind)

    @property
    def available_commands(self) -> list[Command]:
        """The commands that can be run now."""
        return [c for c in self.commands.commands if c.available(cast(Any, self))]

    def action_command(self, key: str) -> None:
        """Run the command of the key that was pressed."""
        if self.screen is self.main and (found := self.commands.command_of(key)):
            self.run_command(found)

    def run_command(self, command: Command) -> None:
        """Run a command, or say why it is not available."""
        if command.available(cast(Any, self)):
            command.run(cast(Any, self))
        else:
            self.say(command.unavailable or f"{command.footer} is not available now")

    @on(KeyRow.Picked)
    def _key_clicked(self, event: KeyRow.Picked) -> None:
        self.run_command(event.command)

    @on(Drawn.Clicked)
    def _cell_clicked(self, event: Drawn.Clicked) -> None:
        if event.name != "table":
            return
        table = self.state.table()
        head = head_height(table)
        number = event.y - head + table.first
        if event.y == head - 1:
            if name := column_at(table, self.main.table.size.width, event.x):
                self.sort_by(name)
        elif event.y >= head and number < len(table.rows):
            row = table.rows[number]
            if isinstance(row, RunRow) and row.selected:
                self.open_selected()
            elif isinstance(row, RunRow):
                self.state.choices.selected = self.state.arranged.runs[row.index].name
                self.redraw()

    @on(Drawn.Wheeled)
    def _wheel_turned(self, event: Drawn.Wheeled) -> None:
        self.select(event.direction)

    def say(self, text: str, role: str = "", seconds: float = NOTICE_SECONDS) -> None:
        """Show a notice in place of the keys for some seconds."""
        if self._notice_timer is not None:
            self._notice_timer.stop()
        self.main.notice = (safe_text(text), role)
        self._show_foot()
        self._notice_timer = self.set_timer(seconds, self._end_notice)

    def _end_notice(self) -> None:
        self.main.notice = ("", "")
        self._show_foot()

    def _show_foot(self) -> None:
        if self.main.ask.kind == "filter" and not self.main.notice[0]:
            self._show_completions()
        else:
            self.main.redraw_foot()

    # ---- the runs ---------------------------------------------------------------------------

    @property
    def page(self) -> int:
        """The rows of a page of the table."""
        return max(1, self.main.room - 1)

    def select(self, rows: int) -> None:
        """Select another run."""
        self.state.move(rows)
        self.redraw()

    def open_selected(self) -> None:
        """Leave the screen to show the dashboard of the selected run; it comes back afterwards."""
        run = self.state.selected
        if run is not None and run.summary.usable:
            self.opened = run.path
            self.exit(return_code=0)

    def hide(self) -> None:
        """Hide the losses of the selected run, or show them."""
        self.state.hide()
        self.redraw()

    def show_all(self) -> None:
        """Show the losses of all runs."""
        self.state.choices.hidden.clear()
        self.redraw()

    def pin(self) -> None:
        """Pin the selected run, or let it go."""
        self.state.pin()
        self.redraw()

    # ---- the table --------------------------------------------------------------------------

    def sort_by(self, name: str) -> None:
        """Order by a column, or the other way round."""
        if why := self.state.sort(name):
            self.say(why, "warning")
        self.redraw()

    def sort_by_next(self) -> None:
        """Order by the next column."""
        self.say(f"ordered by {self.state.next_sort()}")
        self.redraw()

    def reverse(self) -> None:
        """Reverse the order."""
        self.state.choices.reverse = not self.state.choices.reverse
        self.redraw()

    def group_by_next(self) -> None:
        """Group by the next setting."""
        group = self.state.next_group()
        self.say(f"grouped by {', '.join(group)}" if group else "not grouped")
        self.redraw()

    def shift(self, columns: int) -> None:
        """Show other settings in the table."""
        most = max(0, len(self.state.arranged.differing) - 1)
        self.state.choices.shift = max(0, min(most, self.state.choices.shift + columns))
        self.redraw()

    def write_csv(self) -> None:
        """Write the runs shown to a new file in the working directory."""
        found = self.state.arranged
        text = csv_text(Results(found.runs, found.differing, found.reason))
        self._write("compare", ".csv", text)

    def save_picture(self) -> None:
        """Save what is shown as SVG."""
        from rnntui.export.picture import to_svg
        from rnntui.tui.picture import screen_of

        self._end_notice()
        self._write("compare", ".svg", to_svg(screen_of(cast(Any, self)), "rnntui compare"))

    def _write(self, stem: str, suffix: str, text: str) -> None:
        try:
            path = write_new(Path.cwd(), stem, suffix, text)
        except OSError as error:
            self.say(f"nothing is written: {reason(error)}", "warning", PROBLEM_SECONDS)
            return
        self.say(f"saved {path.name}", seconds=PROBLEM_SECONDS)

    # ---- filter and prompt ------------------------------------------------------------------

    def ask_filter(self) -> None:
        """Type a filter."""
        filter_now = self.state.choices.filter
        self._ask("filter", f"{filter_now} " if filter_now else "")

    def ask_prompt(self) -> None:
        """Type a prompt for all runs."""
        self._ask("prompt", "")

    def _ask(self, kind: str, text: str) -> None:
        self._end_notice()
        self.main.ask.open(kind, text)
        self.redraw()

    @on(AskLine.Changed)
    def _typed(self) -> None:
        if self.main.ask.kind == "filter":
            text = self.main.ask.input.value
            if any(found.endswith("=") for found in self._completions()):
                text = text.rpartition(" ")[0]  # a key is being typed, not a name
            self.state.set_filter(text)
            self.redraw()

    @on(AskLine.Submitted)
    def _submitted(self) -> None:
        kind, text = self.main.ask.kind, self.main.ask.input.value
        if kind == "filter":
            self.state.set_filter(text)
            if self.state.filter_problem:
                self._show_foot()
                return
        self.main.ask.close()
        self.redraw()
        if kind == "prompt":
            from rnntui.tui.compare.texts import TextsScreen

            runs = self.state.visible or list(self.state.arranged.runs)
            self.push_screen(TextsScreen(self.state, runs, unescaped(text), self.options))

    def _completions(self) -> list[str]:
        now, runs = time.time(), self.state.followed.runs
        facts = [compared_facts(run, now) for run in runs if run.readable]
        return completions(self.main.ask.input.value, facts, self.state.arranged.differing)

    def _show_completions(self) -> None:
        """Show what the last word may become, or what is wrong with the filter."""
        row: Row = [(" enter", "strong"), (" keep the filter  ", "muted")]
        row += [("esc", "strong"), (" remove it", "muted")]
        if found := self._completions():
            row = [(" tab ", "strong"), *((f" {text} ", "muted") for text in found[:MOST_SHOWN])]
        elif problem := self.state.filter_problem:
            row = [(f" {problem}", "warning")]
        width = self.main.foot.size.width
        self.main.foot.show(block(spelled([row], self.options.glyphs), width, 1))

    def complete(self) -> None:
        """Complete the filter that is being typed."""
        if self.main.ask.kind == "filter" and (found := self._completions()):
            line = self.main.ask.input
            line.value = completed(line.value, found[0])
            line.cursor_position = len(line.value)

    async def on_event(self, event: events.Event) -> None:
        """Complete with tab; insert letters typed right after a key that opens an input line."""
        from textual import events as kinds

        if isinstance(event, kinds.Key) and self.prompting and self.screen is self.main:
            if event.key == "tab":
                self.complete()
                return
            line = self.main.ask.input
            if event.is_forwarded and event.is_printable and self.focused is line:
                line.insert_text_at_cursor(event.character or "")
                return
        await super().on_event(event)

    @property
    def can_go_back(self) -> bool:
        """Whether there is something to close or to remove."""
        choices = self.state.choices
        return self.prompting or bool(choices.filter or choices.pinned or choices.group)

    def back(self) -> None:
        """Close the input line; else remove the filter, the pin or the groups."""
        choices = self.state.choices
        if self.prompting:
            if self.main.ask.kind == "filter":
                self.state.set_filter("")
            self.main.ask.close()
        elif choices.filter:
            self.state.set_filter("")
        elif choices.pinned:
            choices.pinned = ""
        else:
            choices.group = ()
        self.redraw()

    # ---- plot and screen --------------------------------------------------------------------

    def next_axis(self) -> None:
        """Plot over something else."""
        choices = self.state.choices
        choices.axis = AXES[(AXES.index(choices.axis) + 1) % len(AXES)]
        self.say(f"x axis: {choices.axis}")
        self.redraw()

    def next_losses(self) -> None:
        """Draw other losses."""
        shown = SHOWN[(SHOWN.index(self.state.shown) + 1) % len(SHOWN)]
        self.state.choices.shown = shown
        self.say(f"losses: {CHOICES[shown]}")
        self.redraw()

    def toggle_log(self) -> None:
        """Switch the loss axis between logarithmic and linear."""
        choices = self.state.choices
        choices.log = not choices.log
        self.say("loss axis: logarithmic" if choices.log else "loss axis: linear")
        self.redraw()

    def next_glyphs(self) -> None:
        """Switch to the next glyph set, if the terminal can show more than ASCII."""
        if (encoding := self.encoding) != "utf-8":
            self.say(f"{encoding} can only show ASCII glyphs (--glyphs braille overrides)")
            return
        names = get_args(Glyphs)
        self.options.glyphs = names[(names.index(self.options.glyphs) + 1) % len(names)]
        self.remember("glyphs", self.options.glyphs)
        self.say(f"glyphs: {self.options.glyphs}")
        self.redraw()

    def change_theme(self) -> None:
        """Switch to the next theme."""
        self.follows_background = False
        self._show_theme(next_theme(self.theme))
        self.remember("theme", self.theme)
        self.say(f"theme: {self.theme}")

    def _show_theme(self, name: str) -> None:
        if name != self.theme:
            self.theme = name
            forget_theme_caches()
            for widget in self.screen.query("*"):
                widget.refresh()

    def change_mouse(self) -> None:
        """Use the mouse, or leave it to the terminal."""
        self.uses_mouse = not self.uses_mouse
        self.use_mouse(self.uses_mouse)
        self.remember("mouse", self.uses_mouse)
        self.say("mouse: on" if self.uses_mouse else "mouse: left to the terminal")

    def open_help(self) -> None:
        """Open the page of keys."""
        from rnntui.tui.compare.help import help_page

        self.push_screen(help_page(self))

    def open_palette(self) -> None:
        """Open the list of commands."""
        from rnntui.tui.compare.palette import ComparePalette

        self.push_screen(ComparePalette(self))

    def suspend_now(self) -> None:
        """Suspend the screen; the shell's `fg` resumes it."""
        self.action_suspend_process()


def _soon(loop: asyncio.AbstractEventLoop, app: CompareApp, code: int) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: already quitting
        loop.call_soon_threadsafe(app.quit, code)
