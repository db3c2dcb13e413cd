"""How good forecasts are: `rnntui generate RUN --prompt ROWS`, beside simple methods.

    python -m tests.benchmarks.series                             the bundled and the made series
    python -m tests.benchmarks.series --data FOLDER               and every CSV file of a folder
    python -m tests.benchmarks.series --set skip=none --label no-skip

Each file is trained as `rnntui train FILE` trains it, in a process of its own. Forecasts start from
up to 12 places of the last tenth, from the 500 rows before each. Printed is the RMSE over the
horizon, in the file's units (the geometric mean over its columns), and that of the last value, of
the last season and of an autoregression fitted by least squares on the first nine tenths.
Below the table stands how many of the values the prediction intervals held, by target of a file: in
the backtest, and as `generate` prints them after each prompt.
results/series.json keeps what each label gave.
"""

from __future__ import annotations

import argparse
import csv
import io
import math
import resource
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from rnntui.data import ValueData
from rnntui.forecast.autoregression import fit_autoregression
from rnntui.forecast.backtest import Backtest
from rnntui.forecast.intervals import LEVELS
from rnntui.forecast.methods import LastValue, Method, SeasonalNaive
from rnntui.forecast.slices import result_of
from rnntui.generation.rolling import roll
from rnntui.processes import one_blas_thread
from rnntui.runs import forecasting
from rnntui.runs.backtest import backtests
from rnntui.runs.opening import same_data
from rnntui.runs.store.directory import open_run
from rnntui.runs.trained_model import Model, load_model
from tests.benchmarks import results
from tests.benchmarks.series_made import write_made

NAME = "series"
CORPORA = ("sunspots", "co2", "elnino", "sine")
PROMPT, MOST_ORIGINS = 500, 12
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """RMSE over the horizon of each method; NaN where there is no season."""

    name: str
    horizon: int
    seconds: float  # of processor time
    forecast: float
    network: float
    last: float
    seasonal: float
    autoregression: float
    held: tuple[tuple[float, float], ...] = ()  # by the 80 and the 95 % intervals, by target
    prompted: tuple[tuple[float, float], ...] = ()  # the same of forecasts after prompts

    @property
    def naive(self) -> float:
        """The better of the two naive forecasts."""
        return min(self.last, self.seasonal) if self.seasonal > 0 else self.last


def measure(name: str, source: str, settings: list[str], runs: Path) -> Outcome:
    """Train on a source with the defaults and settings, and forecast."""
    path = runs / name
    if path.exists():
        return _measured(name, path, 0.0)
    command = [sys.executable, "-m", "rnntui", "train", source, "--plain", "--name", name]
    command += [part for pair in settings for part in ("--set", pair)]
    environment = {**one_blas_thread(), "RNNTUI_RUNS": str(runs)}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return _measured(name, path, seconds)


def _measured(name: str, path: Path, seconds: float) -> Outcome:
    """Forecast with a run."""
    model = load_model(path, "best")
    data = same_data(model.recipe, open_run(path), model.data)
    assert isinstance(data, ValueData)
    tests = backtests(model, model.data)
    test = tests[0]
    rows, horizon = data.rows(), test.horizon
    origins = origins_of(data, horizon)
    train = origins[0]
    columns = range(len(data.forecast))
    true = np.stack([rows[o : o + horizon, : len(columns)] for o in origins])

    def error(ahead: Numbers) -> float:
        squares = np.square(ahead - true).mean(axis=(0, 1))
        return float(np.exp(0.5 * np.log(squares + 1e-300).mean()))

    def simple(methods: list[Method]) -> float:
        ahead = [
            m.forecast(np.ascontiguousarray(rows[:, c]), origins, horizon)
            for c, m in zip(columns, methods, strict=True)
        ]
        return error(np.stack(ahead, axis=2))

    regressions = [fit_autoregression(rows[:train, c]) for c in columns]
    season = test.season
    ahead, bounds = _forecasts(model, rows, origins, horizon, tests)
    inside = (bounds[..., 0] <= true[..., None]) & (true[..., None] <= bounds[..., 1])
    prompted = inside.mean(axis=(0, 1))  # (D, 2)
    return Outcome(
        name,
        horizon,
        seconds,
        error(ahead),
        error(result_of(roll(model.parameters, data, origins, horizon))[..., : len(columns)]),
        simple([LastValue() for _ in columns]),
        simple([SeasonalNaive(season) for _ in columns]) if season else math.nan,
        simple([found for found in regressions if found]),
        tuple((test.coverage[80], test.coverage[95]) for test in tests),
        tuple((low, high) for low, high in prompted.tolist()),
    )


