"""What a training process replies to its viewers.

Losses are in nats per token (½ squared error per step for values) unless a field says otherwise.
"""

from __future__ import annotations

from typing import Annotated, Literal

from rnntui.dataclass import dataclass
from rnntui.protocol.base import Safe, Within
from rnntui.protocol.forecasts import Backtested, Outlook
from rnntui.protocol.insight import Finding, Insight, Passage
from rnntui.recipe import SamplingSettings
from rnntui.update_numbers import UpdateNumbers

State = Literal[
    "loading", "training", "paused", "finished", "failed", "stopped", "crashed", "diverged"
]


@dataclass(frozen=True)
class Loading:
    """The data are still loading: ask again."""

    text: Safe  # the current activity, as in "reading notes.txt"
    fraction: Annotated[float, Within(0, 1)]
    rate: float  # bytes per second


@dataclass(frozen=True)
class Welcome:
    """What does not change during a run."""

    version: int
    pid: int
    parameters: int
    source: Safe  # name of the source
    unit: Safe  # "character", "byte", "word", "value"
    vocab_size: int  # 0 for values
    train_size: int  # tokens or values
    validation_size: int
    split: Safe  # in words: "first 90 % to train, last 10 % to validate"
    steps_per_epoch: int
    tokens_per_update: int
    total_steps: int | None  # None if neither steps nor epochs bound the run
    total_seconds: float | None
    floor: float | None  # the least loss possible on a generated source, as far as it is known
    baselines: tuple[Baseline, ...]  # those known so far; Snapshots have the others
    features: tuple[Safe, ...]  # names of the values' columns
    notes: tuple[Safe, ...]  # notes for the user from loading the data
    run: Safe = ""  # name of the run; empty if it isn't saved
    ended: bool = False  # the run is shown from its files and takes no commands
    news: Safe = ""  # one line: what happened while no viewer was connected
    workers: int = 1  # number of training processes
    batch: int = 0  # if the data determined it; 0: as the recipe says
    seq_len: int = 0  # likewise
    turns: int = 0  # likewise
    by_size: tuple[Fact, ...] = ()  # other recipe keys that the data determined
    facts: tuple[Fact, ...] = ()  # what was decided about a table
    unsaved: Safe = ""  # one line: why the run isn't saved, although it was to be


@dataclass(frozen=True)
class Fact:
    """A row of the table that says what was decided about a source."""

    label: Safe
    words: Safe


@dataclass(frozen=True)
class Baseline:
    """The validation loss of a simple model on the same split."""

    name: Safe
    loss: float


