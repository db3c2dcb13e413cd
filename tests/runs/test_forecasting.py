"""Forecasts with times and intervals, and the backtest of a run, from the command line."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from rnntui.forecast.methods import NAMES, NETWORK
from tests.conftest import Ended, quick_first

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


@pytest.mark.slow
def test_a_short_prompt_of_the_source_is_continued_with_what_stands_before_it(
    rnntui: Any, here: Path
) -> None:
    train(rnntui)
    lines = Path("a.csv").read_text().splitlines()[1:]
    asked = ("generate", "a", "--length", "5", "--prompt")
    long, short, few, other = (
        table(rnntui(*asked, "\n".join(rows)))
        for rows in (lines[:280], lines[260:280], lines[278:280], [f"{n},{n}" for n in range(20)])
    )
    assert [float(row[NAME]) for row in short] == pytest.approx([float(row[NAME]) for row in long])
    assert few != long and other != long


def test_a_prompt_of_rows_may_be_written_as_in_the_file(rnntui: Any, here: Path) -> None:
    values = [1000 + 10 * (n % 7) + n for n in range(300)]
    prices = [f"{value // 1000}.{value % 1000:03},25 €" for value in values]
    lines = [f"{day};{prices[n]};{n % 5},5" for n, day in enumerate(DAYS)]
    Path("a.csv").write_text("\n".join(["day;price;rate", *lines]) + "\n")
    train(rnntui)
    asked = ("generate", "a", "--length", "3", "--prompt")
    written = table(rnntui(*asked, "\n".join(["day;price;rate", *lines[200:280]])))
    plain = [f"{values[n] + 0.25} {n % 5 + 0.5}" for n in range(200, 280)]
    assert written == table(rnntui(*asked, "\n".join(plain)))
    assert written[0]["day"] == str(DAYS[280])
    untimed = "\n".join(line.partition(";")[2] for line in lines[200:280])
    assert written == table(rnntui(*asked, untimed))
    assert written == table(rnntui(*asked, "\n".join(lines[279:199:-1])))  # newest first
    wrong = rnntui(*asked, "2021-01-01;1.000,25 €;?")
    assert wrong.code == 2 and "is not a number such as 0.5" in wrong.err


@pytest.mark.slow
def test_a_prompt_may_have_all_columns_of_the_file(rnntui: Any, here: Path) -> None:
    more = ["sky,day,temp,x,load", *(f"fair,{d},{n % 7},1,{n % 5}" for n, d in enumerate(DAYS))]
    Path("a.csv").write_text("\n".join(more) + "\n")
    train(rnntui, "--set", "target=load", "--set", "inputs=temp")
    asked = ("generate", "a", "--length", "3", "--prompt")
    plain = table(rnntui(*asked, "\n".join(f"{n % 5},{n % 7}" for n in range(200, 280))))
    assert plain[0]["day"] == ""  # the rows come again and again
    rows = more[201:281]
    named, all_columns = (
        table(rnntui(*asked, "\n".join(text))) for text in (["sky,day,temp,x,load", *rows], rows)
    )
    assert named == all_columns
    assert [row["day"] for row in named] == [str(day) for day in DAYS[280:283]]
    assert [row["load"] for row in named] == [row["load"] for row in plain]
    Path("a.csv").unlink()  # then only names tell the columns apart
    assert table(rnntui(*asked, "\n".join(["sky,day,temp,x,load", *rows]))) == named
    assert rnntui(*asked, "\n".join(rows)).code == 2


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
    newest = "\n".join(lines[199:99:-1])
    assert table(rnntui("generate", "a", "--length", "2", "--prompt", newest)) == dated
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
    assert {NETWORK, *NAMES} <= set(first["methods"])
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


@pytest.mark.parametrize(
    ("split", "horizons", "said"),
    [
        (
            "0.1",
            (31, 9999),
            "a.csv: held out 30 rows, fewer than the horizon: --horizon 30 or fewer",
        ),
        ("0", (7,), "a.csv: no rows were held out to forecast: train with split above 0"),
    ],
)
def test_a_backtest_without_an_origin_is_refused(
    rnntui: Any, here: Path, split: str, horizons: tuple[int, ...], said: str
) -> None:
    train(rnntui, "--set", f"split={split}", "--set", "eval_every=0")
    for horizon, form in itertools.product(horizons, ((), ("--json",), ("--csv",))):
        ended = rnntui("backtest", "a", "--horizon", str(horizon), *form)
        assert (ended.code, ended.out) == (65, "")
        assert ended.err.splitlines()[-1] == f"rnntui: {said}"
    if split != "0":
        assert json.loads(rnntui("backtest", "a", "--json", "--horizon", "30").out.split("\n")[0])


def test_the_backtest_of_a_text_is_refused(rnntui: Any, here: Path) -> None:
    Path("a.csv").rename("a.txt")
    Path("a.txt").write_text("abcab" * 199)
    ended = rnntui("train", "a.txt", "--plain", "--name", "a", "--steps", "1", "--hidden", "4")
    assert ended.code == 0, ended.err
    ended = rnntui("backtest", "a")
    assert ended.code == 65
    assert ended.err == "rnntui: run a learned text; backtest needs a run on numbers\n"
    for command in (("generate", "a", "--from", "2021"), ("eval", "a", "a.txt", "--predictions=p")):
        ended = rnntui(*command)
        assert ended.code == 2 and "is for runs on numbers: this one learned text" in ended.err


def test_a_forecast_from_a_date_uses_only_what_came_before(rnntui: Any, here: Path) -> None:
    train(rnntui)
    method = ("--method", "seasonal naive")
    rows = table(rnntui("generate", "a", "--from", str(DAYS[280]), "--length", "2", *method))
    assert [row["day"] for row in rows] == [str(DAYS[280]), str(DAYS[281])]
    assert [float(row[NAME]) for row in rows] == LOADS[273:275]
    ahead = table(rnntui("generate", "a", "--length", "12"))
    later = DAYS[-1] + timedelta(days=10)
    assert table(rnntui("generate", "a", "--from", str(later), "--length", "3")) == ahead[9:]
    for other in (f"{later:%d %b %Y}", f"{later:%m/%d/%Y}", f"{later:%d/%m/%Y}"):
        assert table(rnntui("generate", "a", "--from", other, "--length", "3")) == ahead[9:]
    early = rnntui("generate", "a", "--from", str(DAYS[200]), "--length", "1", *method)
    assert "the network was trained on some of the rows that are forecast here" in early.err
    assert float(table(early)[0][NAME]) == LOADS[193]


def test_a_date_that_cannot_be_forecast_from(rnntui: Any, here: Path) -> None:
    train(rnntui)
    for options, words in (
        (("soon",), "--from: 'soon' is not a time such as 2021-10-27"),
        (("2021-01-01",), "--from: fewer than two rows are known before 2021-01-01"),
        (("9999-01-01",), "--from: more than 100,000 rows after the last one"),
        (("2021-10-01", "--prompt", "1,2"), "--from and --prompt cannot be combined"),
    ):
        ended = rnntui("generate", "a", "--from", *options)
        assert ended.code == 2
        assert words in ended.err and ended.err.count("\n") == 1


@pytest.mark.parametrize("more", quick_first([(("--set", "difference=true"),), ((),)]))
def test_predictions_of_another_file(rnntui: Any, here: Path, more: tuple[str, ...]) -> None:
    """All digits, all steps, and the numbers that the errors are computed from."""
    train(rnntui, "--set", f"target={NAME}", "--set", "inputs=temp", *more)
    lines = Path("a.csv").read_text().splitlines()
    Path("b.csv").write_text("\n".join([lines[0], *lines[200:260]]) + "\n")
    ended = rnntui("eval", "a", "b.csv", "--json", "--predictions", "p.csv")
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    with Path("p.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    first = 60 - len(rows)
    assert len(rows) == found["steps"] == 58 + (not more)
    assert list(rows[0]) == ["day", NAME, f"{NAME}.predicted"]
    assert [row["day"] for row in rows] == [str(day) for day in DAYS[199 + first : 259]]
    assert [float(row[NAME]) for row in rows] == LOADS[199 + first : 259]
    off = [float(row[f"{NAME}.predicted"]) - float(row[NAME]) for row in rows]
    (column, _) = found["columns"]
    assert column["mae"] == pytest.approx(sum(map(abs, off)) / len(off))
    assert set(column["methods"]) == {NETWORK, *NAMES}
    naive = [LOADS[n] - LOADS[n - 7] for n in range(259 - found["compared"], 259)]
    expected = sum(map(abs, naive)) / len(naive)
    assert column["methods"]["seasonal naive"]["mae"] == pytest.approx(expected)

    before = Path("p.csv").read_bytes()
    ended = rnntui("eval", "a", "b.csv", "--predictions", "p.csv")
    assert ended.code == 2
    assert ended.err.startswith("rnntui: p.csv already exists: choose another --predictions, or")
    assert rnntui("eval", "a", "b.csv", "--predictions", "p.csv", "--force").code == 0
    assert Path("p.csv").read_bytes() == before
    assert sorted(path.name for path in here.iterdir()) == ["a.csv", "b.csv", "p.csv", "runs"]


@pytest.mark.slow
def test_a_file_without_times_has_numbers_of_rows(rnntui: Any, here: Path) -> None:
    train(rnntui)
    lines = Path("a.csv").read_text().splitlines()
    Path("b.csv").write_text("\n".join(line.partition(",")[2] for line in lines[:40]) + "\n")
    text = rnntui("eval", "a", "b.csv", "--predictions", "p.csv").out
    assert "rmse" in text and "seasonal naive" in text
    assert Path("p.csv").read_text().splitlines()[1].startswith("2,")


@pytest.mark.parametrize("lacking", quick_first([2, 0]))
def test_a_file_that_continues_the_source_is_read_on_from_it(
    rnntui: Any, here: Path, lacking: int
) -> None:
    """A linear method beside the network looks back further than the file's first rows."""
    lines = Path("a.csv").read_text().splitlines()
    Path("a.csv").write_text("\n".join(lines[:260]) + "\n")
    train(rnntui, "--set", f"target={NAME}", "--set", "difference=false")
    Path("b.csv").write_text("\n".join([lines[0], *lines[260 + lacking :]]) + "\n")
    ended = rnntui("eval", "a", "b.csv", "--json", "--predictions", "p.csv")
    assert "note: continues the run's own rows: the last " in ended.err
    found = json.loads(ended.out)
    assert found["steps"] == found["compared"] == 40 - lacking
    (column,) = found["columns"]
    rows = Path("p.csv").read_text().splitlines()[1:]
    assert rows[0].startswith(f"{DAYS[260 + lacking]},") and len(rows) == 40 - lacking
    changed = [lines[0], *lines[200:259], f"{DAYS[258]},7,{TEMPERATURES[258]}"]
    Path("b.csv").write_text("\n".join(changed[:1] + changed[-1:] + lines[260:]) + "\n")
    other = rnntui("eval", "a", "b.csv", "--json")  # its first row is not the run's
    assert "continues the run" not in other.err
    assert json.loads(other.out)["columns"][0]["rmse"] > column["rmse"]
