"""Whether the network forecasts better than simple methods, in words; without NumPy."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rnntui.dataclass import dataclass
from rnntui.numbers import figure

NETWORK, COMBINED = "network", "auto"
DIGITS = 4


@dataclass(frozen=True)
class Verdict:
    """One sentence, and whether a simple method is better; empty if errors are unknown."""

    text: str = ""
    loses: bool = False
    best: str = NETWORK  # the simple method if it is better


def verdict(rmse: Mapping[str, float | None], method: str) -> Verdict:
    """Compare the RMSE of the network with those of the simple methods.

    `method` is the one that forecasts now.
    """
    known = {name: e for name, e in rmse.items() if e is not None and math.isfinite(e)}
    network, combined = known.pop(NETWORK, None), known.pop(COMBINED, None)
    if network is None or not known:
        return Verdict()
    best = min(known, key=lambda name: known[name])
    least = known[best]
    if network <= least:
        return Verdict(
            f"the network forecasts best: RMSE {_error(network)}, {best} {_error(least)}"
        )
    text = (
        f"{best} forecasts better than the network: RMSE {_error(least)} against {_error(network)}"
    )
    if method == COMBINED:
        text += "; method = auto mixes both"
    elif combined is not None and combined < network:
        text += f"; method = auto would mix both: {_error(combined)}"
    return Verdict(text, True, best)


def _error(number: float) -> str:
    return figure(number, DIGITS)