@dataclass(frozen=True)
class History:
    """The loss as bins of `2**level` updates; one list per column, from bin `start` on.

    When the bins are full, neighbours are joined and `level` grows by one; then all are sent.
    The last bin may still be filling. `mean`, `low`, `high` are over the finite losses of the bin
    (null where there is none); `smooth` is the curve through the means, at the middle of the bin;
    `bad` counts losses that were not finite.
    """

    level: int
    start: int
    mean: tuple[float | None, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    smooth: tuple[float | None, ...]
    bad: tuple[int, ...]


@dataclass(frozen=True)
class Validation:
    """One validation."""

    step: int
    loss: float | None


@dataclass(frozen=True)
class Window:
    """The loss from update `first` to update `last`, as detailed as the run's journal.

    The `start` of its `history` is the bin that contains `first`. A window is sent once it has been
    read, and again when it has grown: `mark` identifies the version.
    """

    first: int
    last: int
    mark: int
    history: History
    validations: tuple[Validation, ...]


EventKind = Literal[
    "lr",
    "sampling",
    "pace",
    "plan",
    "pause",
    "resume",
    "alert",
    "mend",
    "skip",
    "rollback",
    "sample",
    "save",
    "disk",
    "note",
    "finding",
    "end",
]


@dataclass(frozen=True)
class Event:
    """An event of the run, for a mark on the plot and a line in the event log."""

    step: int
    seconds: float  # since the start of training
    kind: EventKind
    text: Safe  # one line
    at: float = 0.0  # seconds since 1970
    who: Safe = ""  # the viewer that caused it; empty: the run itself


@dataclass(frozen=True)
class TokenSteps:
    """A stream of an update, one entry per time step, the newest last.

    A long chunk is cut to its newest time steps. If chunks are short, several are joined: those of
    the updates from `first` to `step`.
    """

    step: int
    input: tuple[Safe, ...]
    true: tuple[Safe, ...]
    predicted: tuple[Safe, ...]
    probability: tuple[float | None, ...]  # of the true token
    first: int = 0  # 0: the time steps are all of update `step`


@dataclass(frozen=True)
class ValueSteps:
    """Stream 0 of an update in the source's original scale; (T, features) row by row.

    A long chunk is cut to its newest time steps, and many features to the first ones. Short chunks
    are joined as in TokenSteps. `times` are those of the true values; empty if none are known.
    """

    step: int
    input: tuple[tuple[float | None, ...], ...]
    true: tuple[tuple[float | None, ...], ...]
    predicted: tuple[tuple[float | None, ...], ...]
    first: int = 0
    times: tuple[Safe, ...] = ()


Steps = TokenSteps | ValueSteps


@dataclass(frozen=True)
class Generated:
    """What the network generates: the text from character `start` on, or a forecast's values.

    `start` may lie beyond what the viewer had: one that is far behind gets the newest part. A long
    prompt is cut to its end.
    """

    id: int
    source: Literal["prompt", "sample"]
    step: int  # update of the weights that generated the newest part
    prompt: str
    start: int
    text: str
    values: tuple[tuple[float | None, ...], ...]
    finished: bool
    warning: Safe  # e.g. the prompt's characters that the vocabulary lacks
    others: tuple[str, ...] = ()  # the newest part of each further sample
    before: tuple[
        tuple[float | None, ...], ...
    ] = ()  # the rows that a forecast continues, sent once
    sampling: SamplingSettings | None = None  # of the newest token; None for a forecast
    outlook: Outlook | None = None  # of a forecast, sent once, before or with its first rows


@dataclass(frozen=True)
class PastText:
    """A text generated earlier: a sample, or what followed a prompt. Long texts are cut."""

    step: int  # update of the weights that generated its end
    source: Literal["prompt", "sample"]
    prompt: str
    texts: tuple[str, ...]  # several if they were generated together
    sampling: SamplingSettings | None = None


@dataclass(frozen=True)
class System:
    """What the training process and its workers use of the machine."""

    cpu: float  # share of one core; 2.0 is two cores
    memory: int  # bytes
    workers: int  # number of training processes


@dataclass(frozen=True)
class Alert:
    """A problem of the run: what happened, the likely cause, and what the fix would do.

    `pauses`: training has been paused because of it.
    """

    step: int
    title: Safe
    cause: Safe
    fix: Safe
    pauses: bool = False


@dataclass(frozen=True)
class Snapshot:
    """The current numbers of the run."""

    state: State
    step: int
    epoch: float  # passes over the source so far, with the fraction of this one
    numbers: UpdateNumbers | None  # of the last update; None before the first one
    smooth: float | None  # the mean of the last `averaged` updates
    best: float | None  # the lowest such mean
    validation: float | None
    best_validation: float | None
    lr: float  # now in force, with the schedule's factor
    tokens_per_second: float
    updates_per_second: float
    elapsed: float  # seconds of training, pauses excluded
    remaining: float | None  # expected seconds
    pace: float | None
    sampling: SamplingSettings
    history: History
    validations: tuple[Validation, ...]  # after the asked mark
    events: tuple[Event, ...]  # after the asked mark, at most the newest ones
    event_count: int
    steps: Steps | None  # None if not asked for, or not available now
    generated: Generated | None
    alert: Alert | None
    baselines: tuple[Baseline, ...] = ()  # empty until they are computed
    saved: int | None = None  # update of the newest checkpoint
    disk: Safe = ""  # one line: why saving fails
    waiting: Safe = ""  # one line: what a stalled update is waiting for
    viewers: int = 1
    factor: float = 1.0  # the schedule's factor, included in `lr`
    averaged: int = 0
    window: Window | None = None  # None if not asked for, not read yet, or the viewer has it
    findings: tuple[Finding, ...] = ()  # the most important first
    insight: Insight | None = None  # of the view asked for; None until it is measured
    passage: Passage | None = None  # None if the viewer has it
    insight_problem: Safe = ""  # one line: why the view cannot be measured
    past: tuple[PastText, ...] = ()  # after the asked mark, oldest first, as many as fit
    past_count: int = 0  # the next mark
    plateau_since: int = 0  # update since which the loss has hardly fallen; 0: it is falling
    system: System | None = None  # None if it is unknown
    runs: tuple[Safe, ...] = ()  # new runs that were started from this one
    streams: tuple[TokenSteps, ...] = ()  # further ones with `steps`, at most as many as asked for
    backtest: Backtested | None = None  # for a view of health; None if the viewer has the newest


@dataclass(frozen=True)
class Accepted:
    """A command was executed."""


@dataclass(frozen=True)
class Refused:
    """A request was refused, and why."""

    reason: Safe


@dataclass(frozen=True)
class Failed:
    """The run cannot start or has failed: the line for the user and the exit code."""

    message: Safe
    exit_code: int


@dataclass(frozen=True)
class Last:
    """The numbers of a run after its last update, as in a Snapshot."""

    epoch: float
    numbers: UpdateNumbers | None
    smooth: float | None
    averaged: int
    best: float | None
    validation: float | None
    best_validation: float | None
    lr: float
    elapsed: float


@dataclass(frozen=True)
class Ended:
    """How a saved run ended; sent to every viewer, unasked, before it is disconnected."""

    state: Literal["finished", "stopped", "diverged", "failed"]
    reason: Safe  # for ending before its bounds
    step: int  # updates made
    saved: int | None  # update of the newest checkpoint
    unsaved: Safe  # what could not be saved and why; empty: everything is on disk
    last: Last | None = None


Reply = Loading | Welcome | Snapshot | Accepted | Refused | Failed | Ended
