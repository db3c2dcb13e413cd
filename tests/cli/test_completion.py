"""Shell completion: what is offered, and that asking for it never trains."""

from __future__ import annotations

import io
import os
import shlex
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

import pytest

from rnntui.cli import run
from rnntui.recipe import keys
from rnntui.runs.store.labels import Labels, write_labels
from tests.cli.test_where import make
from tests.conftest import Ended, environment, run_process
from tests.support.patience import PATIENCE

BASH = shutil.which("bash")


def ask(**variables: str) -> Ended:
    """What the program answers a shell; without an answer it would print its version."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="\n") for _ in range(2))
    with mock.patch.dict(os.environ, variables), redirect_stdout(out), redirect_stderr(err):
        code = run(["--version"])
    texts = []
    for stream in (out, err):
        stream.seek(0)
        texts.append(stream.read())
    return Ended(code, *texts)


def offered(words: list[str], runs: Path, shell: str = "bash") -> list[str]:
    """The values offered for the last of the words."""
    asked = {"COMP_WORDS": shlex.join(["rnntui", *words]), "RNNTUI_RUNS": str(runs)}
    asked["COMP_CWORD"] = words[-1] if shell == "fish" else str(len(words))
    ended = ask(**asked, _RNNTUI_COMPLETE=f"{shell}_complete")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    if shell == "zsh":
        return lines[1::3]
    return [line.partition(",")[2].partition("\t")[0] for line in lines]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_printed_and_nothing_is_trained(shell: str, tmp_path: Path) -> None:
    asked = environment(_RNNTUI_COMPLETE=f"{shell}_source", RNNTUI_RUNS=str(tmp_path / "runs"))
    ended = run_process(env=asked)
    assert ended.returncode == 0 and f"_RNNTUI_COMPLETE={shell}_complete" in ended.stdout
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("instruction", ["bash_complete", "nonsense", "tcsh_source"])
def test_a_wrong_call_neither_trains_nor_raises(instruction: str, tmp_path: Path) -> None:
    ended = ask(_RNNTUI_COMPLETE=instruction, RNNTUI_RUNS=str(tmp_path / "runs"))
    assert (ended.code, ended.out, ended.err) == (1, "", "")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("words", "among"),
    [
        (["tr"], {"train"}),
        ([""], {"train", "runs", "attach", "generate"}),
        (["--hid"], {"--hidden"}),
        (["--ver"], {"--version"}),
        (["--cell", "g"], {"gru"}),
        (["train", "--s"], {"--seed", "--set", "--steps", "--seconds"}),
        (["train", "su"], {"sums", "sunspots", "successor"}),
        (["train", "--cell", ""], {"rnn", "gru", "lstm"}),
        (["train", "--cell=l"], {"--cell=lstm"}),
        (["train", "--cell", "=", "l"], {"lstm"}),
        (["train", "--set", "ti"], set()),
        (["train", "--set", "tok"], {"tokenizer="}),
        (["train", "--set", "tokenizer="], {"tokenizer=char", "tokenizer=byte", "tokenizer=word"}),
        (["train", "--set", "tokenizer", "=", "b"], {"byte"}),
        (["train", "--set", "greedy="], {"greedy=true", "greedy=false"}),
        (["train", "--set", "seq_len="], {"seq_len=full", "seq_len=50"}),
        (["train", "--theme", "no"], {"nord"}),
        (["train", "--view", "h"], {"health"}),
        (["--glyphs", "bl"], {"blocks"}),
        (["config", "s"], {"set", "show"}),
        (["config", "set", "th"], {"theme"}),
        (["config", "set", "theme", "no"], {"nord"}),
        (["config", "set", "keys.pau"], {"keys.pause"}),
        (["train", "--recipe", "hello"], {"hello-world", "hello-world-cured"}),
        (["recipes", "brack"], {"brackets"}),
    ],
)
def test_what_is_offered(words: list[str], among: set[str], tmp_path: Path) -> None:
    found = set(offered(words, tmp_path))
    assert among <= found
    assert found or not among


def test_every_key_is_offered(tmp_path: Path) -> None:
    assert offered(["train", "--set", ""], tmp_path) == [f"{leaf.name}=" for leaf in keys()]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_keep_words_whole(shell: str, tmp_path: Path) -> None:
    assert offered(["train", "--cell=g"], tmp_path, shell) == ["--cell=gru"]
    assert offered(["train", "--set", "cell=g"], tmp_path, shell) == ["cell=gru"]


@pytest.mark.skipif(BASH is None, reason="needs bash")
def test_bash_accepts_the_script(tmp_path: Path) -> None:
    script = ask(_RNNTUI_COMPLETE="bash_source").out
    program = tmp_path / "rnntui"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m rnntui "$@"\n')
    program.chmod(0o700)
    words = "COMP_WORDS=(rnntui train --set cell = l) COMP_CWORD=5"
    asked = f"{script}\n{words}\n_rnntui_completion rnntui\necho ${{COMPREPLY[*]}}"
    ended = subprocess.run(
        [str(BASH), "--norc", "-c", asked],
        capture_output=True,
        text=True,
        env=environment(PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}"),
        timeout=PATIENCE,
    )
    assert ended.stdout == "lstm\n", ended.stderr


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["runs", "ta"], ["tales-1", "tag=", "task=", "target="]),
        (["runs", "cell=g"], ["cell=gru"]),
        (["runs", "cell", "=", "g"], ["gru"]),
        (["runs", "cell", "=", "gru,l"], ["gru,lstm"]),
        (["runs", "state", ":", "fin"], ["finished"]),
        (["runs", "source", "=", "corpus", ":", "t"], ["tales"]),
        (["runs", "tag", "="], ["keep"]),
        (["runs", "--sort", "b"], ["best"]),
        (["rm", "--where", "cell=gru state=fin"], ["cell=gru state=finished"]),
        (["tag", "tales-1", "k"], ["keep"]),
        (["tag", "ta"], ["tales-1"]),
    ],
)
def test_filters_and_tags_are_offered(words: list[str], values: list[str], tmp_path: Path) -> None:
    run = make(tmp_path, "tales-1", "gru")
    write_labels(run, Labels(("keep",)))
    assert offered(words, tmp_path) == values


@pytest.mark.parametrize("command", ["attach", "resume", "stop", "rm", "generate", "eval", "tag"])
def test_runs_are_offered(command: str, tmp_path: Path) -> None:
    for name in ("tales-calm-heron", "sums-quick-fox"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text("{}")
    assert offered([command, "tal"], tmp_path) == ["tales-calm-heron"]


def test_checkpoints_are_offered(tmp_path: Path) -> None:
    assert offered(["generate", "a", "--checkpoint", ""], tmp_path) == ["last", "best"]
