"""Every place where a line can show a foreign string; as a program, it shows strings there.

python -m tests.support.sinks COUNT SEED [NAME …]

`SINKS` says how to get a string there, `PRINTED` which sinks lead to each place in the code that
prints. Whoever prints something new adds a line to both.
"""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click

from rnntui.cli import lists as listing
from rnntui.cli import run
from rnntui.cli.outcome import guarded
from rnntui.errors import DataError
from rnntui.recipe import Recipe, to_toml
from tests.support.hostile import as_name, as_utf8, hostile

Show = Callable[[str], object]
TINY = ("--hidden", "2", "--layers", "1", "--steps", "1", "--batch", "1", "--seq-len", "4")
TINY += ("--set", "dropout=0", "--set", "eval_every=0", "--set", "final_length=9", "--plain")


# ---- ways to show a string ---------------------------------------------------------------------


def error(raised: Callable[[str], BaseException]) -> Show:
    """A command that ends so."""

    def show(text: str) -> object:
        def command() -> int:
            raise raised(text)

        return guarded(command)

    return show


def command(*args: str) -> Show:
    """A command line, with the string in the place of {}."""
    return lambda text: run([arg.replace("{}", text) for arg in args])


def recipe_of_ones_own(text: str) -> object:
    """A recipe with the string as its title, text and source."""
    recipe = dataclasses.replace(Recipe(), title=as_utf8(text), about=as_utf8(text))
    recipe = recipe.replace(source=f"text:{as_utf8(text)}", prompt=as_utf8(text))
    Path("mine.toml").write_text(to_toml(recipe), "utf-8")
    run(["recipes", "mine.toml"])
    return run(["train", "mine.toml", *TINY])


def damaged_recipe(text: str) -> object:
    """A recipe that holds the string as it is."""
    for content in (f"[{text}]", f'["{text}"]', f'title = "{text}"', f'[data]\n"{text}" = 1'):
        Path("bad.toml").write_text(as_utf8(content), "utf-8")
        run(["recipes", "bad.toml"])
    value = as_utf8(text).encode("unicode_escape").decode().replace("\\x", "\\u00")
    Path("bad.toml").write_text(
        f'[data]\nsource = "corpus:{value}"\ntokenizer = "{value}"', "utf-8"
    )
    return run(["train", "bad.toml", "--plain"])


def file_name(text: str) -> object:
    """A file of that name, one that is not there, and a folder."""
    name = as_name(text)
    Path(name).write_text("abcdefgh\n" * 3, "utf-8")
    run(["train", f"./{name}", *TINY])
    run(["train", f"./{name}x"])
    Path(name).unlink()
    Path(name).mkdir()
    run(["train", f"./{name}"])
    Path(name).rmdir()
    return run(["train", f"./{name}.toml"])


def column_names(text: str) -> object:
    """A CSV with such a column, and a column that it does not have."""
    quoted = '"' + as_utf8(text).replace('"', '""') + '"'
    Path("t.csv").write_text(f"a,{quoted}\n" + "1,2\n2,3\n3,1\n" * 3, "utf-8")
    run(["train", "t.csv", *TINY, "--set", "split=0"])
    run(["train", "t.csv", *TINY, "--set", f"columns={text}"])
    Path("t.csv").write_text(f"a,b\n1,{quoted}\n2,3\n3,4\n", "utf-8")
    return run(["train", "t.csv", *TINY])


def backtested(text: str) -> object:
    """Forecasts of such a column, compared with simple methods."""
    quoted = '"' + as_utf8(text).replace('"', '""') + '"'
    rows = "".join(f"{n},{n % 7}\n" for n in range(2, 80, 2))
    Path("t.csv").write_text(f"a,{quoted}\n{rows}", "utf-8")
    run(["train", "t.csv", *TINY, "--runs-dir", "tested", "--set", "split=0.3"])
    run(["backtest", "--runs-dir", "tested"])
    return run(["backtest", "--csv", "--runs-dir", "tested"])