def origins_of(data: ValueData, horizon: int) -> list[int]:
    """Where forecasts of the last part begin, in the whole source: a run keeps fewer rows."""
    first = len(data.values) + (data.levels is not None)
    every = list(range(first, data.row_count - horizon + 1))
    return every[:: max(1, len(every) // MOST_ORIGINS)][:MOST_ORIGINS]


def _forecasts(
    model: Model, rows: Numbers, origins: list[int], horizon: int, tests: list[Backtest]
) -> tuple[Numbers, Numbers]:
    """What `generate --prompt` prints: forecasts (K, H, D), and bounds (K, H, D, level, end).

    Its backtest is the same for every prompt.
    """
    assert isinstance(model.data, ValueData)
    names, found = model.data.forecast, []
    ends = [(f"lower{level}", f"upper{level}") for level in LEVELS]
    bounds = []
    for origin in origins:
        first = max(0, origin - PROMPT)
        prompt = "\n".join(",".join(map(repr, row)) for row in rows[first:origin].tolist())
        with mock.patch.object(forecasting, "backtests", lambda *_: tests):
            text = "".join(forecasting.forecast(model, prompt, horizon).pieces)
        table = list(csv.DictReader(io.StringIO(text)))
        found.append([[float(row[name]) for name in names] for row in table])
        bounds.append(
            [
                [[[float(row[f"{name}.{end}"]) for end in pair] for pair in ends] for name in names]
                for row in table
            ]
        )
    return np.array(found), np.array(bounds)


def as_text(found: list[Outcome]) -> str:
    """The table, and how often the forecast is better."""
    lines = [
        f"{'':24s}    H      s  forecast   network      last  seasonal        AR   /naive  /AR"
    ]
    for o in found:
        numbers = (o.forecast, o.network, o.last, o.seasonal, o.autoregression)
        line = f"{o.name[:24]:24s} {o.horizon:4d} {o.seconds:6.1f}"
        line += "".join(f" {n:9.4g}" for n in numbers)
        lines.append(f"{line}  {o.forecast / o.naive:6.3f} {o.forecast / o.autoregression:6.3f}")
    count = len(found)
    naive = sum(o.forecast < o.naive for o in found)
    near = sum(o.forecast <= 1.05 * o.autoregression for o in found)
    better = sum(o.forecast < o.autoregression for o in found)
    alone = sum(o.network < o.autoregression for o in found)
    lines.append(
        f"better than naive {naive} of {count}, within 5 % of AR {near}, better {better}"
        f" (the network alone {alone})"
    )
    backtests = _held("in the backtest", [shares for o in found for shares in o.held])
    prompts = _held("after prompts", [shares for o in found for shares in o.prompted])
    return "\n".join([*lines, *backtests, *prompts])


def _held(where: str, shares: list[tuple[float, float]]) -> list[str]:
    """A line on how many of the values the intervals of all targets held."""
    held = np.array(shares).reshape(-1, 2)
    held = held[np.isfinite(held).all(axis=1)]
    if not len(held):
        return []
    off = int((abs(held[:, 0] - 0.8) > 0.15).sum())
    low, high = held.mean(axis=0)
    return [
        f"{where}, the intervals held {low:.1%} (80 %) and {high:.1%} (95 %) on average;"
        f" {off} of {len(held)} targets are off by more than 15 points at 80 %"
    ]


def main() -> None:
    """Measure, print, and keep the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="of series; default: all")
    parser.add_argument("--data", type=Path, help="a folder of CSV files to measure, too")
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--runs", type=Path, help="where runs are kept, and found again")
    parser.add_argument("--label", help="keep the results under this name")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = given.runs or Path(folder) / "runs"
        made = {path.stem: str(path) for path in write_made(runs.with_name(f"{runs.name}-made"))}
        real = (
            {path.stem: str(path) for path in sorted(given.data.glob("*.csv"))}
            if given.data
            else {}
        )
        sources = {**real, **{name: f"corpus:{name}" for name in CORPORA}, **made}
        found = []
        for name in given.names or sources:
            try:
                found.append(measure(name, sources[name], given.settings, runs))
            except subprocess.CalledProcessError as error:
                print(f"{name}: {error.stderr.decode()[-300:]}", flush=True)
                continue
            print(as_text(found[-1:]).splitlines()[1], flush=True)
    print(as_text(found))
    if given.label:
        kept = results.read(NAME) or {"labels": {}}
        entry = {"settings": given.settings, "series": [asdict(o) for o in found]}
        results.write(
            NAME, {**results.circumstances(), "labels": {**kept["labels"], given.label: entry}}
        )


if __name__ == "__main__":
    main()
