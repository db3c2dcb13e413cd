"""`rnntui config`, and settings in the other commands."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rnntui.cli import cli
from rnntui.settings.declared import LOOK, SETTINGS
from tests.conftest import Ended, command, environment
from tests.support.terminal import Terminal

Run = Callable[..., Ended]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration file, which does not exist yet."""
    for setting in SETTINGS:
        monkeypatch.delenv(setting.variable, raising=False)
    monkeypatch.setenv("RNNTUI_CONFIG", str(tmp_path / "config.toml"))
    return tmp_path / "config.toml"


def origins(shown: Ended) -> dict[str, list[str]]:
    """What `config show` says of each setting: its value, and where it comes from."""
    return {line.split()[0]: line.split()[1:] for line in shown.out.splitlines()}


def test_a_value_is_shown_with_its_origin(
    rnntui: Run, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rnntui("config", "path").out == f"{path}\n"
    assert origins(rnntui("config"))["theme"] == ["detected", "default"]
    assert rnntui("config", "set", "theme", "nord").code == 0
    assert origins(rnntui("config", "show"))["theme"] == ["nord", "file"]
    assert rnntui("config", "get", "theme").out == "nord\n"
    monkeypatch.setenv("RNNTUI_THEME", "light")
    assert "overrides" in rnntui("config", "set", "theme", "dracula").err
    shown = origins(rnntui("config", "show", "--view", "health", "--no-mouse"))
    assert shown["theme"] == ["light", "environment", "($RNNTUI_THEME)"]
    assert shown["view"] == ["health", "option", "(--view)"]
    assert shown["mouse"] == ["false", "option", "(--mouse)"]
    monkeypatch.delenv("RNNTUI_THEME")
    assert rnntui("config", "get", "theme").out == "dracula\n"
    assert rnntui("config", "unset", "theme").code == 0 and path.read_text() == ""
    assert "is not set" in rnntui("config", "unset", "theme").err


def test_keys_of_commands(rnntui: Run, path: Path) -> None:
    assert rnntui("config", "get", "keys.quit").out == "q ctrl+q\n"
    assert rnntui("config", "set", "keys.quit", "x f4").err.endswith("stop_experiment has no key\n")
    assert path.read_text() == '[keys]\nquit = ["x", "f4"]\n'
    assert rnntui("config", "get", "keys.quit").out == "x f4\n"
    assert origins(rnntui("config", "show"))["keys.quit"] == ["x", "f4", "file"]
    assert rnntui("config", "set", "keys.log", "").code == 0
    assert origins(rnntui("config", "show"))["keys.log"] == ["none", "file"]


def test_a_key_that_another_command_has_is_named_with_it(rnntui: Run, path: Path) -> None:
    for keys, line in (
        ("q", "'q' now runs pause; quit keeps 'ctrl+q'"),
        ("/", "'/' now runs pause; prompt keeps 'g'"),
        ("tab", "'tab' now runs pause; other_view has no key"),
        ("q ctrl+q", "'q' and 'ctrl+q' now run pause; quit has no key"),
    ):
        assert rnntui("config", "set", "keys.pause", keys).err == f"rnntui: note: keys: {line}\n"
        assert rnntui("config", "unset", "keys.pause").err == ""
    assert rnntui("config", "set", "keys.pause", "space").err == ""  # its own
    # A command that has keys of its own loses none, and what was taken before is not said again.
    assert rnntui("config", "set", "keys.quit", "x").err.count("now runs quit") == 3
    assert rnntui("config", "set", "keys.pause", "q").err == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("set", "theme", "nrod"), "unknown theme 'nrod': did you mean 'nord'?"),
        (("set", "thme", "nord"), "unknown setting 'thme': did you mean 'theme'?"),
        (("get", "keys.pasue"), "unknown command 'pasue': did you mean 'pause'?"),
        (("set", "keys.pause", "spce"), "keys.pause: unknown key 'spce'"),
        (("set", "keys.pause", "f9"), "keys.pause: 'f9' is bound twice, already to save"),
        (("set", "mouse", "maybe"), "unknown mouse 'maybe' (choose true or false)"),
        (("show", "--theme", "nrod"), "did you mean 'nord'?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_mistakes_are_refused(
    words: tuple[str, ...], message: str, rnntui: Run, path: Path
) -> None:
    path.write_text('[keys]\nsave = "f9"\n')
    ended = rnntui("config", *words)
    assert ended.code == 2 and message in ended.err and ended.err.count("\n") == 1
    assert path.read_text() == '[keys]\nsave = "f9"\n'


@pytest.mark.parametrize("data", [b"theme = ", b"\xff\xfe", b"theme = 3\nthme = 1\nmouse = 'x'"])
def test_a_damaged_file_is_one_note(data: bytes, rnntui: Run, path: Path, runs: Path) -> None:
    path.write_bytes(data)
    for words in (("train", "counting", "--plain", "--no-save"), ("runs",)):
        ended = rnntui(*words)
        notes = [line for line in ended.err.splitlines() if "config.toml" in line]
        assert ended.code == 0 and len(notes) == 1 and notes[0].startswith("rnntui: note: ")
    assert rnntui("config", "show").code == 0


def test_runs_are_where_the_file_says(
    rnntui: Run, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rnntui("config", "set", "runs_dir", str(tmp_path / "mine"))
    assert rnntui("train", "counting", "--plain", "--name", "a").code == 0
    assert (tmp_path / "mine" / "a").is_dir() and "finished" in rnntui("runs").out
    monkeypatch.setenv("RNNTUI_RUNS", str(tmp_path / "other"))
    assert "finished" not in rnntui("runs").out
    assert "finished" in rnntui("runs", "--runs-dir", str(tmp_path / "mine")).out


def test_every_setting_of_the_look_is_an_option() -> None:
    for name in ("train", "resume", "attach"):
        options = [flag for param in cli.commands[name].params for flag in param.opts]
        assert {setting.option.partition("/")[0] for setting in LOOK} <= set(options)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.slow
def test_the_dashboard_remembers_what_was_chosen(path: Path) -> None:
    def start() -> Terminal:
        train = command("train", "tales", "--no-save", "--hidden", "8")
        return Terminal(train, environment=environment(RNNTUI_CONFIG=str(path)))

    path.write_text('# mine\n\n[keys]\ntheme = "f6"\nquit = "x"\n')
    with start() as terminal:
        assert terminal.wait_for("x quit"), terminal.text()
        terminal.write("5b")
        assert terminal.wait_for("glyphs: blocks"), terminal.text()
        terminal.write("x")
        assert terminal.exit_code() == 0
    text = path.read_text()
    assert 'view = "health"' in text and 'glyphs = "blocks"' in text
    assert text.startswith("# mine\n") and text.endswith('[keys]\ntheme = "f6"\nquit = "x"\n')
    with start() as terminal:
        assert terminal.wait_for("▸5 health"), terminal.text()
        terminal.write("x")
        assert terminal.exit_code() == 0
    assert path.read_text() == text
