"""Every way to end: one line, an exit code, no traceback."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from rnntui.cli import cli
from rnntui.cli.outcome import guarded
from tests.conftest import command, environment, quick_first, run_process
from tests.support.patience import PATIENCE

ENDLESS = ("train", "hello-world-cured", "--epochs", "100000000")
MOST_LINES = 200  # before the first update


@pytest.mark.parametrize(
    ("args", "code", "line"),
    [
        (("trian",), 2, "unknown command 'trian': did you mean 'train'?"),
        (
            ("hello-world",),
            2,
            "unknown command 'hello-world': did you mean 'rnntui train hello-world'?",
        ),
        (("zzz",), 2, "unknown command 'zzz': run rnntui --help for a list"),
        (("train", "--hiden", "3"), 2, "no such option '--hiden': did you mean '--hidden'?"),
        (("train", "--hidden"), 2, "option '--hidden' requires an argument"),
        (("train", "--split", "0.2"), 2, "no such option '--split': write --set split=…\n"),
        (("sweep", "--seq-len", "9"), 2, "no such option '--seq-len': write --set seq_len=…\n"),
        (("eval", "--hidden", "9"), 2, "no such option '--hidden' (see 'rnntui eval --help')"),
        (("train", "ramp", "ramp"), 2, "got unexpected extra argument (ramp)"),
        (("train", "ramp", "--json", "--plain"), 2, "--plain and --json cannot be combined"),
        (("train", "ramp", "--every", "-1"), 2, "invalid value for '--every': -1 is below 0"),
        (
            ("train", "ramp", "--glyphs", "brail"),
            2,
            "unknown glyphs 'brail'",
        ),
        (("train", "ramp", "--hidden", "0"), 2, "hidden = 0: takes a whole number from 1"),
        (
            ("train", "ramp", "--activation", "tan"),
            2,
            "unknown activation 'tan': did you mean 'tanh'?",
        ),
        (("train", "--cell", "zz"), 2, "unknown cell 'zz' (choose rnn, gru or lstm)"),
        (("train", "ramp", "--set", "hiden=3"), 2, "unknown key 'hiden': did you mean 'hidden'?"),
        (("train", "ramp", "--seq-len", "50"), 65, "too short: have 5 values to train on"),
        (("train", "text:aaaaaaa"), 65, "inline text: contains only the symbol a"),
        (("recipes", "nope"), 2, "no recipe 'nope': see 'rnntui recipes'"),
        (("recipes", "rmap"), 2, "no recipe 'rmap': did you mean 'ramp'?"),
    ],
)
def test_mistakes(rnntui, args, code, line):
    ended = rnntui(*args)
    assert ended.err.startswith(f"rnntui: {line}")
    assert ended.err.count("\n") == 1
    assert len(ended.err) <= 210
    assert (ended.code, ended.out) == (code, "")


def ranges() -> list[tuple[str, str, str, str]]:
    """Each option with bounds: its command, itself, a value beyond a bound, and our words."""
    found = []
    for name, one in cli.commands.items():
        for option in one.params:
            if isinstance(option.type, click.types.IntRange):
                least, most = option.type.min, option.type.max
                words = f"is not from {least:,} to {most:,}" if most else f"is below {least:,}"
                found.append((name, option.opts[0], str(least - 1), words))
    return found


@pytest.mark.parametrize(("name", "option", "value", "words"), ranges())
def test_a_range_is_said_in_our_words(rnntui, name: str, option: str, value: str, words: str):
    ended = rnntui(name, option, value)
    assert ended.code == 2
    assert ended.err.startswith(f"rnntui: invalid value for '{option}': {value} {words} (see")


def test_a_range_without_a_least_or_a_most_is_said_in_our_words(capsys):
    for bounds, value, words in (
        ((None, 9), "10", "10 is above 9"),
        ((2, None), "1", "1 is below 2"),
    ):
        option = click.Option(["--x"], type=click.IntRange(*bounds))
        command = click.Command("c", params=[option])
        assert guarded(lambda c=command, v=value: c.main(["--x", v], standalone_mode=False)) == 2  # type: ignore[misc]
        assert capsys.readouterr().err.startswith(f"rnntui: invalid value for '--x': {words} (see")


@pytest.mark.parametrize(
    ("args", "wrong"),
    [
        (("train", "ramp", "--every", "x"), "'--every': 'x' is not a whole number"),
        (("generate", "r", "--length", "x"), "'--length': 'x' is not a whole number"),
        (("bench", "--seconds", "x"), "'--seconds': 'x' is not a number"),
        (("eval", "r", "f", "--dynamic", "x"), "'--dynamic': 'x' is not a number"),
        (("eval", "r", "f", "--dynamic", "nan"), "'--dynamic': nan is not above 0"),
        (("eval", "r", "f", "--dynamic", "inf"), "'--dynamic': inf is not above 0"),
        (("eval", "r", "f", "--dynamic", "0"), "'--dynamic': 0 is not above 0"),
    ],
)
def test_what_is_no_number_is_said_in_plain_words(rnntui, args, wrong):
    ended = rnntui(*args)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert ended.err.startswith(f"rnntui: invalid value for {wrong}")


def test_foreign_text_in_a_mistake_is_made_safe(rnntui):
    ended = rnntui("train", "--\x1b[31m\n\u202e")
    assert ended.code == 2
    assert ended.err.count("\n") == 1
    assert not set(ended.err) & set("\x1b\u202e")


def test_a_long_mistake_stays_one_short_line(rnntui):
    ended = rnntui("train", "x" * 5000)
    assert len(ended.err) <= 210


def test_out_of_memory(rnntui, monkeypatch):
    def load(*_):
        raise MemoryError

    monkeypatch.setattr("rnntui.runs.opening.load", load)
    ended = rnntui("train", "ramp")
    assert (ended.code, ended.err) == (
        1,
        "rnntui: out of memory: lower hidden, batch or seq_len\n",
    )


def test_what_nobody_foresaw_is_told_in_a_line_and_kept_in_a_file(rnntui, monkeypatch, tmp_path):
    def load(*_):
        raise ZeroDivisionError("one\ntwo \x1b[31m")

    monkeypatch.setattr("rnntui.runs.opening.load", load)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ended = rnntui("train", "ramp")
    (log,) = tmp_path.iterdir()
    assert ended.code == 1
    said = f"unexpected ZeroDivisionError: one two ␛[31m (details in {log})"
    assert ended.err.startswith("rnntui: " + said[:150])
    assert "Traceback" not in ended.err
    assert "ZeroDivisionError: one" in log.read_text("utf-8")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk():
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            command("train", "counting", "--plain"),
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert ended.returncode == 74
    assert ended.stderr == "rnntui: cannot write to stdout: No space left on device\n"


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("name", "code", "mode"),
    quick_first(
        [
            ("SIGTERM", 143, "--plain"),
            ("SIGINT", 130, "--json"),
            ("SIGTERM", 143, "--json"),
            ("SIGHUP", 129, "--json"),
        ],
    ),
)
def test_signals_end_with_a_last_line(name, code, mode):
    code_seen, out, err = end_with(getattr(signal, name), mode)
    last = out.splitlines()[-1]
    assert code_seen == code
    if mode == "--json":
        assert last.startswith('{"event": "done"')
        assert f'"stopped": "{name}"' in last
    else:
        assert last.startswith(f"stopped ({name}): ")
    assert err == ""


INTERRUPTED_IMPORT = """
import os, signal, sys
from rnntui.__main__ import main

