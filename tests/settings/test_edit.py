"""Changing values of a TOML text: everything else stays, byte for byte."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.errors import UsageError
from rnntui.settings.edit import Scalar, changed

TEXT = """\
# my settings
theme = "nord"  # best at night
own = [1, 2]    # kept

[keys]
pause = "p"
# 1_update = "x"

[other]
theme = 'untouched'
"""


@pytest.mark.parametrize(
    ("name", "value", "line", "new"),
    [
        ("theme", "dark", 'theme = "nord"  # best', 'theme = "dark"  # best'),
        ("theme", None, 'theme = "nord"  # best at night\n', ""),
        ("keys.pause", ("p", "f2"), 'pause = "p"', 'pause = ["p", "f2"]'),
        ("keys.save", "S", 'pause = "p"\n', 'pause = "p"\nsave = "S"\n'),
        ("mouse", False, "# kept\n", "# kept\nmouse = false\n"),
    ],
)
def test_only_the_lines_of_the_value_change(
    name: str, value: Scalar | None, line: str, new: str
) -> None:
    for text in (TEXT, TEXT.replace("\n", "\r\n")):
        ends = "\r\n" if "\r" in text else "\n"
        expected = TEXT.replace(line, new, 1).replace("\n", ends)
        assert changed(text, {name: value}) == expected


@pytest.mark.parametrize(
    "text", ["", "# a comment\n", "theme = 'dark'", "[keys]\n", "\n\n[a]\nb = 1"]
)
def test_a_missing_key_or_table_is_added(text: str) -> None:
    after = changed(text, {"theme": "nord", "keys.save": "f2"})
    found = tomllib.loads(after)
    assert found["theme"] == "nord" and found["keys"] == {"save": "f2"}
    assert all(line in after for line in text.split("\n") if not line.startswith("theme"))
    again = changed(after, {"theme": None, "keys.save": None})
    assert "nord" not in again and "f2" not in again


@pytest.mark.parametrize(
    "text",
    [
        "keys = { pause = 'p' }\n",  # a second table of that name would be an error
        "a = '''\ntheme = 1\n'''\n",
        "theme = '''\nnord\n'''\n",
        "theme = { a = 1 }\n",
        "keys = 3\n",
        "theme = [\n  1,\n]\n",
    ],
)
def test_what_cannot_be_changed_by_lines_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="edit the file"):
        changed(text, {"theme": "dark", "keys.pause": "x"})


@pytest.mark.parametrize("text", ["theme = ", "=", "a = 1\na = 2", "x" * 2000, "b = " + "[" * 3000])
def test_damaged_text_is_not_touched(text: str) -> None:
    with pytest.raises(UsageError):
        changed(text, {"theme": "dark"})


NAMES = ("theme", "view", "keys.pause", "keys.save")
VALUES = st.none() | st.booleans() | st.text(max_size=8) | st.tuples(st.text(max_size=3))
LINES = st.sampled_from(
    [*TEXT.splitlines(), "", "view = 'health'", "[[array]]", "keys.save = 's'", '"theme" = "x"']
)


@settings(deadline=None)
@given(lines=st.lists(LINES, max_size=8), changes=st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_a_change_sets_its_value_and_no_other(
    lines: list[str], changes: dict[str, Scalar | None]
) -> None:
    text = "\n".join(lines)
    try:
        after = tomllib.loads(changed(text, changes))
    except UsageError:
        return
    before = tomllib.loads(text)
    for name in NAMES:
        table, _, key = name.rpartition(".")
        inner = after.get(table, {}) if table else after
        old = before.get(table, {}) if table else before
        wanted = changes[name] if name in changes else old.get(key)
        assert inner.get(key) == (list(wanted) if isinstance(wanted, tuple) else wanted)
    assert after.get("own") == before.get("own") and after.get("other") == before.get("other")
