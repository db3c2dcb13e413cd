"""Take along what is shown: save the picture, or export the run in any format."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rnntui.processes import one_blas_thread, python_command
from rnntui.runs.store.files import reason
from rnntui.text import safe_text
from rnntui.tui.command import Command, Group
from rnntui.tui.screens.setting_choices import Choice

if TYPE_CHECKING:
    from rnntui.tui.app import Dashboard

NOTICE_SECONDS = 10.0


def save_picture(app: Dashboard) -> None:
    """Save what is shown as SVG, and say where."""
    from rnntui.export.picture import to_svg
    from rnntui.tui.new_file import write_new
    from rnntui.tui.picture import screen_of

    run = _run(app) or app.state.recipe.name or "rnntui"
    update = app.state.snapshot.step if app.state.snapshot else 0
    title = f"{run}: {app.view.name}, update {update}"
    try:
        svg = to_svg(screen_of(app), title)
        path = write_new(Path.cwd(), f"{run}-{app.view.name}-update-{update}", ".svg", svg)
    except OSError as error:
        app.show_notice(f"the picture is not saved: {reason(error)}", "warning", NOTICE_SECONDS)
        return
    app.show_notice(f"saved {safe_text(path.name)}", seconds=NOTICE_SECONDS)


def export_choices(app: Dashboard) -> list[Choice]:
    """Return a choice of the palette for each format; none for a run that isn't saved."""
    if not _run(app) or app.runs is None:
        return []
    from rnntui.export import all_formats  # not before the first frame

    return [
        Choice(f"export {name}", "", found.about, partial(_start, name))
        for name, found in all_formats().items()
    ]


def _run(app: Dashboard) -> str:
    return app.state.welcome.run if app.state.welcome else ""


def _start(name: str, app: Dashboard) -> None:
    app.show_notice(f"exporting to {name} …", seconds=600.0)
    app.run_worker(_export(app, name))


async def _export(app: Dashboard, name: str) -> None:
    """Export the run in a process of its own: this one has no NumPy."""
    import asyncio  # slow to import, and commands are declared before the first frame

    arguments = [_run(app), "--to", name, "--runs-dir", str(app.runs)]
    process = await asyncio.create_subprocess_exec(
        *python_command("rnntui.cli.export", json.dumps(arguments)),
        env=one_blas_thread(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = (text.decode("utf-8", "replace") for text in await process.communicate())
    finally:
        if process.returncode is None:  # the dashboard was closed
            process.terminate()
    lines = [line for line in err.splitlines() if line.strip()]
    if process.returncode == 0:
        app.show_notice(f"exported to {safe_text(out.strip())}", seconds=NOTICE_SECONDS)
    else:
        why = lines[-1].removeprefix("rnntui: ") if lines else "the export failed"
        app.show_notice(safe_text(why), "warning", NOTICE_SECONDS)


EXPORTING = Group(
    "export",
    (
        Command(
            name="picture",
            keys=("W",),
            footer="picture",
            help="save the screen as a picture (SVG); the palette exports the run",
            run=save_picture,
            rank=9,
        ),
    ),
)