def tokens(text: str) -> object:
    """A text to learn, token by token; with it too short for that."""
    source = f"text:{text}"
    for kind in ("char", "byte", "word"):
        run(["train", source, *TINY, "--seq-len", "2", "--set", f"tokenizer={kind}"])
    return run(["train", "text:abc", *TINY, "--set", f"prompt={text}"])


@cache
def kept() -> dict[str, bytes]:
    """The files of a run, by their path in its directory."""
    run(["train", "text:abcabcabcabc", *TINY, "--runs-dir", "made", "--name", "made"])
    files = [path for path in Path("made/made").rglob("*") if path.is_file()]
    return {str(path.relative_to("made/made")): path.read_bytes() for path in files}


@cache
def of_all_bytes() -> str:
    """A run that knows every byte, so that its text may begin with any prompt."""
    Path("bytes.bin").write_bytes(bytes(range(256)))
    how = ("--set", "tokenizer=byte", "--runs-dir", "made", "--name", "bytes")
    run(["train", "./bytes.bin", *TINY, *how])
    return "made/bytes"


def put(name: str, files: dict[str, bytes]) -> None:
    """A run of that name, and no other."""
    shutil.rmtree("runs", ignore_errors=True)
    for path, content in files.items():
        place = Path("runs", name, path)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.write_bytes(content)


def use_run(name: str) -> None:
    """Every command on a run that is there."""
    for args in (["runs"], ["runs", "--json"], ["generate", name, "--length", "3"], ["stop", name]):
        run(args)
    for args in (["status", name], ["status", name, "--json"], ["tag", name, "kept"]):
        run(args)
    for how in ("--plain", "--csv", "--json"):
        run(["compare", name, how])
    run(["eval", name, "none.txt"])
    run(["resume", name, "--plain", "--steps", "1"])
    sys.stdin, before = io.StringIO(), sys.stdin
    try:
        run(["rm", name])
    finally:
        sys.stdin = before


def run_names(text: str) -> object:
    """The directory of a run."""
    name = as_name(text)
    put(name, kept())
    return use_run(name)


def labels(text: str) -> object:
    """The tag, the note and the filter of a run, wherever they are shown."""
    put("labelled", kept())
    for args in (["tag", "labelled", "--note", text], ["tag", "labelled", text]):
        run(args)
    run(["runs", f"note:{text}"])
    run(["stop", "--where", text])
    run(["rm", "--where", text])
    return use_run("labelled")


def sweeps(text: str) -> object:
    """The name of a sweep, and a file that is to be one."""
    Path("sweep.toml").write_bytes(as_utf8(text).encode())
    run(["sweep", "sweep.toml"])
    run(["sweep", "stop", text])
    return run(["sweep", "show", text, "--plain"])


def newest_run(text: str) -> object:
    """The run that is meant where none is named."""
    put(as_name(text), kept())
    run(["generate", "--length", "1"])
    return run(["resume", "--plain", "--steps", "1"])


def newer_keys(text: str) -> object:
    """A key and a section that only a newer version of the program knows."""
    files, quoted = kept(), json.dumps(as_utf8(text), ensure_ascii=False).replace("\x7f", "\\u007f")
    recipe = files["recipe.toml"].decode()
    for newer in (f"{recipe}{quoted} = 1\n", f"{recipe}[{quoted}]\na = 1\n"):
        put("newer", {**files, "recipe.toml": newer.encode()})
        run(["generate", "newer", "--length", "1"])
        run(["resume", "newer", "--plain", "--steps", "1"])
    return None


