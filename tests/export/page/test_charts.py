"""Curves of a page: their scale, gaps and numbers."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest

from rnntui.export.page.charts import Curve, Level, _ticks, as_json, chart


def drawn(*curves: Curve, **options: object) -> str:
    return chart("loss", "nats", curves, **options)  # type: ignore[arg-type]


def test_a_curve_breaks_where_there_is_no_number():
    figure = drawn(Curve("a", "a", [1, 2, 3, 4], [1.0, None, 2.0, float("inf")]))
    (path,) = re.findall(r'class="line a" d="([^"]*)"', figure)
    assert path.count("M") == 2 and "L" not in path


@pytest.mark.parametrize("values", [[], [None, None], [float("nan")], [float("inf")]])
def test_nothing_to_draw_gives_nothing(values):
    assert drawn(Curve("a", "a", list(range(len(values))), values)) == ""


@pytest.mark.parametrize("values", [[2.0], [0.0, 0.0], [1e-12, 1e-12], [1e14, -1e14], [5e-324, 1]])
def test_any_numbers_have_a_scale(values):
    figure = drawn(Curve("a", "a", list(range(len(values))), values))
    svg = re.search(r"<svg.*</svg>", figure)
    assert svg and ElementTree.fromstring(svg[0]) is not None
    assert figure.count('class="y"') >= 2
    assert "nan" not in figure and "inf" not in figure


def test_ticks_are_round_and_inside():
    assert _ticks(0.0, 1.0) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert _ticks(-3.1, 3.2) == pytest.approx([-2, 0, 2])
    assert _ticks(2.71, 2.74) == pytest.approx([2.71, 2.715, 2.72, 2.725, 2.73, 2.735, 2.74])


def test_the_numbers_are_beside_the_curve_for_pointing_at_it():
    figure = drawn(Curve("training", "a", [1, 2], [0.5, None]), levels=[Level("5-gram", 0.25)])
    numbers = json.loads(re.search(r'json">(.*?)</script>', figure)[1])  # type: ignore[index]
    assert numbers["curves"] == [{"name": "training", "role": "a", "x": [1, 2], "y": [0.5, None]}]
    assert "5-gram 0.25" in figure


def test_no_text_ends_the_script():
    assert "<" not in as_json({"a": "</script><script>"})
