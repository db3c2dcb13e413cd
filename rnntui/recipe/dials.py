"""How a key press changes a sampling setting, and how it is named. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rnntui.dataclass import dataclass

Next = Callable[[float, int], float]  # the value after one, up (1) or down (-1)


@dataclass(frozen=True)
class Dial:
    """How a sampling setting is stepped through and described.

    `words` describe a new value and `note` the value in force, with {value}, {percent} and {unit}
    (such as "character"); settings without a `note` are not listed among those in force. At the
    value `off`, if any, the setting has no effect: `off_words` say so, and there is no note.
    `drawing`: it changes how tokens are drawn, so `greedy` makes it void.
    """

    label: str
    after: Next
    words: str
    note: str = ""
    off: float | None = None
    off_words: str = ""
    drawing: bool = False

    def describe(self, value: float, unit: str) -> str:
        """Describe a new value."""
        words = self.off_words if value == self.off else self.words
        return words.format(value=value, percent=100 * value, unit=unit)

    def noted(self, value: float) -> str:
        """Describe the value in force; empty if there is nothing to say."""
        return "" if value == self.off else self.note.format(value=value)


def increments(by: float, least: float, most: float) -> Next:
    """Step by equal amounts within bounds."""
    return lambda now, direction: round(max(least, min(most, now + direction * by)), 2)


def presets(values: Sequence[float], beyond: float | None = None) -> Next:
    """Step through ascending values; `beyond` is what follows the last of them, if anything."""
    last = values[-1]

    def after(now: float, direction: int) -> float:
        if beyond is not None and direction > 0 and (now == beyond or now >= last):
            return beyond
        if now == beyond:
            return last
        return above(values, now) if direction > 0 else below(values, now)

    return after


def switch(now: float, _direction: int) -> float:
    """Switch between on (1) and off (0)."""
    return 0.0 if now else 1.0


def above(values: Sequence[float], now: float) -> float:
    """Return the next larger value, or the largest."""
    return next((value for value in values if value > now * 1.01), values[-1])


def below(values: Sequence[float], now: float) -> float:
    """Return the next smaller value, or the smallest."""
    return next((value for value in reversed(values) if value < now * 0.99), values[0])
