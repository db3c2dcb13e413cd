"""The page of what the networks of several runs generate from one prompt."""

from __future__ import annotations

import asyncio
import contextlib
import json
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rnntui.processes import one_blas_thread, python_command
from rnntui.runs.compared.run import ComparedRun
from rnntui.text import fit, safe_text
from rnntui.tui.display import Display
from rnntui.tui.draw.rows import Rows
from rnntui.tui.screens.pages import PageScreen

if TYPE_CHECKING:
    from rnntui.tui.compare.state import CompareState

MODULE = "rnntui.foreground.texts"
_LONGEST = 1 << 20  # bytes of a line from the process


class TextsScreen(PageScreen):
    """A text of each run, as they arrive; leaving the page stops the process that makes them."""

    def __init__(
        self, state: CompareState, runs: Sequence[ComparedRun], prompt: str, display: Display
    ) -> None:
        super().__init__("generated from all runs", self._rows, display)
        self._state, self._runs, self._prompt = state, runs, prompt
        self._found: dict[str, dict[str, Any]] = {}
        self._problem = ""
        self._process: asyncio.subprocess.Process | None = None

    def on_mount(self) -> None:
        """Start the process."""
        self.run_worker(self._generate(), exit_on_error=False)

    async def _generate(self) -> None:
        asked = {"paths": [str(run.path) for run in self._runs], "prompt": self._prompt}
        self._process = process = await asyncio.create_subprocess_exec(
            *python_command(MODULE, json.dumps(asked)),
            env=one_blas_thread(),
            limit=_LONGEST,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert process.stdout is not None
        try:
            async for line in process.stdout:
                found = json.loads(line)
                self._found[found["path"]] = found
                self.text.redraw()
            if await process.wait():
                self._problem = f"the process that generates ended with status {process.returncode}"
        except ValueError:
            self._problem = "unexpected reply from the process that generates"
        finally:
            self._stop()
        self.text.redraw()

    def _stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    def on_unmount(self) -> None:
        """Stop the process."""
        self._stop()

    def _rows(self, width: int) -> Rows:
        prompt = safe_text(self._prompt) or "each run's own prompt"
        rows: Rows = [[("   prompt  ", "muted"), (fit(prompt, max(1, width - 12)), "")], []]
        if self._problem:
            rows += [[(f"   {self._problem}", "warning")], []]
        for run in self._runs:
            best = f"  {run.best_loss:.4f}" if run.best_loss is not None else ""
            mark = self._state.mark_of(run)
            rows.append([(f" {mark} ", "line"), (safe_text(run.name), "strong"), (best, "muted")])
            rows += self._text_of(run, max(20, width - 6))
            rows.append([])
        return rows

    def _text_of(self, run: ComparedRun, width: int) -> Rows:
        found = self._found.get(str(run.path))
        if found is None:
            return [[("   …" if not self._problem else "   –", "muted")]]
        if "error" in found:
            return [[(f"   {safe_text(str(found['error']))}", "warning")]]
        notes = [safe_text(str(note)) for note in found.get("notes", ())]
        lines = safe_text(str(found.get("text", "")), newlines=True).split("\n")
        return [*_wrapped(notes, width, "warning"), *_wrapped(lines, width, "")]


def _wrapped(lines: Iterable[str], width: int, role: str) -> Rows:
    parts = (part for line in lines for part in textwrap.wrap(line, width) or [""])
    return [[(f"   {part}", role)] for part in parts]
