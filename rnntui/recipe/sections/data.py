"""The recipe keys of the section `data`: what is learned."""

from __future__ import annotations

from rnntui.dataclass import dataclass
from rnntui.recipe.rules import key
from rnntui.units import unit_of


@dataclass(frozen=True)
class Data:
    """The data to learn."""

    task: str = key(
        "tokens", "kind of data: tokens (text) or values (numbers)", choices=("tokens", "values")
    )
    source: str = key(
        "corpus:tales", "data source: file, '-' (stdin), corpus:NAME, text:…, values:1,2,3"
    )
    repeat: int = key(
        1, "number of copies of the source, joined end to end", least=1, most=1_000_000
    )
    tokenizer: str = key(
        "char",
        "unit of text that becomes one token",
        choices=("char", "byte", "word"),
        only=("task", ("tokens",)),
    )
    max_words: int = key(
        4000,
        "most words in a vocabulary of words; rarer ones are spelled by character",
        least=1,
        most=500_000,
        only=("tokenizer", ("word",)),
        aka=("vocab_size", "max_vocab"),
    )
    columns: str = key(
        "",
        "comma-separated columns (empty: all that vary freely)",
        only=("task", ("values",)),
    )
    target: str = key(
        "",
        "columns to forecast; other columns are then left out unless inputs names them",
        only=("task", ("values",)),
    )
    inputs: str = key(
        "",
        "columns that are learned too, but left out of forecasts",
        only=("task", ("values",)),
        aka=("covariates", "regressors"),
    )
    exclude: str = key(
        "",
        "columns to leave out",
        only=("task", ("values",)),
        aka=("ignore", "drop_columns"),
    )
    series: str = key(
        "",
        "columns that tell apart several series in one table (none: not looked for)",
        only=("task", ("values",)),
        aka=("group", "item_id", "unique_id", "series_id"),
    )
    time: str = key(
        "",
        "columns of the time, such as Date,Time (empty: found by itself; none: rows have none)",
        only=("task", ("values",)),
        aka=("timestamp", "time_column", "date_column", "ds"),
    )
    time_format: str = key(
        "",
        "format of the time: dmy, mdy, ymd, or a pattern such as %d.%m.%Y %H:%M",
        only=("task", ("values",)),
        aka=("date_format",),
    )
    calendar: bool = key(
        False,
        "values: learn hour, weekday and month of the time, known in advance of each row",
        only=("task", ("values",)),
        aka=("time_features", "calendar_features", "add_encoders"),
    )
    missing: str = key(
        "auto",
        "missing values; auto: interpolate gaps of up to 24 rows, refuse longer ones",
        choices=("auto", "error", "drop", "carry", "interpolate"),
        only=("task", ("values",)),
    )
    missing_values: str = key(
        "",
        "further marks of a missing value, such as -200,-999",
        only=("task", ("values",)),
        aka=("na_values", "sentinel", "sentinels"),
    )
    encoding: str = key(
        "utf-8",
        "text encoding of a table, such as latin-1",
        only=("task", ("values",)),
    )
    difference: bool | str = key(
        False,
        "values: learn the change from each row to the next; auto: where that forecasts better",
        words=("auto",),
        only=("task", ("values",)),
    )
    standardize: bool = key(
        False,
        "values: subtract the mean, divide by the standard deviation",
        only=("task", ("values",)),
    )
    split: float = key(
        0.1,
        "fraction held out for validation, at the end of the source",
        least=0.0,
        most=0.5,
        aka=("validation", "val_split", "validation_split"),
    )

    @property
    def unit(self) -> str:
        """The name of what one loss is about: a "character", "byte", "word" or "value"."""
        return unit_of(self.task, self.tokenizer)