def run_files(text: str) -> object:
    """What stands in a run's files, in the place of every text; then in a damaged one."""

    def foreign(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: foreign(item) for key, item in value.items()}
        return as_utf8(text) if isinstance(value, str) else value

    for path in [path for path in kept() if path.endswith(".json") and "/" not in path]:
        table = json.loads(kept()[path])
        for key, value in table.items():
            changed = json.dumps({**table, key: foreign(value)}).encode()
            put("files", {**kept(), path: changed})
            run(["runs"])
            run(["runs", "--json"])
        put("files", {**kept(), path: as_utf8(text).encode()})
        use_run("files")
    put("files", {**kept(), "recipe.toml": as_utf8(f'title = "{text}"').encode()})
    return use_run("files")


@cache
def finished() -> Any:
    """A run that has ended: itself, its data, its last update, its result."""
    from rnntui.data import load
    from rnntui.foreground.report import Run
    from rnntui.runs.opening import Opened
    from rnntui.session.session import Session
    from rnntui.training.loop import finish, start

    recipe = Recipe().replace(source="text:abcabcabcabc", hidden=2, batch=1, seq_len=4, steps=1)
    recipe = recipe.replace(split=0.0, eval_every=0)
    data = load(recipe)
    state = start(recipe, data)
    session = Session(Opened(recipe, data, state))
    chunk = session.update()
    return Run(recipe, data, state, session), chunk, finish(recipe, data, state)


def found(text: str) -> Any:
    """A finding that says the string wherever one says something."""
    from rnntui.protocol.insight import Evidence, Finding
    from rnntui.session.findings import Change

    return Change(1, "found", Finding("dead", 1, text, text, (Evidence(text, 1.0),), text))


def reports(text: str) -> object:
    """What --plain and --json tell of a run, with the string wherever they tell one."""
    from rnntui.foreground.json_report import JsonReport
    from rnntui.foreground.plain_report import PlainReport
    from rnntui.foreground.report import Lines

    made, chunk, result = finished()
    recipe = dataclasses.replace(made.recipe, name=text, title=text, about=text)
    data = dataclasses.replace(made.data, name=text, split=text)
    foreign = copy.copy(made)
    foreign.recipe, foreign.data = recipe, data
    for kind in (PlainReport, JsonReport):
        report = kind(Lines(sys.stdout), 1)
        report.begin(foreign)
        report.note(text)
        report.change(found(text))
        report.see(dataclasses.replace(chunk, samples=(text, text)))
        report.end(dataclasses.replace(result, generated=text))
        report.stop("SIGINT")
    return None


def lists(text: str) -> object:
    """The lists of recipes and corpora, if those were foreign."""
    from rnntui.data.corpus import CorpusInfo

    recipe = dataclasses.replace(Recipe(), title=text)
    corpus = CorpusInfo("x", "text", text, "1 kB", text)
    bundled, catalogue, read = listing.bundled, listing.catalogue, listing.from_toml
    listing.bundled = lambda: {"tales": ""}
    listing.from_toml = lambda _text, _name: recipe
    listing.catalogue = lambda: (corpus,)  # type: ignore[assignment]
    try:
        run(["recipes"])
        return run(["corpora"])
    finally:
        listing.bundled, listing.catalogue, listing.from_toml = bundled, catalogue, read


def final_report(text: str) -> object:
    """What the dashboard leaves in the scrollback."""
    from rnntui.engine.spawn import LOG, EngineHandle
    from rnntui.tui.generated_text import GeneratedText
    from rnntui.tui.leaving import Left, epilogue
    from rnntui.tui.state import RunState
    from tests.support.scripted import Scripted

    recipe = dataclasses.replace(Recipe(), name=text)
    state = RunState(recipe)
    state.apply(Scripted(Recipe()).snapshot)
    state.generated = GeneratedText(prompt=text, text=text)
    Path(LOG).write_text(as_utf8(text), "utf-8")
    process: Any = SimpleNamespace(poll=lambda: 74, wait=lambda seconds: 74)
    for stopped in (True, False):
        epilogue(Left(0, state, kept=True, stopped=stopped), EngineHandle(process, Path()))
    return None


