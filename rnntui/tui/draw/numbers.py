"""Numbers as people read them: significant digits, thousands, durations, always as honest text.

None is a value that is not known and reads "–"; NaN and infinities say so.
"""

from __future__ import annotations

import math
from typing import TypeGuard

Number = float | None
UNKNOWN = "–"
_PREFIXES = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def finite(value: Number) -> TypeGuard[float]:
    """Whether there is a value that can be drawn."""
    return value is not None and math.isfinite(value)


def unusual(value: Number) -> str:
    """The word for a value that is not a finite number, "" for one that is."""
    if value is None:
        return UNKNOWN
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return ""


def fixed(value: Number, width: int = 6, digits: int = 4) -> str:
    """About `digits` significant digits, right-aligned in `width` cells: " 0.412", " 12.34".

    Below one the leading zero counts as a digit, so that the point stays where it is. An exponent
    is written only where it shows more digits than the number without one: "0.0012", "1.2e-4".
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


def scientific(value: Number, decimals: int = 2, width: int = 99) -> str:
    """A mantissa and a short exponent: "2.00e-3"; fewer decimals where `width` needs it."""
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
    """`digits` significant digits and a prefix: "950", "1.20k", "27.6k", "1.30M"."""
    word = unusual(value)
    if word or value is None:
        return word
    for size, prefix in _PREFIXES:
        scaled = value / size
        # 999.6 rounds to 1000: that is 1.00 of the next prefix.
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
    """As `si`, without trailing zeros: "2k", "2.5k", "0"."""
    text = si(value)
    prefix = text[-1] if text[-1:] in "kMGTP" else ""
    digits = text.removesuffix(prefix)
    if "." in digits and "e" not in digits:
        digits = digits.rstrip("0").rstrip(".")
    return digits + prefix


def count(value: int | None) -> str:
    """A whole number in groups of three: "12 400"; from ten million on with a prefix."""
    if value is None:
        return UNKNOWN
    return f"{value:,}".replace(",", " ") if abs(value) < 10_000_000 else si(value, 4)


def duration(seconds: Number) -> str:
    """ "00:42", "1:02:03", "2 d 3 h"."""
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


def percent(share: Number) -> str:
    """A share of one as "42 %"."""
    return f"{100 * max(-99.0, min(99.0, share)):.0f} %" if finite(share) else UNKNOWN


def perplexity(loss: Number) -> Number:
    """exp(loss) of a loss in nats per token; infinite where it overflows."""
    if not finite(loss):
        return loss
    return math.exp(loss) if loss < 700 else math.inf


def bits(loss: Number) -> Number:
    """A loss in nats as bits."""
    return loss / math.log(2) if finite(loss) else loss
