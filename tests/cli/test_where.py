"""`stop` and `rm` with --where: what is meant is listed, and nothing happens without a yes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rnntui.runs.store.create import create_run
from rnntui.runs.store.files import FILES
from rnntui.runs.store.files import replace as replace_file
from rnntui.runs.store.json_record import to_bytes
from rnntui.runs.store.status import STATUS, Status
from tests.conftest import Ended, command, environment
from tests.support.new_run import NEW

if sys.platform == "win32":
    pytest.skip("runs need Unix locks", allow_module_level=True)

Rnntui = Callable[..., Ended]
DONE = Status("finished", 7, 9, 0.5, 1.25, None, 1.5, 1e4, 1, 2.0, 3.0, 7)


def make(root: Path, name: str, cell: str = "rnn", best: float = 1.5) -> Path:
    recipe = f'[model]\ncell = "{cell}"\n'
    run, lock = create_run(root, replace(NEW, recipe_toml=recipe), name)
    lock.release()
    replace_file(FILES, run.path / STATUS, to_bytes(replace(DONE, best=best)))
    return run.path


@pytest.fixture
def root(runs: Path) -> Path:
    for name, cell, best in (("a-1", "gru", 1.0), ("a-2", "rnn", 2.0), ("b-1", "gru", 3.0)):
        make(runs, name, cell, best)
    return runs


def names(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir())


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], list[str]]:
    """Answers a question in a terminal; the questions that were asked."""

    def answering(yes: bool) -> list[str]:
        asked: list[str] = []
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)

        def confirm(text: str, **_: object) -> bool:
            asked.append(text)
            return yes

        monkeypatch.setattr("click.confirm", confirm)
        return asked

    return answering


@pytest.mark.parametrize("command", ["rm", "stop"])
@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--where", ""), "--where needs a filter"),
        (("--where", "  "), "--where needs a filter"),
        (("a-1", "--where", "cell=gru"), "name the runs or use --where, not both"),
        (("--where", "cel=gru"), "unknown key 'cel' in the filter: did you mean 'cell'?"),
        (("--where", "best>100"), "no run that matches 'best>100'"),
        (("--where", "\x1b[2J"), "no run that matches '␛[2J'"),
    ],
)
def test_what_selects_nothing_is_one_line(
    root: Path, rnntui: Rnntui, command: str, args: tuple[str, ...], said: str
):
    ended = rnntui(command, *args, "--yes")
    assert ended.code == 2 and said in ended.err and ended.err.count("\n") == 1, ended.err
    assert names(root) == ["a-1", "a-2", "b-1"]


def test_without_a_terminal_the_runs_are_listed_and_yes_is_needed(root: Path, rnntui: Rnntui):
    ended = rnntui("rm", "--where", "cell=gru")
    *listed, last = ended.err.splitlines()
    assert ended.code == 2 and "add --yes" in last
    assert [line.split()[0] for line in listed] == ["RUN", "b-1", "a-1"]
    assert names(root) == ["a-1", "a-2", "b-1"]
    assert rnntui("rm", "--where", "cell=gru best>=3", "--yes").code == 0
    assert names(root) == ["a-1", "a-2"]


def test_a_no_removes_nothing_and_a_yes_those_that_were_listed(
    root: Path, rnntui: Rnntui, answer: Callable[[bool], list[str]]
):
    asked = answer(False)
    assert rnntui("rm", "--where", "a best<5").code == 1
    assert asked == ["Permanently remove these 2 runs?"] and len(names(root)) == 3
    asked = answer(True)
    assert rnntui("rm", "--where", "a best<5").code == 0
    assert names(root) == ["b-1"]


def test_a_question_that_is_interrupted_removes_nothing(
    root: Path, rnntui: Rnntui, monkeypatch: pytest.MonkeyPatch
):
    def interrupted(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.termui.visible_prompt_func", interrupted)
    ended = rnntui("rm", "a-1")
    assert ended.code == 130 and "unexpected" not in ended.err, ended.err
    assert len(names(root)) == 3


def test_what_may_not_be_removed_is_left_out_with_a_note(root: Path, rnntui: Rnntui):
    (root / "a-1" / "thesis.txt").touch()
    _, lock = create_run(root, NEW, "a-3")
    ended = rnntui("rm", "--where", "a-*", "--yes")
    assert ended.code == 0, ended.err
    assert "contains 'thesis.txt'" in ended.err and "not removed: a-3 is being trained" in ended.err
    assert names(root) == ["a-1", "a-3", "b-1"]
    lock.release()
    (root / "b-1" / "run.json").write_text("{")
    assert rnntui("rm", "--where", "b-1", "--yes").code == 2
    assert names(root) == ["a-1", "a-3", "b-1"]


def test_only_runs_that_are_trained_are_stopped(
    root: Path, rnntui: Rnntui, monkeypatch: pytest.MonkeyPatch
):
    stopped: list[str] = []
    monkeypatch.setattr(
        "rnntui.engine.stopping.stop_run",
        lambda path, *_: stopped.append(path.name) or f"{path.name} stopped",
    )
    held = [create_run(root, NEW, name)[1] for name in ("a-3", "a-4", "c-1")]
    ended = rnntui("stop", "--where", "a-*")
    assert ended.code == 2 and "stop asks for confirmation" in ended.err and not stopped
    ended = rnntui("stop", "--where", "a-*", "--yes")
    assert (ended.code, sorted(stopped)) == (0, ["a-3", "a-4"]), ended.err
    for lock in held:
        lock.release()


def test_a_condition_that_the_shell_took_for_a_redirection_is_pointed_out(root: Path):
    out = root.parent / "=2"
    with out.open("w") as file:
        ended = subprocess.run(
            command("runs", "best"),
            stdout=file,
            stderr=subprocess.PIPE,
            env=environment(),
            text=True,
        )
    assert ended.returncode == 0
    assert ended.stderr.startswith("rnntui: note: 'best' is looked for in names; quote"), ended
    assert out.read_text() == "none of 3 runs matches\n"