def dead_engine(text: str) -> object:
    """The last words of a training process, as its starter tells them."""
    from rnntui.engine.spawn import LOG, EngineHandle

    Path(LOG).write_text(as_utf8(text), "utf-8")
    process: Any = SimpleNamespace(poll=lambda: 70)
    ending = EngineHandle(process, Path()).ending()
    assert ending is not None
    return error(lambda said: DataError(said))(ending.text)


def splash(text: str) -> object:
    """The first frame, drawn before the dashboard is there."""
    from rnntui.recipe import Recipe
    from rnntui.tui import Look
    from rnntui.tui.first_frame import Outset, first_frame

    print(first_frame(Outset(Recipe(name=text), Look(), 120), 40, "dark", "truecolor"))
    print(first_frame(Outset(Recipe(name=text), Look(), 20), 2, "", "none"))
    return None


def settings(text: str) -> object:
    """A configuration file with the string as name and value, and what tells of it."""
    path = Path("config.toml")
    quoted = json.dumps(as_utf8(text))
    path.write_text(f"theme = {quoted}\n{quoted} = 1\n[keys]\npause = {quoted}\n", "utf-8")
    before, os.environ["RNNTUI_CONFIG"] = os.environ.get("RNNTUI_CONFIG"), str(path)
    try:
        for words in (["show"], ["get", text], ["set", "theme", text], ["unset", text]):
            run(["config", *words])
        path.write_text(as_utf8(text), "utf-8")
        run(["config", "get", "theme"])
        os.environ["RNNTUI_CONFIG"] = as_name(text)
        return run(["config", "path"])
    finally:
        os.environ.pop("RNNTUI_CONFIG")
        if before is not None:
            os.environ["RNNTUI_CONFIG"] = before


SINKS: dict[str, Show] = {
    "a source": command("train", "{}"),
    "a command": command("{}"),
    "an option": command("train", "--{}"),
    "an option's value": command("train", "counting", "--glyphs", "{}"),
    "a theme": command("train", "counting", "--theme", "{}"),
    "--every": command("train", "counting", "--every", "{}"),
    "--set": command("train", "--set", "{}"),
    "a key": command("train", "--set", "{}=1"),
    "a number": command("train", "--set", "hidden={}"),
    "a choice": command("train", "--cell", "{}"),
    "a corpus": command("train", "corpus:{}"),
    "values": command("train", "values:{}", "--plain"),
    "a recipe's name": command("recipes", "{}"),
    "a recipe's file": lambda text: run(["recipes", f"{as_name(text)}.toml"]),
    "a recipe of one's own": recipe_of_ones_own,
    "a damaged recipe": damaged_recipe,
    "a run to write with": command("generate", "{}"),
    "a run to measure": command("eval", "{}", "x"),
    "a file to measure": lambda text: run(["eval", kept() and "made/made", f"{as_name(text)}x"]),
    "a checkpoint": lambda text: run(["generate", kept() and "made/made", "--checkpoint", text]),
    "a prompt": lambda text: run(["generate", of_all_bytes(), "--prompt", text]),
    "a prompt's letters": lambda text: run(["generate", kept() and "made/made", "--prompt", text]),
    "a format": command("export", "--to", "{}"),
    "an export": lambda text: run(
        ["export", kept() and "made/made", "--to", "toml", "--out", f"{as_name(text)}y"]
    ),
    "a topic of the guide": command("guide", "{}"),
    "a run to watch": command("attach", "{}"),
    "a run to go on with": command("resume", "{}"),
    "a run to stop": command("stop", "{}"),
    "a run to remove": command("rm", "{}"),
    "a run to repeat": command("train", "--replay", "{}"),
    "a run's name": command("train", "counting", "--plain", "--name", "{}"),
    "--runs-dir": lambda text: run(["runs", "--runs-dir", as_name(text)]),
    "run names": run_names,
    "labels": labels,
    "sweeps": sweeps,
    "the newest run": newest_run,
    "newer keys": newer_keys,
    "run files": run_files,
    "a file": file_name,
    "columns": column_names,
    "a backtest": backtested,
    "tokens": tokens,
    "reports": reports,
    "lists": lists,
    "an error of ours": error(DataError),
    "an error of click's": error(lambda text: click.ClickException(text)),
    "a usage error": error(lambda text: click.UsageError(text)),
    "an unforeseen error": error(ValueError),
    "an error of the system": error(lambda text: OSError(5, text, text)),
    "the last words of a process": dead_engine,
    "the final report": final_report,
    "the splash": splash,
    "settings": settings,
}
# Sinks that take their time are shown one string of so many.
ONE_OF = {
    "a theme": 4, "a key": 4, "a number": 4, "a choice": 4, "values": 4, "a damaged recipe": 10,
    "the final report": 4, "a run to write with": 4, "a run to measure": 4, "a file to measure": 10,
    "a checkpoint": 10, "a prompt": 10, "a prompt's letters": 10,
    "a format": 4, "an export": 10,
    "a topic of the guide": 4, "the newest run": 10, "newer keys": 10,
    "a run to watch": 4, "a run to go on with": 4,
    "a run to stop": 4, "a run to remove": 4, "a run to repeat": 4, "a run's name": 4,
    "--runs-dir": 4, "labels": 40, "sweeps": 10, "run names": 40, "run files": 40, "settings": 10,
    "a recipe of one's own": 40, "a file": 40, "columns": 40, "a backtest": 40, "tokens": 40,
}  # fmt: skip

