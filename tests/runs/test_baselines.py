"""The losses of simple methods one row ahead, as the network's loss is measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rnntui.data import TokenData, baselines, load
from rnntui.forecast.autoregression import fit_autoregression
from rnntui.recipe import Recipe
from rnntui.runs.baselines import simple_losses

RNG = np.random.RandomState(3)
RECIPE = Recipe().replace(task="values", split=0.25, standardize=True, seq_len=5, batch=1)


def source(values: np.ndarray) -> str:
    return "values:" + ",".join(f"{v:.6f}" for v in values)


def ar1(rows: int) -> np.ndarray:
    y = np.zeros(rows)
    for t in range(1, rows):
        y[t] = 0.5 * y[t - 1] + RNG.randn()
    return 100 + 10 * y


@pytest.mark.parametrize("difference", [False, True])
def test_losses_are_half_squared_errors_in_the_networks_units(difference: bool) -> None:
    values = ar1(400)
    data = load(RECIPE.replace(source=source(values), difference=difference))
    known = baselines(data)
    found = dict(simple_losses(data, known))
    assert dict(known).items() <= found.items()
    assert list(found.values()) == sorted(found.values())
    assert found["autoregression"] < found["last value"]
    own, train = data.rows()[:, 0], data.row_count - len(data.validation)
    method = fit_autoregression(own[:train])
    ahead = [method.forecast(own, [o], 1)[0, 0] for o in range(train + 1, len(own))]
    off = (np.array(ahead) - own[train + 1 :]) / data.deviation[0]
    assert found["autoregression"] == pytest.approx(np.square(off).mean() / 2, rel=1e-9)
    last = (own[train:-1] - own[train + 1 :]) / data.deviation[0]
    assert found["last value"] == pytest.approx(np.square(last).mean() / 2, rel=1e-9)


def test_columns_add_up_and_a_season_is_used(tmp_path: Path) -> None:
    n = np.arange(240)
    wave = np.sin(n * np.pi / 6)
    rows = "\n".join(f"{10 * w:.5f},{-3 * w + 1:.5f}" for w in wave)
    (tmp_path / "two.csv").write_text("a,b\n" + rows + "\n")
    data = load(RECIPE.replace(source=str(tmp_path / "two.csv")))
    found = dict(simple_losses(data, baselines(data)))
    assert found["seasonal naive"] == pytest.approx(0.0, abs=1e-6)
    assert min(found.values()) < 1e-3 < found["last value"]


def test_a_long_series_has_them_too() -> None:
    data = load(RECIPE.replace(source=source(ar1(90_000))))
    found = dict(simple_losses(data, baselines(data)))
    assert len(data.validation) == 22_500
    assert {"last value", "autoregression", "exp. smoothing"} <= found.keys()
    assert found["autoregression"] == pytest.approx(50 / data.deviation[0] ** 2, rel=0.03)


def test_text_and_what_was_not_held_out_have_no_further_ones() -> None:
    text = load(Recipe().replace(source="text:" + "abcab" * 40, split=0.2, batch=1, seq_len=5))
    assert isinstance(text, TokenData)
    assert simple_losses(text, baselines(text)) == baselines(text)
    whole = load(RECIPE.replace(source=source(ar1(60)), split=0.0))
    assert simple_losses(whole, baselines(whole)) == ()
