"""A text or forecast as the dashboard has received it, assembled from its parts."""

from __future__ import annotations

from typing import Literal

from rnntui.dataclass import dataclass
from rnntui.protocol.forecasts import Outlook
from rnntui.protocol.messages import Generated
from rnntui.recipe import SamplingSettings

SHOWN_BEFORE = 50  # rows before a forecast, or three times those that are forecast again
KEPT_TEXT = 16_000  # characters of a generated text that stay visible

Number = float | None


@dataclass(frozen=True)
class GeneratedText:
    """A text or forecast received so far; `end` counts all of it, kept here or not."""

    id: int = 0
    source: Literal["prompt", "sample"] = "sample"
    update: int = 0
    prompt: str = ""
    text: str = ""
    values: tuple[tuple[Number, ...], ...] = ()
    end: int = 0
    finished: bool = True
    warning: str = ""
    others: tuple[str, ...] = ()  # samples generated with it, the newest part of each
    before: tuple[tuple[Number, ...], ...] = ()  # the rows a forecast continues
    sampling: SamplingSettings | None = None  # of its newest token; None for a forecast
    outlook: Outlook | None = None  # of a forecast

    @property
    def shown_before(self) -> int:
        """How many of the rows before a forecast are shown with it."""
        earlier = self.outlook.earlier if self.outlook is not None else ()
        horizon = max((len(one.values) for one in earlier), default=0)
        return min(len(self.before), max(SHOWN_BEFORE, 3 * horizon))

    @property
    def texts(self) -> tuple[str, ...]:
        """All samples generated together."""
        return (self.text, *self.others)


def join_generated(old: GeneratedText | None, new: Generated) -> GeneratedText:
    """Return the text generated so far with its new part; only the newest text is kept."""
    same = old is not None and old.id == new.id
    text, values, end = (old.text, old.values, old.end) if same and old else ("", (), 0)
    if new.start < end:
        text = text[: len(text) - (end - new.start)]
        values = values[: max(0, len(values) - (end - new.start))]
    elif new.start > end:
        text, values = "", ()
    text, values = text + new.text, (*values, *new.values)
    return GeneratedText(
        id=new.id,
        source=new.source,
        update=new.step,
        prompt=new.prompt,
        text=text[-KEPT_TEXT:],
        values=values,
        end=new.start + (len(new.text) or len(new.values)),
        finished=new.finished,
        warning=new.warning,
        others=new.others,
        before=new.before or (old.before if same and old else ()),
        sampling=new.sampling,
        outlook=new.outlook or (old.outlook if same and old else None),
    )
