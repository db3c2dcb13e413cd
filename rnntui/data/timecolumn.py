"""Cells that hold a date, and names of columns that hold the time of a row."""

from __future__ import annotations

import re

MISSING = frozenset(
    (
        *("", "na", "n/a", "n.a.", "nan", "-nan", "nat", "null", "nil", "none", "<na>"),
        *("#na", "#n/a", "#value!", "#div/0!", "#num!", "#null!", "#ref!"),
        *("?", "-", "--", "---", "----", ".", "..", "...", "*", "**", "***", "****", ":", "—"),
        *("\\n", "missing", "unavailable", "unknown", "no data", "nodata", ": c", ": u", ": z"),
    )
)

DATE = re.compile(
    r"\d{4}[-/]\d{1,2}([-/]\d{1,2})?([T ]\d.*)?"
    r"|\d{4}\.\d{1,2}\.\d{1,2}"
    r"|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}( \d.*)?"
    r"|\d{4}-?[Qq][1-4]"
    r"|\d{4}-?W[0-5]\d(-?[1-7])?"
    r"|(0?[1-9]|1[0-2])[./](1[89]|20)\d\d"
    r"|(1[6-9]|20|21)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
    r"([01]\d|2[0-3])?([0-5]\d){0,2}"
    r"|\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp][Mm])?"
)
# Names that speak of time only if the numbers rise or fall: so many days may also be a result.
_ALSO_TIME = frozenset(
    (
        *("times", "years", "quarters", "months", "weeks", "days", "hours", "minutes", "seconds"),
        *("julday", "jday", "yday", "julian", "doy"),
    )
)
# Words that an earlier reader did not know, of astronomers and of loggers.
_NEWER_TIME = frozenset(
    ("jd", "mjd", "hjd", "bjd", "btjd", "bkjd", "elapsed", "uptime", "millis", "ms", "secs")
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|#|№")
_NAMES = frozenset(
    (
        *("time", "timestamp", "datetime", "date", "epoch", "unix", "utc", "ts", "when"),
        *("year", "quarter", "month", "day", "hour", "minute", "second"),
        *("index", "idx", "id", "no", "nr", "row", "counter", "step", "iteration", "entry"),
        *("frame", "seq", "ds", "#", "№"),
    )
)
_SERIES = frozenset(
    (
        *("series", "group", "id", "uid", "key", "code", "sku", "item", "product", "article"),
        *("store", "shop", "branch", "dept", "department", "customer", "client", "user", "account"),
        *("station", "site", "location", "sensor", "device", "meter", "machine", "unit", "channel"),
        *("region", "zone", "country", "state", "city", "area", "plant", "turbine", "line"),
    )
)

_UNITS = frozenset(
    (
        *("firm", "company", "airline", "bank", "fund", "stock", "ticker", "symbol", "asset"),
        *("county", "household", "family", "person", "individual", "subject", "patient", "animal"),
        *("school", "farm", "industry"),
    )
)


def is_date(cell: str) -> bool:
    """Whether a cell without spaces around it holds a date or a time of day."""
    return DATE.fullmatch(cell) is not None


def is_series_name(name: str, units: bool = True) -> bool:
    """Whether a column's name speaks of what a row is about: a shop, a sensor, a region.

    With `units`, also of whom statistics are about: a firm, a household, a patient.
    """
    known = _SERIES | _UNITS if units else _SERIES
    return any(word.lower() in known for word in _WORD.findall(name))


def is_name(name: str) -> bool:
    """Whether a column's name speaks of time or of a count of rows."""
    return any(word.lower() in _NAMES for word in _WORD.findall(name))


def may_be_time(name: str, refined: bool = True) -> bool:
    """Whether a column's name speaks of time if its numbers are in order."""
    known = _ALSO_TIME | _NEWER_TIME if refined else _ALSO_TIME
    return any(word.lower() in known for word in _WORD.findall(name))