class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == "rnntui.cli.config":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_interrupt_while_the_program_is_loaded_shows_no_traceback() -> None:
    arguments = [sys.executable, "-c", INTERRUPTED_IMPORT, "recipes"]
    ended = subprocess.run(arguments, env=environment(), capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, "", "")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_under_nohup_a_hang_up_ends_nothing():
    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with running("--json", preexec_fn=ignore) as program:
        os.kill(program.pid, signal.SIGHUP)
        assert program.stdout is not None
        for _ in range(200):
            assert program.stdout.readline().startswith("{")
        assert program.poll() is None
        program.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.slow
def test_a_reader_who_takes_nothing_does_not_keep_it_alive():
    with running("--json") as program:
        time.sleep(0.5)  # long enough to fill the pipe: nothing tells when it is full
        program.terminate()
        assert program.wait(PATIENCE) == 143


@contextlib.contextmanager
def running(mode: str, **options) -> Iterator[subprocess.Popen[str]]:
    """An endless run that has made its first update; killed at the end."""
    program = subprocess.Popen(
        command(*ENDLESS, mode, "--every", "1"),
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    with program:
        try:
            assert program.stdout is not None
            lines = itertools.islice(program.stdout, MOST_LINES)
            assert any('"step": 1,' in line or line.split()[:1] == ["1"] for line in lines)
            yield program
        finally:
            program.kill()


def end_with(number: int, mode: str) -> tuple[int, str, str]:
    """Send a signal to an endless run: its exit code, stdout and stderr."""
    with running(mode) as program:
        program.send_signal(number)
        out, err = program.communicate(timeout=PATIENCE)
        return program.returncode, out, err


def test_without_a_terminal_lines_come_by_themselves():
    ended = run_process("train", "counting")
    assert ended.returncode == 0
    assert "predicted  1 2 3 4" in ended.stdout
    assert "\x1b" not in ended.stdout + ended.stderr


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_output_that_fails_is_named_without_a_log(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As when the terminal goes away while the closing report is printed."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def report() -> int:
        raise OSError(number, os.strerror(number))

    assert guarded(report) == 74
    assert capsys.readouterr().err == f"rnntui: cannot write to stdout: {os.strerror(number)}\n"
    assert not list(tmp_path.iterdir())
