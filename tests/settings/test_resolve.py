"""Where values come from, and that nothing in a file or variable prevents a start."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from rnntui.errors import UsageError
from rnntui.settings.declared import SETTINGS, checked, find_setting, parsed
from rnntui.settings.file import LARGEST
from rnntui.settings.resolve import UserSettings, load
from rnntui.text import safe_text
from rnntui.tui.commands import CommandTable
from rnntui.tui.look import in_brief


def settings(path: Path, text: str | bytes = "", **environment: str) -> UserSettings:
    """The settings of a file with that text."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load({"RNNTUI_CONFIG": str(path), **environment})


def test_an_option_beats_a_variable_beats_the_file_beats_the_default(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    assert settings(path).get("theme").origin == "default"
    assert settings(path).get("theme").value is None
    stored = settings(path, 'theme = "nord"\nmouse = false')
    assert (stored.get("theme").value, stored.get("theme").origin) == ("nord", "file")
    assert stored.get("mouse").value is False and not stored.problems
    both = settings(path, 'theme = "nord"', RNNTUI_THEME="light", RNNTUI_MOUSE="off")
    assert (both.get("theme").value, both.get("theme").origin) == ("light", "environment")
    assert both.get("mouse").value is False
    assert both.get("theme", "dark").origin == "option"
    with pytest.raises(UsageError, match="did you mean 'nord'"):
        both.get("theme", "nrod")


def test_every_setting_has_its_own_variable_and_option() -> None:
    assert len({one.variable for one in SETTINGS}) == len(SETTINGS)
    assert {one.variable for one in SETTINGS} >= {"RNNTUI_THEME", "RNNTUI_VIEW", "RNNTUI_RUNS"}
    assert find_setting("runs-dir").option == "--runs-dir"
    for setting in SETTINGS:
        for value in setting.accepts():
            assert str(parsed(setting, value)).lower() == value
            assert checked(setting, parsed(setting, value)) == parsed(setting, value)


@pytest.mark.parametrize("wrong", ["foo", "x" * 999, "\u4e00" * 40])
def test_what_a_setting_takes_fits_into_a_line(tmp_path: Path, wrong: str) -> None:
    """However many values there are: those that are left out are in the guide."""
    for setting in SETTINGS:
        if accepted := setting.accepts():
            (line,) = settings(tmp_path / "c.toml", **{setting.variable: wrong}).problems
            assert len(line) <= 180 and accepted[0] in line and accepted[1] in line


def test_the_guide_names_every_value() -> None:
    text = resources.files("rnntui.guide").joinpath("config.md").read_text("utf-8")
    for setting in SETTINGS:
        assert all(value in text for value in setting.accepts()), setting.name


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("theme = ", "not valid TOML"),
        ('thme = "nord"', "unknown setting 'thme': did you mean 'theme'?"),
        ('theme = "nrod"', "unknown theme 'nrod': did you mean 'nord'?"),
        ('mouse = "maybe"', "unknown mouse 'maybe' (choose true or false)"),
        ("view = 3", "unknown view '3'"),
        ("theme.a.b = 3", "theme: takes "),
        ('keys = "x"', "[keys] must be a table"),
        ("[keys]\npause = 3", "keys.pause: takes a key or a list of keys"),
        (b"theme = '\xff'", "not UTF-8"),
        (b" " * (LARGEST + 1), "too large"),
        ("theme." + "a." * 3_000 + "b = 1", "theme: takes "),
        ('"th\\u001b[31m\\neme" = 1', "unknown setting"),
    ],
    ids=range(12),
)
def test_what_is_wrong_is_one_note_and_the_rest_applies(
    text: str | bytes, problem: str, tmp_path: Path
) -> None:
    found = settings(tmp_path / "c.toml", text, RNNTUI_VIEW="health")
    assert len(found.problems) == 1 and problem in found.problems[0]
    assert "\n" not in found.problems[0] and "\x1b" not in found.problems[0]
    assert found.get("view").value == "health" and found.get("theme").value is None


def test_several_problems_are_one_note(tmp_path: Path) -> None:
    found = settings(tmp_path / "c.toml", "a = 1\nb = 2\ntheme = 'nord'", RNNTUI_GLYPHS="x")
    assert len(found.problems) == 3 and found.get("theme").value == "nord"
    assert in_brief(found.problems).endswith("(and 2 more: rnntui config show)")


@pytest.mark.parametrize("kind", ["missing", "directory", "device", "no directory"])
def test_any_path_will_do(kind: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = {
        "missing": tmp_path / "none.toml",
        "directory": tmp_path,
        "device": Path("/dev/zero"),
        "no directory": tmp_path / "file" / "c.toml",
    }[kind]
    found = load({"RNNTUI_CONFIG": str(path)})
    assert len(found.problems) == (1 if kind in ("directory", "device") else 0)


WORDS = ["theme", "keys", "pause", "quit", "glyphs", "view", '"nord"', "'q'", "3", *"=[]\n#"]
FILES = st.binary(max_size=300) | st.lists(st.sampled_from(WORDS), max_size=20).map(
    lambda words: " ".join(words).encode()
)


@limits(deadline=None)
@given(data=FILES)
def test_a_dashboard_starts_with_any_file(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    found = settings(tmp_path_factory.getbasetemp() / "any.toml", data)
    table, problems = CommandTable.with_keys(found.keys)
    assert table.by_name.keys() == CommandTable().by_name.keys()
    assert all(problem == safe_text(problem) for problem in (*found.problems, *problems))
    assert set(found.file) <= {one.name for one in SETTINGS}


@limits(deadline=None)
@given(st.dictionaries(st.text(max_size=12), st.text(max_size=6)))
def test_a_dashboard_starts_with_any_variables(values: dict[str, str]) -> None:
    names = [one.variable for one in SETTINGS]
    environment = dict(zip(names, values.values(), strict=False))
    found = load({**environment, "RNNTUI_CONFIG": "/nowhere"})
    assert all(problem == safe_text(problem) for problem in found.problems)
