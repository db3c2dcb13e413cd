"""What a viewer asks of a training process."""

from __future__ import annotations

from typing import Annotated

from rnntui.dataclass import dataclass
from rnntui.protocol.base import Count, Mark, OneOf, Request, Within
from rnntui.protocol.insight import InsightLook
from rnntui.recipe import SAMPLING_KEYS, SamplingSettings

VERSION = 6
MOST_STREAMS = 15
LEAST_PACE, MOST_PACE = 0.01, 1e6  # updates per second

SamplingKey = Annotated[str, OneOf(SAMPLING_KEYS)]


@dataclass(frozen=True)
class Hello(Request):
    """The first request. Replied to with Welcome once the data are loaded, or Failed.

    While a large file is being read, everything but Stop is replied to with Loading.

    `who` names the viewer to the others, such as its terminal; a `read_only` viewer may only look.
    """

    observes = True

    version: int = VERSION
    who: Annotated[str, Within(0, 80)] = ""
    read_only: bool = False


@dataclass(frozen=True)
class Look(Request):
    """Ask for a Snapshot with what is new since the marks of the last one; zeros ask for all.

    The marks are what the viewer has: `level` and number of bins of the History, the update of the
    newest validation, the last `event_count`, and id and length (characters, or values of a
    forecast) of the Generated text. Very old data may have been thinned out or dropped.

    `steps` asks for the time steps of the last update; `streams` is how many more streams than the
    first a wide viewer can show with them. At most MOST_STREAMS are sent; for a run with a single
    stream, the time steps of earlier updates fill that room.

    `window_first` and `window_last` ask for a Window of those updates, unless the viewer has its
    version `window`; a `window_last` of 0 asks for none.

    `steps_of` asks for the time steps of that update in place of the last one's. `past` is the last
    `past_count`, and `backtest` the id of the last Backtested.
    """

    observes = True

    history_level: Annotated[int, Within(-1, 64)] = -1
    history_bins: Mark = 0
    validations: Mark = 0
    events: Mark = 0
    steps: bool = False
    streams: Mark = 0
    generated: Mark = 0
    generated_length: Mark = 0
    window_first: Mark = 0
    window_last: Mark = 0
    window: Mark = 0
    steps_of: Mark = 0
    past: Mark = 0
    backtest: Mark = 0
    insight: InsightLook = InsightLook()


@dataclass(frozen=True)
class Pause(Request):
    """Stop after the current update."""

    does = "pausing"


@dataclass(frozen=True)
class Resume(Request):
    """Continue at the current pace."""

    does = "continuing"


@dataclass(frozen=True)
class Step(Request):
    """Make `count` updates, then pause."""

    does = "making single updates"

    count: Count = 1


@dataclass(frozen=True)
class Pace(Request):
    """Limit the updates per second; null: full speed."""

    does = "changing the pace"

    updates_per_second: Annotated[float, Within(LEAST_PACE, MOST_PACE)] | None = None


@dataclass(frozen=True)
class SetLearningRate(Request):
    """Set the learning rate, from the next update on."""

    does = "changing the learning rate"

    lr: float


@dataclass(frozen=True)
class SetSampling(Request):
    """Set one of the recipe's sampling keys; for `greedy`, 1 is on and 0 is off."""

    does = "changing how text is sampled"

    key: SamplingKey
    value: float


@dataclass(frozen=True)
class Generate(Request):
    """Generate `length` tokens after `prompt` with the live weights, in place of any in progress.

    A `length` of 0 is the usual one: that of the recipe, or the horizon of forecasts.

    `sampling` replaces the settings in force, as if by `SetSampling`. For values, `prompt` holds
    numbers separated by commas or spaces, and a forecast follows, by `method` or, if that is
    empty, as the recipe says.
    """

    does = "generating"

    prompt: Annotated[str, Within(0, 2000)]
    length: Annotated[int, Within(0, 100_000)]
    sampling: SamplingSettings | None = None
    method: Annotated[str, Within(0, 40)] = ""


@dataclass(frozen=True)
class StopGenerating(Request):
    """Stop the generation in progress."""

    does = "stopping the generation"


@dataclass(frozen=True)
class Fix(Request):
    """Restore the last good weights, lower the learning rate and continue."""

    does = "restoring weights"


@dataclass(frozen=True)
class Save(Request):
    """Save a checkpoint now."""

    does = "saving a checkpoint"


@dataclass(frozen=True)
class Stop(Request):
    """Save a checkpoint and end the training process.

    The reply is Accepted, followed by Ended. `how` completes "stopped" (as in "from pts/2") for a
    connection that did not send Hello.
    """

    does = "stopping the run"

    how: Annotated[str, Within(0, 80)] = ""
