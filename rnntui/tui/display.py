"""The user's view options. Importing this module is cheap: the first frame needs it."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from rnntui.charset import Glyphs
from rnntui.dataclass import dataclass
from rnntui.tui.draw.keys import Keys, key_of

if TYPE_CHECKING:
    from rnntui.protocol.insight import View as ViewName
    from rnntui.tui.draw.loss_overlay import LossOverlay
    from rnntui.tui.look import Layout


@dataclass
class Display:
    """The user's view options."""

    glyphs: Glyphs = "braille"
    log: bool = False
    zoom: int = 0  # the plot shows the last 1/2**zoom of the updates
    cursor: int | None = None  # the update of the loss plot whose losses are shown
    news_dismissed: bool = False  # the banner with news since the last visit was closed
    selected: int | None = None  # the time step whose details are shown
    forecast_at: int | None = None  # the row of the forecast shown whose details are shown
    method: str = ""  # how to forecast; empty: as the recipe says
    feature: int | None = None  # the column shown; None: all
    text: int | None = None  # the sample shown; None: all
    text_top: int | None = None  # row of the generated text at the top; None: follow its end
    read_only: bool = False  # the user must not control the run
    dismissed_forecast: int = 0  # id of the forecast that was closed
    finding: int = 0  # the finding selected in the health view, from 0
    view: ViewName = "watch"  # the view with the focus
    beside: ViewName | None = None  # the other view shown, if any
    layout: Layout = "auto"
    panel: str = ""  # the panel that the user has focused, by name
    keys: Keys = field(default_factory=dict)
    overlay: LossOverlay | None = None  # a second run on the loss plot

    def key_of(self, command: str, usual: str, otherwise: str = "") -> str:
        """Return the key of a command as it is printed: its usual one, or the user's."""
        return key_of(self.keys, self.glyphs, command, usual, otherwise)
