"""Nothing foreign reaches a terminal raw, and columns of any script stay aligned."""

from __future__ import annotations

import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from rnntui.text import cell_width, cells, fit, pad, safe_text

AWKWARD = "\x00\x07\x1b\t\n\r\x7f\x85\x9b\xad\u034f\u0301\u0e31\u115f\u1161\u200b\u200d\u202e\u2028"
AWKWARD += "\u2066\u3164\ufeff\ufe0f\ud800\ue000\U0001f1e9\U0001f3fd\U000e0041\U0001f600日本e[]"
texts = st.one_of(st.text(), st.text(alphabet=AWKWARD))
safe = texts.map(safe_text)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain [b]text[/b] é 日本", "plain [b]text[/b] é 日本"),
        ("\x1b[31mred\x1b]52;c;aGk=\x07", "␛[31mred␛]52;c;aGk=␇"),
        ("a\nb\tc\r", "a↵b⇥c␍"),
        ("\x00\x7f\x9b\x85", "␀␡\\x9b\\x85"),
        ("\u202eabc\u2066\u200b\ufeff\xad", "\\u202eabc\\u2066\\u200b\\ufeff\\xad"),
        ("\u2028\u2029\ud800\ue000\U000e0041", "\\u2028\\u2029\\ud800\\ue000\\U000e0041"),
        ("❤\ufe0f \U0001f1e9", "❤\\ufe0f \\U0001f1e9"),
        ("\u0301", "◌\u0301"),
        ("e\u0301", "e\u0301"),
        ("\u1161", "◌\u1161"),
        ("e" + "\u0301" * 10, "e" + "\u0301" * 8 + "◌\u0301\u0301"),
    ],
)
def test_what_steers_or_hides_is_shown(raw: str, shown: str) -> None:
    assert safe_text(raw) == shown


def test_newlines_and_tabs_may_stay_what_they_are() -> None:
    assert safe_text("a\n\u0301b\x1b", newlines=True) == "a\n◌\u0301b␛"
    assert safe_text("ab\tc\n\td", newlines=True, tab=4) == "ab  c\n    d"


@given(texts, st.booleans(), st.integers(0, 8))
@settings(deadline=None)
def test_no_control_is_left(text: str, newlines: bool, tab: int) -> None:
    shown = safe_text(text, newlines=newlines, tab=tab)
    left = [
        c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn")
    ]
    assert set(left) <= ({"\n"} if newlines else set())


@given(texts, st.booleans())
@settings(deadline=None)
def test_twice_is_once(text: str, newlines: bool) -> None:
    shown = safe_text(text, newlines=newlines)
    assert safe_text(shown, newlines=newlines) == shown


def test_every_character_shows_in_at_least_one_cell() -> None:
    characters = (chr(code) for code in range(0, 0x30000, 3) if not 0xD800 <= code < 0xE000)
    assert [c for c in characters if cell_width(safe_text(c)) < 1] == []


@given(safe)
@settings(deadline=None)
def test_units_add_up(text: str) -> None:
    units = cells(text)
    assert "".join(unit for unit, _ in units) == text
    assert sum(width for _, width in units) == cell_width(text) == cell_len(text)


def test_marks_stay_with_their_character() -> None:
    assert cells("e\u0301日x") == [("e\u0301", 1), ("日", 2), ("x", 1)]


@given(safe, st.integers(0, 30), st.sampled_from("<>^"))
@settings(deadline=None)
def test_padded_text_has_its_width(text: str, width: int, align: str) -> None:
    assert cell_len(pad(text, width, align)) == width


@given(safe, st.integers(-2, 30))
@settings(deadline=None)
def test_fitted_text_fits(text: str, width: int) -> None:
    fitted = fit(text, width)
    assert cell_len(fitted) <= max(0, width)
    assert fitted == text or fitted.endswith("…") or fitted == ""


def test_fit_counts_cells() -> None:
    assert fit("abcdef", 4) == "abc…"
    assert fit("日本語", 4) == "日…"
    assert fit("e\u0301e\u0301e\u0301", 2) == "e\u0301…"
    assert fit("abcdef", 4, "...") == "a..."
    assert pad("日本語", 4) == "日… "
    assert pad("ab", 5, ">") == "   ab"


def test_importing_it_does_not_import_rich() -> None:
    code = (
        "import sys, rnntui.text; rnntui.text.safe_text('\\x1b'); sys.exit('rich' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
