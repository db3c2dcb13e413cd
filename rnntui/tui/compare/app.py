"""The app that compares runs: what each of its commands does."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from textual import on

from rnntui.runs.compared.completing import completed, completions
from rnntui.runs.compared.results import Results, csv_text
from rnntui.runs.compared.selecting import compared_facts
from rnntui.runs.store.files import reason
from rnntui.tui.command import Command
from rnntui.tui.compare.base import PROBLEM_SECONDS, BaseCompareApp
from rnntui.tui.compare.widgets import AskLine, Drawn, KeyRow
from rnntui.tui.draw.compare.plot import AXES, SHOWN
from rnntui.tui.draw.compare.table import RunRow, column_at, head_height
from rnntui.tui.draw.rows import Row, block
from rnntui.tui.new_file import write_new
from rnntui.tui.widgets.cells import spelled
from rnntui.tui.widgets.prompt import unescaped

if TYPE_CHECKING:
    from textual import events

MOST_SHOWN = 40  # completions
CHOICES = {"both": "both losses", "validation": "validation", "training": "training"}


class CompareApp(BaseCompareApp):
    """The app, with what each command does."""

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
        """Run the command of the key that was pressed; on a page only those that work anywhere."""
        found = self.commands.command_of(key)
        if found and (self.screen is self.main or found.in_prompt):
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
                self.state.choices.selected = self.state.matching.runs[row.place].path
                self.redraw()

    @on(Drawn.Wheeled)
    def _wheel_turned(self, event: Drawn.Wheeled) -> None:
        self.select(event.direction)

    def _show_foot(self) -> None:
        if self.main.ask.kind == "filter" and not self.main.foot.notice[0]:
            self._show_completions()
        else:
            self.main.foot.redraw()

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
        self.say(f"sorted by {self.state.next_sort()}")
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
        """Run the command of a key, or edit the input line.

        Commands do without Textual's bindings, which send a key around. In the input line, tab
        completes; letters typed right after the key that opens it are inserted.
        """
        from textual import events as kinds

        if isinstance(event, kinds.Key) and self.screen is self.main and self._handled(event):
            return
        await super().on_event(event)

    def _handled(self, event: events.Key) -> bool:
        if not self.prompting:
            if found := self.commands.command_of(event.key):
                self.run_command(found)
            return found is not None
        if event.key == "tab":
            self.complete()
            return True
        line = self.main.ask.input
        inserted = event.is_forwarded and event.is_printable and self.focused is line
        if inserted:
            line.insert_text_at_cursor(event.character or "")
        return inserted

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
            choices.pinned = None
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
