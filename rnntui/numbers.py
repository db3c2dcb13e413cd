"""Format numbers in one style for the dashboard, reports and lists.

None is an unknown value and is shown as "–"; NaN and infinities are shown as words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeGuard

from rnntui.digits import column_texts as texts_of_column

Number = float | None
UNKNOWN = "–"
_PREFIXES = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def finite(value: Number) -> TypeGuard[float]:
    """Whether a value is known and finite."""
    return value is not None and math.isfinite(value)


def unusual(value: Number) -> str:
    """Return the word for a value that is not a finite number, or "" for a finite one."""
    if value is None:
        return UNKNOWN
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return ""


def fixed(value: Number, width: int = 6, digits: int = 4) -> str:
    """Format `digits` significant digits, right-aligned in `width` cells: " 0.412", " 12.34".

    Below one, the leading zero counts as a digit, which keeps the decimal point in place. An
    exponent is used only if it allows more digits than plain notation: "0.0012", "1.2e-4".
    """
    return _fixed(value, width, digits).rjust(width)


def _fixed(value: Number, width: int, digits: int) -> str:
    word = unusual(value)
    if word or value is None:
        return word[:width]
    size, places = abs(value), max(0, min(digits - 1, width - 5))
    # Rounding may add a digit in front: 9.9996 is 10.00.
    exponent = int(f"{size:.{digits - 1}e}".split("e")[1]) if size else 0
    text = f"{value:.{max(0, digits - 1 - max(0, exponent))}f}"
    if exponent < -(digits - 2):
        text = f"{value:.{places - exponent}f}"
    return text if len(text) <= width else scientific(value, places, width)


def column_texts(values: Sequence[Number]) -> list[str]:
    """Format the numbers of one column alike, with enough digits to tell them apart."""
    return texts_of_column(values, unusual)


def scientific(value: Number, decimals: int = 2, width: int = 99) -> str:
    """Format with a short exponent: "2.00e-3"; with fewer decimals if `width` requires it."""
    word = unusual(value)
    if word or value is None:
        return word
    for places in range(decimals, -1, -1):
        mantissa, exponent = f"{value:.{places}e}".split("e")
        text = f"{mantissa}e{int(exponent)}"
        if len(text) <= width:
            return text
    return "#" * width


def si(value: Number, digits: int = 3) -> str:
    """Format with `digits` significant digits and an SI prefix: "950", "1.20k", "1.30M"."""
    word = unusual(value)
    if word or value is None:
        return word
    for size, prefix in _PREFIXES:
        scaled = value / size
        # 999.6 rounds to 1000, which is 1.00 with the next prefix.
        if abs(scaled) >= 1 - 0.5 * 10.0**-digits:
            if abs(scaled) >= 1e4:
                return scientific(value, 1)
            return _significant(scaled, digits) + prefix
    if value == int(value):
        return str(int(value))
    return _significant(value, digits) if abs(value) >= 0.01 else scientific(value, digits - 1)


def _significant(value: float, digits: int) -> str:
    if value == 0:
        return "0"
    whole = math.floor(math.log10(abs(value)) + 1e-12) + 1
    text = f"{value:.{max(0, digits - max(whole, 1))}f}"
    return text[: digits + 1] if len(text.lstrip("-")) > digits + 1 and "." in text else text


def short(value: Number) -> str:
    """Format like `si`, without trailing zeros: "2k", "2.5k", "0"."""
    text = si(value)
    prefix = text[-1] if text[-1:] in "kMGTP" else ""
    digits = text.removesuffix(prefix)
    if "." in digits and "e" not in digits:
        digits = digits.rstrip("0").rstrip(".")
    return digits + prefix


def count(value: int | None) -> str:
    """Format an integer with thousands separators: "12,400"."""
    return UNKNOWN if value is None else f"{value:,}"


def brief_count(value: int | None, width: int = 9) -> str:
    """Format like `count` if that fits, else with four digits and an SI prefix."""
    text = count(value)
    return text if value is None or len(text) <= width else si(value, 4)


def plural(number: int, thing: str) -> str:
    """Format a number with a noun: "1 update", "1,200 updates"."""
    return f"{count(number)} {thing}{'' if number == 1 else 's'}"


def duration(seconds: Number) -> str:
    """Format a duration: "00:42", "1:02:03", "2 d 3 h"."""
    if not finite(seconds):
        return UNKNOWN
    whole = max(0, int(min(seconds, 1e12)))
    if whole >= 100 * 86_400:
        return f"{si(whole // 86_400)} d"
    if whole >= 86_400:
        return f"{whole // 86_400} d {whole % 86_400 // 3600} h"
    hours, minutes = whole // 3600, whole % 3600 // 60
    if hours:
        return f"{hours}:{minutes:02d}:{whole % 60:02d}"
    return f"{minutes:02d}:{whole % 60:02d}"


def age(seconds: Number) -> str:
    """Format a duration in its largest unit: "42 s", "3 min", "5 h", "12 d"."""
    if not finite(seconds):
        return UNKNOWN
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{brief_count(round(seconds / size), 6)} {unit}"
    return f"{max(0, round(seconds))} s"


def ago(seconds: Number) -> str:
    """Format the time since an event: "3 minutes ago", "just now"."""
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if finite(seconds) and seconds >= size:
            return f"{plural(round(seconds / size), unit)} ago"
    return "just now" if finite(seconds) else UNKNOWN


def size_in_words(size: float) -> str:
    """Format a number of bytes with three digits and a unit: "950 B", "1.07 GB"."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 999.5:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.0f} PB"


def rounded(value: Number) -> str:
    """Format with four decimals, or four digits for tiny or huge values: "1.4120", "8.12e-4"."""
    if not finite(value):
        return UNKNOWN if value is None or math.isnan(value) else unusual(value)
    size = abs(value)
    return f"{value:.4f}" if size == 0 or 1e-3 <= size < 1e3 else figure(value)


def figure(value: Number, digits: int = 4) -> str:
    """Format with `digits` significant digits, without trailing zeros: "0.1", "1.25e-5"."""
    word = unusual(value)
    if word or value is None:
        return word
    text = f"{value:.{digits}g}"
    if "e" not in text and (value == 0 or abs(value) >= 1e-3):
        return text
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{int(exponent)}"


def rate(value: Number, width: int = 99) -> str:
    """Format a learning rate with three digits, or as many as fit: "0.002", "1.25e-5"."""
    texts = (figure(value, digits) for digits in (3, 2, 1))
    return next((text for text in texts if len(text) <= width), "#" * width)


def percent(share: Number) -> str:
    """Format a fraction as "42 %"."""
    return f"{100 * max(-99.0, min(99.0, share)):.0f} %" if finite(share) else UNKNOWN


def perplexity(loss: Number) -> Number:
    """Convert a loss in nats per token to perplexity, exp(loss); infinite on overflow."""
    if not finite(loss):
        return loss
    return math.exp(loss) if loss < 700 else math.inf


def bits(loss: Number) -> Number:
    """Convert a loss from nats to bits."""
    return loss / math.log(2) if finite(loss) else loss
