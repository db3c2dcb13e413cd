"""Forecasts with times and intervals, and the backtest of a run, from the command line."""

from __future__ import annotations

import csv
import io
import json
import math
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from rnntui.forecast.methods import METHODS, NETWORK
from tests.conftest import Ended

DAYS = [date(2021, 1, 1) + timedelta(days=n) for n in range(300)]
NAME = "EXCHANGE.RATE.OFFICIAL.DAILY.EUR"
LOADS = [12345678.9 + 1000 * math.sin(2 * math.pi * n / 7) + n * n % 5 + n / 9 for n in range(300)]
TEMPERATURES = [round(10 + n * n % 7, 2) for n in range(300)]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RNNTUI_RUNS", str(tmp_path / "runs"))
    rows = (f"{d},{v!r},{t}" for d, v, t in zip(DAYS, LOADS, TEMPERATURES, strict=True))
    Path("a.csv").write_text("\n".join([f"day,{NAME},temp", *rows]) + "\n")
    return tmp_path


def train(rnntui: Any, *more: str) -> None:
    ended = rnntui("train", "a.csv", "--plain", "--name", "a", "--steps", "60", *more)
    assert ended.code == 0, ended.err


def table(ended: Ended) -> list[dict[str, str]]:
    assert ended.code == 0, ended.err
    return list(csv.DictReader(io.StringIO(ended.out)))


def test_a_forecast_is_dated_and_bounded(rnntui: Any, here: Path) -> None:
    train(rnntui, "--set", f"target={NAME}", "--set", "inputs=temp")
    rows = table(rnntui("generate", "a", "--length", "9"))
    bounds = [f"{NAME}.{end}{level}" for level in (80, 95) for end in ("lower", "upper")]
    assert list(rows[0]) == ["day", NAME, *bounds]
    assert [row["day"] for row in rows] == [str(DAYS[-1] + timedelta(days=n)) for n in range(1, 10)]
    for row in rows:
        low95, low80, value, high80, high95 = (
            float(row[n]) for n in (bounds[2], bounds[0], NAME, bounds[1], bounds[3])
        )
        assert low95 <= low80 < value < high80 <= high95
        assert len(row[NAME]) >= 12

    (given,) = table(rnntui("generate", "a", "--length", "1", "--method", "seasonal naive"))
    assert float(given[NAME]) == LOADS[-7]
    lines = Path("a.csv").read_text().splitlines()
    dated = table(rnntui("generate", "a", "--length", "2", "--prompt", "\n".join(lines[100:200])))
    plain = "\n".join(line.partition(",")[2] for line in lines[100:200])
    found = table(rnntui("generate", "a", "--length", "2", "--prompt", plain))
    assert dated == found
    assert dated[0]["day"] == str(DAYS[199])
    unknown = table(rnntui("generate", "a", "--length", "2", "--prompt", "1,2\n3,4"))
    assert unknown[0]["day"] == ""


def test_a_backtest_compares_the_network_with_simple_methods(rnntui: Any, here: Path) -> None:
    train(rnntui)
    ended = rnntui("backtest", "a", "--json")
    first, second = map(json.loads, ended.out.splitlines())
    assert (first["target"], second["target"]) == (NAME, "temp")
    assert first["season"] == first["horizon"] == 7
    assert {NETWORK, *METHODS} <= set(first["methods"])
    assert first["origins"] == 24
    for scores in first["methods"].values():
        assert {len(scores[kind]) for kind in ("rmse", "mae", "mase")} == {7}
    assert set(first["coverage"]) == {"80", "95"}
    rows = table(rnntui("backtest", "a", "--csv", "--horizon", "3"))
    assert list(rows[0]) == ["target", "series", "method", "h", "rmse", "mae", "mase"]
    naive = [row for row in rows if row["method"] == "last value" and row["target"] == NAME]
    assert [row["h"] for row in naive] == ["1", "2", "3"]
    text = rnntui("backtest", "a").out
    assert "80 % intervals held" in text and "autoregression" in text
    Path("a.csv").unlink()  # then the rows kept with the run
    assert json.loads(rnntui("backtest", "a", "--json").out.splitlines()[0]) == first


def test_the_backtest_of_a_text_is_refused(rnntui: Any, here: Path) -> None:
    Path("a.csv").rename("a.txt")
    Path("a.txt").write_text("abcab" * 199)
    ended = rnntui("train", "a.txt", "--plain", "--name", "a", "--steps", "1", "--hidden", "4")
    assert ended.code == 0, ended.err
    ended = rnntui("backtest", "a")
    assert ended.code == 65
    assert ended.err == "rnntui: run a learned text; backtest needs a run on numbers\n"
