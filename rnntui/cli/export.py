"""`rnntui export` and `rnntui import`: take runs elsewhere, and take in runs from elsewhere."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from rnntui.cli import completion
from rnntui.cli.group import cli
from rnntui.cli.models import CHECKPOINT
from rnntui.cli.sharing import ending_tidily, run_path, runs_dir_option


def _formats(
    _ctx: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    from rnntui.export import all_formats

    return [
        CompletionItem(name, help=found.about)
        for name, found in all_formats().items()
        if name.startswith(incomplete)
    ]


def _print_list(ctx: click.Context, _parameter: click.Parameter, given: bool) -> None:
    if not given or ctx.resilient_parsing:
        return
    from rnntui.export import all_formats

    width = max(map(len, all_formats()))
    for name, found in all_formats().items():
        extra = f" (pip install 'rnntui[{found.extra}]')" if found.extra else ""
        click.echo(f"{name:<{width}}  {found.about}{extra}")
    ctx.exit()


def _size(
    _ctx: click.Context, _parameter: click.Parameter, given: str | None
) -> tuple[int, int] | None:
    if given is None:
        return None
    columns, _, rows = given.lower().partition("x")
    if not (columns.isdecimal() and rows.isdecimal() and len(given) <= 9):
        raise click.BadParameter(f"'{given[:20]}': use COLUMNSxROWS, such as 120x40")
    size = int(columns), int(rows)
    if not (20 <= size[0] <= 500 and 5 <= size[1] <= 200):
        raise click.BadParameter(f"'{given[:20]}': from 20x5 to 500x200")
    return size


@cli.command(short_help="Export a run as a model, tables, pictures or a page.")
@click.argument("run", required=False, shell_complete=completion.runs)
@click.option(
    "--to", "name", metavar="FORMAT", shell_complete=_formats, help="The format; see --list."
)
@click.option(
    "--out",
    metavar="PATH",
    shell_complete=completion.files,
    help="File or folder to create; default: named after the run, in this directory.",
)
@click.option("--force", is_flag=True, help="Replace an earlier export at that path.")
@click.option(
    "--checkpoint",
    metavar="WHICH",
    shell_complete=completion.checkpoints,
    help=f"torch, onnx: {CHECKPOINT[0].lower()}{CHECKPOINT[1:]}",
)
@click.option("--view", metavar="VIEW", help="svg, png: loss (the default), a view, or all.")
@click.option("--theme", metavar="NAME", help="svg, png: a theme, such as dark or light.")
@click.option(
    "--size", metavar="CxR", callback=_size, help="svg, png: columns x rows; default: 120x40."
)
@click.option(
    "--list",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_list,
    help="Print what each format is for, and exit.",
)
@runs_dir_option
def export(
    run: str | None,
    name: str | None,
    out: str | None,
    force: bool,
    checkpoint: str | None,
    view: str | None,
    theme: str | None,
    size: tuple[int, int] | None,
    runs_dir: str | None,
) -> int:
    """Write RUN in another format: for PyTorch, ONNX, a spreadsheet, a colleague, a talk.

    Without RUN, the newest run is used; it may be training at the same time. The export appears
    complete or not at all. An existing path is never replaced without --force.

    \b
    Examples:
      rnntui export --list
      rnntui export tales-calm-heron --to torch
      rnntui export --to csv --out losses
      rnntui export --to svg --view memory --theme light --size 160x50
    """
    import dataclasses
    from pathlib import Path

    from rnntui.export import find_format
    from rnntui.export.format import Export
    from rnntui.export.writing import write_export
    from rnntui.text import safe_text

    if name is None:
        raise click.UsageError("--to is missing; rnntui export --list explains the formats")
    chosen = find_format(name)
    path = run_path(runs_dir, run)
    request = Export(path, checkpoint, view, theme, size, note=_note)
    chosen.check(request)
    if "view" in chosen.options:
        from rnntui.cli.pictures import pictures

        request = dataclasses.replace(request, pictures=pictures())
    target = Path(out) if out is not None else Path(chosen.default_name(request))
    with ending_tidily():
        write_export(chosen, request, target, force)
    click.echo(safe_text(str(target)))
    return 0


@cli.command("import", short_help="Take in a run that was exported as a bundle.")
@click.argument("file", type=click.Path(), shell_complete=completion.files)
@click.option("--name", metavar="NAME", help="Name for the run; default: its name there.")
@runs_dir_option
def import_(file: str, name: str | None, runs_dir: str | None) -> int:
    """Take in the run in FILE, which rnntui export --to bundle wrote.

    The run can then be attached, evaluated, exported and used to generate. To resume it on your
    own copy of its source, use rnntui resume RUN --source SOURCE. A file that is not exactly what
    export writes is refused, and nothing is kept of it.

    \b
    Examples:
      rnntui import tales-calm-heron.tar.gz
    """
    from pathlib import Path

    from rnntui.export.unbundle import import_bundle
    from rnntui.runs.store.root import runs_root
    from rnntui.text import safe_text

    with ending_tidily():
        run = import_bundle(Path(file), runs_root(runs_dir), name)
    click.echo(f"imported: rnntui attach {safe_text(run.name)}")
    return 0


def main(arguments: str) -> int:
    """Run `rnntui export` for the dashboard; `arguments` is a JSON list of texts."""
    import json

    from rnntui.cli import run

    return run(["export", *json.loads(arguments)])


def _note(text: str) -> None:
    from rnntui.text import safe_text

    click.echo(f"rnntui: note: {safe_text(text)}", err=True)