# Each function that prints, or writes anywhere, and the sinks that lead there; none where nothing
# foreign can come out on a terminal.
PRINTED: dict[str, tuple[str, ...]] = {
    "rnntui.cli.config:show": ("settings",),
    "rnntui.cli.config:get": ("settings",),
    "rnntui.cli.config:set_": ("settings",),
    "rnntui.cli.config:unset": ("settings",),
    "rnntui.cli.config:path": ("settings",),
    "rnntui.cli.config:_note_override": (),
    "rnntui.cli.sharing:user_settings": ("settings",),
    "rnntui.cli.listing:recipes": ("a recipe of one's own", "lists"),
    "rnntui.cli.listing:corpora": ("lists",),
    "rnntui.cli.training:run_job": (),
    "rnntui.cli.training:_print_note": (),
    "rnntui.cli.run_list:runs": ("run names", "run files", "--runs-dir"),
    "rnntui.cli.run_list:_note_redirection": (),  # names of keys
    "rnntui.cli.ending:_stop_each": ("run names", "run files"),
    "rnntui.cli.ending:_removable": ("run names", "run files"),
    "rnntui.cli.ending:confirmed": ("run names", "run files", "labels"),
    "rnntui.cli.status:status": ("run names", "run files", "labels"),
    "rnntui.cli.tagging:tag": ("labels",),
    "rnntui.cli.compare:_print": ("run names", "run files", "labels"),
    "rnntui.cli.compare:_print_csv": ("run names", "run files"),
    "rnntui.cli.compare:_print_json": ("run names", "run files"),
    "rnntui.cli.sweep:_leaderboard": (),  # names of sweeps, checked
    "rnntui.cli.sweep:_note": ("sweeps",),
    "rnntui.cli.sweep:_run_aside": (),  # names of sweeps, checked
    "rnntui.cli.sweep:stop": (),  # names of sweeps, checked
    "rnntui.cli.export:export": ("an export",),
    "rnntui.cli.export:import_": (),  # names of runs, checked
    "rnntui.cli.export:_print_list": (),
    "rnntui.cli.export:_note": (),
    "rnntui.export.programs.generate:": (),  # runs without rnntui
    "rnntui.cli.guide:guide": (),  # another topic than its own is an error
    "rnntui.cli.models:generate": ("a prompt", "run names", "run files"),
    "rnntui.cli.models:note": ("a prompt's letters",),
    "rnntui.cli.forecasting:backtest": ("a backtest",),
    "rnntui.runs.forecasting:times_after": (),  # returned
    "rnntui.runs.evaluation:Predictions.rows": (),  # returned
    "rnntui.runs.curve_cache:_write": (),  # a file
    "rnntui.cli.output:TextOutput._put": ("a prompt", "run files"),
    "rnntui.cli.sharing:run_path": ("the newest run",),
    "rnntui.cli.sharing:note_newer_keys": ("newer keys",),
    "rnntui.cli.models:evaluate": (),
    "rnntui.cli.measuring:check": (),
    "rnntui.engine.__main__:main": ("the last words of a process",),
    "rnntui.bench.command:_print": (),
    "rnntui.cli.outcome:guarded": (),  # an empty line
    "rnntui.cli.outcome:_fail": (
        "a source",
        "a command",
        "a topic of the guide",
        "an unforeseen error",
    ),
    "rnntui.foreground.report:Lines.write": ("reports", "a file"),
    "rnntui.foreground.report:Lines.write_wrapped": ("reports",),
    "rnntui.foreground.report:Lines.last": ("reports",),
    "rnntui.foreground.report:Lines._push": (),
    "rnntui.foreground.json_report:JsonReport.end": ("reports",),
    "rnntui.foreground.json_report:JsonReport._print": ("reports",),
    "rnntui.foreground.plain_report:PlainReport.begin": ("reports", "a file", "columns"),
    "rnntui.foreground.plain_report:PlainReport.note": ("reports",),
    "rnntui.foreground.texts:main": (),  # to a pipe of our own, as JSON of ASCII
    "rnntui.sweep.background:main": (),  # to a file
    "rnntui.sweep.child:TrialReport._print": (),  # to a pipe of our own
    "rnntui.sweep.process:TrialProcess.follow": (),  # to a pipe of our own
    "rnntui.sweep.remote.host:main": (),  # to a pipe of our own, as JSON of ASCII
    "rnntui.sweep.remote.host:private_folder": (),  # to a file, a certificate of ours
    "rnntui.sweep.report:JsonSweep._print": (),  # settings and names, as JSON of ASCII
    "rnntui.sweep.report:JsonSweep.said": (),
    "rnntui.sweep.report:PlainSweep._line": (),  # passed through safe_text
    "rnntui.sweep.showing:show_sweep": ("sweeps",),
    "rnntui.tui.compare.start:_report": (),  # the name of an exception, and a path of ours
    "rnntui.foreground.plain_report:PlainReport.end": ("reports", "tokens"),
    "rnntui.foreground.plain_report:PlainReport._row": (),
    "rnntui.foreground.plain_report:PlainReport._sample": (),
    "rnntui.foreground.plain_report:PlainReport._quote": ("reports",),
    "rnntui.tui.leaving:epilogue": ("the final report",),
    "rnntui.tui.leaving:_print_report": ("the final report",),
    "rnntui.tui.leaving:_stop.note": (),
    "rnntui.tui.leaving:write_crash": (),
    "rnntui.tui.new_file:write_new": (),
    "rnntui.tui.splash:Splash._write": ("the splash",),
}


def main(count: int, seed: int, names: Sequence[str]) -> None:
    """Show the strings in each sink, or in those named."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    strings = hostile(count, seed)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["RNNTUI_RUNS"] = str(Path(folder, "runs"))
        tempfile.tempdir = folder  # where what nobody foresaw is kept
        for name, show in SINKS.items():
            if names and name not in names:
                continue
            began = time.process_time()
            print(f"\n=== {name}", flush=True)
            for text in strings[:: ONE_OF.get(name, 1)]:
                show(text)
            if "TIMES" in os.environ:
                print(f"\n--- {name}: {time.process_time() - began:.2f} s", file=sys.stderr)
        os.chdir("/")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
