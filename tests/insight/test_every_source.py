"""Whatever trains has its views, or one line that says why not."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rnntui.data import load, source
from rnntui.data.mapped import Pages
from rnntui.errors import UsageError
from rnntui.insight.details import details
from rnntui.insight.guesses import guesses
from rnntui.insight.memory import MemoryMeter, memory, occlusion
from rnntui.insight.neurons import neurons
from rnntui.insight.passage import describe, excerpt
from rnntui.insight.ranking import Ranked, Ranking
from rnntui.insight.reader import Reader
from rnntui.insight.survey import Survey
from rnntui.protocol.codec import to_plain
from rnntui.recipe import Recipe, SamplingSettings, load_recipe
from rnntui.recipe.recipe import bundled
from tests.conftest import quick_where
from tests.support.insight import network_for

MOST_BYTES = 16_000


def views(recipe, data):
    """Every message of views 2 to 4 for a network of this recipe before training."""
    parameters = network_for(data, recipe.model.cell, recipe.model.layers, 8, "float32")
    chosen = excerpt(data, 1)
    reader = Reader(parameters, data, chosen)
    survey = Survey(parameters, data)
    while not survey.work():
        pass
    read, shown = reader.read(3), details(reader, -1)
    meter = MemoryMeter(parameters, data, 25)
    *_, moved = occlusion(reader, -1, 2)
    ranked = Ranked()
    try:
        ranking = Ranking(parameters, data, recipe)
        while not ranking.work(0):
            pass
        ranked = ranking.ranked
    except UsageError as error:
        assert "too few" in str(error)
    now = meter.measure(3)
    return (
        describe(data, chosen, parameters.shape),
        guesses(data, read, -1, SamplingSettings(), survey.statistics, shown),
        memory(now, meter.measure(3), moved, shown),
        neurons(read, reader.limits, ranked, details=shown),
    )


def check(recipe):
    for message in views(recipe, load(recipe)):
        line = json.dumps(to_plain(message), ensure_ascii=False, separators=(",", ":"))
        assert len(line.encode()) <= MOST_BYTES


@pytest.mark.parametrize(
    "name",
    quick_where(
        bundled(), lambda name: name in ("tales", "sums", "sunspots", "counting", "hello-world")
    ),
)
def test_every_recipe_has_its_views(name):
    check(load_recipe(name))


@pytest.mark.parametrize("given", ["text:ab", "text:aab", "text:hello world", "text:" + "ab" * 60])
def test_tiny_texts_have_their_views(given):
    for kind in ("char", "byte"):
        check(Recipe().replace(source=given, batch=1, seq_len=1, tokenizer=kind))


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize(
    "given", ["values:1,2", "values:1,2,3", "values:5,5,5,6", "values:1e300,2,3"]
)
def test_tiny_series_have_their_views(given, scaled):
    if scaled or "1e300" not in given:  # such numbers train only if they are scaled
        recipe = Recipe().replace(task="values", source=given, batch=1, seq_len=1)
        check(recipe.replace(standardize=scaled))


def test_a_series_of_many_columns_has_its_views(tmp_path):
    path = tmp_path / "wide.csv"
    rows = np.random.default_rng(1).normal(size=(300, 40)).round(3)
    header = ",".join(f"a_very_long_column_name_{n}" for n in range(40))
    path.write_text(header + "\n" + "\n".join(",".join(map(str, row)) for row in rows))
    check(Recipe().replace(task="values", source=str(path), batch=1, seq_len=4))


@pytest.mark.parametrize("kind", ["char", "byte", "word"])
def test_a_large_mapped_file_has_its_views(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(source, "LARGE", 0)
    monkeypatch.setattr("rnntui.data.file_signature.LONGEST_TICK", -(10**18))  # no wait for it
    monkeypatch.setenv("RNNTUI_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "text.txt"
    path.write_text("One day the fox (so they say) ran.\n" * 400)
    recipe = Recipe().replace(source=str(path), tokenizer=kind, batch=1, seq_len=5)
    assert Pages.of(load(recipe).tokens) is not None
    check(recipe)
