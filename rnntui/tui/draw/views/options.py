"""How to draw a view: what its viewer has chosen, and what the message does not say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from rnntui.dataclass import dataclass
from rnntui.tui.draw.keys import Keys, key_of
from rnntui.tui.draw.rows import Glyphs

MEASURING = "measuring ..."


@dataclass(frozen=True)
class ViewOptions:
    """How to draw a view.

    `at` is the position that the viewer has chosen, if the message may be older than the choice.
    `sampling` describes settings that the probabilities follow; `reason` says why there is nothing
    to measure. An `ended` run makes no more updates by itself, but if it is `restorable`, after a
    fix; once its process is `gone`, nothing runs. A
    `stored` one is seen through its files, and nothing can be measured. With `targets`, roles name
    what a click selects instead of colours. `keys` are those that the user gave to commands.
    `method` is what forecasts.
    """

    glyphs: Glyphs = "braille"
    unit: str = "character"  # of tokens: character, word, byte
    features: Sequence[str] = ("value",)
    feature: int = 0
    layer: int = -1  # -1: the top one
    at: int | None = None
    finding: int = 0  # the selected one, from 0
    sampling: str = ""
    reason: str = ""
    ended: bool = False
    restorable: bool = True
    gone: bool = False
    stored: bool = False
    targets: bool = False
    method: str = "network"
    keys: Keys = field(default_factory=dict)

    def key_of(self, command: str, usual: str) -> str:
        """Return the key of a command as it is printed: its usual one, or the user's."""
        return key_of(self.keys, self.glyphs, command, usual)

    def key_pair(self, first: str, second: str) -> str:
        """Return two printed keys next to each other."""
        return (" " if len(first) == len(second) == 1 else ", ").join((first, second))
