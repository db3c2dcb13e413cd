"""The recipe keys of the section `sample`; how tokens are chosen is in `recipe.sampling`."""

from __future__ import annotations

from rnntui.dataclass import dataclass
from rnntui.recipe.rules import key
from rnntui.recipe.sampling import SamplingSettings


# `Sample` has its keys in the order of its bases, the last one first.
@dataclass(frozen=True)
class _SampleLengths:
    """When samples are generated, how long they are, and what they continue."""

    sample_every: int = key(
        0, "updates between samples, the first after update 1; 0: none", least=0
    )
    sample_length: int = key(200, "tokens in a sample", least=1, most=100_000)
    final_length: int = key(200, "tokens in the sample after the last update; 0: none", least=0)
    prompt: str = key("", "text that a sample continues")


@dataclass(frozen=True)
class _SampleOrigins:
    """What samples start from, and how the end of a run predicts."""

    sample_start: str = key(
        "zero",
        "hidden state that a sample starts from",
        choices=("zero", "carried"),
        only=("task", ("tokens",)),
    )
    sample_random: str = key(
        "own",
        "random stream of the samples; shared: the one that drew the weights",
        choices=("own", "shared"),
        only=("task", ("tokens",)),
    )
    horizon: int = key(
        0,
        "rows that forecasts are judged on; 0: a season, else a tenth of the validation split",
        least=0,
        most=10_000,
        only=("task", ("values",)),
        aka=("prediction_length", "fh", "output_chunk_length", "forecast_horizon"),
    )
    method: str = key(
        "network",
        "forecasting method; auto: the mean of methods that a backtest prefers",
        choices=(
            "network",
            "auto",
            "last value",
            "seasonal naive",
            "autoregression",
            "differencing",
            "exponential smoothing",
            "theta",
            "adaptive mean",
        ),
        only=("task", ("values",)),
    )
    final_pass: bool = key(
        True, "predict with the final weights; false: report the last update's own predictions"
    )


@dataclass(frozen=True)
class Sample(_SampleOrigins, SamplingSettings, _SampleLengths):
    """What the network generates during training and at the end."""
