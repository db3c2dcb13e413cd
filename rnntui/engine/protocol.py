"""Every message between a training process and those who watch it, declared once.

A request and its reply are one line of JSON each: {"kind": "<class name>", field: value, ...}.
Losses are in nats per token (½ squared error per step for values) unless a field says otherwise.
A number that is not finite travels as null: NaN is not JSON. `codec.py` writes and reads the lines.
A `Safe` text has been through `safe_text`; all others are raw: whoever shows them does that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar, dataclass_transform, get_args

VERSION = 3
MAX_REQUEST = 16 * 1024  # bytes of a line with its newline
MAX_REPLY = 64 * 1024


class Shown:
    """Prints, compares and hashes a message by its fields.

    Made for each class by itself, that doubles what importing this module costs.
    """

    def __repr__(self) -> str:
        pairs = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({pairs})"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    def __hash__(self) -> int:
        return hash((type(self), *vars(self).values()))


Class = TypeVar("Class")


@dataclass_transform(frozen_default=True, eq_default=True)
def message(cls: type[Class]) -> type[Class]:
    """A frozen dataclass that leaves printing and comparing to `Shown`."""
    return dataclass(frozen=True, repr=False, eq=False)(cls)


@message
class Within(Shown):
    """The least and the most a number may be, or how long a text may be."""

    least: float
    most: float


SamplingKey = Literal["temperature", "top_k", "top_p", "greedy", "samples"]
State = Literal[
    "loading", "training", "paused", "finished", "failed", "stopped", "crashed", "diverged"
]
Count = Annotated[int, Within(1, 1_000_000)]
Mark = Annotated[int, Within(0, 2**53)]
Safe = Annotated[str, "safe to show on a terminal, as text"]


# ---- requests ---------------------------------------------------------------------------------


@message
class Hello(Shown):
    """The first request. Replied to with Welcome once the data are loaded, or Failed.

    While a large file is being read, everything but Stop is replied to with Loading.

    `who` names the viewer to the others, such as its terminal; who is `read_only` may look and
    nothing else.
    """

    version: int = VERSION
    who: Annotated[str, Within(0, 80)] = ""
    read_only: bool = False


@message
class Look(Shown):
    """Ask for a Snapshot with what is new since the marks of the last one; zeros ask for all.

    The marks are `level` and number of bins of the History at hand, the step of the newest
    validation at hand, the last `event_count`, and id and length (characters, or values of a
    forecast) of the Writing at hand. What is very old may have been thinned out or dropped.
    """

    history_level: Annotated[int, Within(-1, 64)] = -1
    history_bins: Mark = 0
    validations: Mark = 0
    events: Mark = 0
    steps: bool = False
    writing: Mark = 0
    written: Mark = 0


@message
class Pause(Shown):
    """Stop after the current update."""


@message
class Resume(Shown):
    """Go on at the current pace."""


@message
class Step(Shown):
    """Make `count` updates and pause."""

    count: Count = 1


@message
class Pace(Shown):
    """At most so many updates per second; null: flat out."""

    updates_per_second: Annotated[float, Within(0.01, 1e6)] | None = None


@message
class SetLearningRate(Shown):
    """The learning rate from the next update on."""

    lr: float


@message
class SetSampling(Shown):
    """How what is written from now on is chosen: one of the recipe's keys for it.

    For `greedy`, 1 is yes and 0 is no.
    """

    key: SamplingKey
    value: float


@message
class Generate(Shown):
    """Write `length` tokens after `prompt` with the live weights; replaces what is being written.

    What else is given holds from now on, as with `SetSampling`. For values, `prompt` holds numbers
    separated by commas or spaces and a forecast follows.
    """

    prompt: Annotated[str, Within(0, 2000)]
    length: Annotated[int, Within(1, 100_000)]
    temperature: float | None = None
    greedy: bool | None = None
    samples: Annotated[int, Within(1, 1000)] | None = None  # continuations written at once


@message
class StopWriting(Shown):
    """End what is being written."""


@message
class Mend(Shown):
    """Reload the last good weights and halve the learning rate, then go on."""


@message
class Save(Shown):
    """Write a checkpoint now."""


@message
class Stop(Shown):
    """Write a checkpoint and end the training process. Replied to with Accepted before that."""


Request = (
    Hello
    | Look
    | Pause
    | Resume
    | Step
    | Pace
    | SetLearningRate
    | SetSampling
    | Generate
    | StopWriting
    | Mend
    | Save
    | Stop
)


# ---- replies ----------------------------------------------------------------------------------


@message
class Loading(Shown):
    """The data are still being read: ask again."""

    text: Safe  # what is done: "reading notes.txt"
    fraction: Annotated[float, Within(0, 1)]
    rate: float  # bytes per second


@message
class Welcome(Shown):
    """What does not change while a run lasts."""

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
    total_steps: int | None  # None where the run is not bounded by steps or epochs
    total_seconds: float | None
    floor: float | None  # entropy rate of a generated source, nats per token
    baselines: tuple[Baseline, ...]  # those known by now; the others come with a Snapshot
    features: tuple[Safe, ...]  # names of the values' columns
    notes: tuple[Safe, ...]  # what loading wants the user to know
    run: Safe = ""  # name of the run; empty where nothing is saved
    ended: bool = False  # the run is over and seen from its files: there is nothing to command
    news: Safe = ""  # in one line, what happened while nobody looked
    workers: int = 1  # processes that train


@message
class Baseline(Shown):
    """A simple model's validation loss on the same split: a line to beat."""

    name: Safe
    loss: float


@message
class History(Shown):
    """The loss as bins of `2**level` updates; one list per column, from bin `start` on.

    When the bins are full, neighbours are joined and `level` grows by one; then all are sent.
    The last bin may still be filling. `mean`, `low`, `high` are over the finite losses of the bin
    (null where there is none); `smooth` is the running mean at its end; `bad` counts losses that
    were not finite.
    """

    level: int
    start: int
    mean: tuple[float | None, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    smooth: tuple[float | None, ...]
    bad: tuple[int, ...]


@message
class Validation(Shown):
    """One validation."""

    step: int
    loss: float | None


EventKind = Literal[
    "lr",
    "sampling",
    "pace",
    "pause",
    "resume",
    "alert",
    "mend",
    "skip",
    "rollback",
    "sample",
    "save",
    "disk",
    "end",
]


@message
class Event(Shown):
    """Something that happened to the run, for a mark on the plot and a line in the log."""

    step: int
    seconds: float  # since the start of training
    kind: EventKind
    text: Safe  # one line
    at: float = 0.0  # seconds since 1970
    who: Safe = ""  # the viewer who did it; empty: the run itself


@message
class TokenSteps(Shown):
    """Stream 0 of the last update, one entry per step, the newest last.

    Of a long chunk only the newest steps are sent.
    """

    step: int
    input: tuple[Safe, ...]
    true: tuple[Safe, ...]
    predicted: tuple[Safe, ...]
    probability: tuple[float | None, ...]  # of the true token


@message
class ValueSteps(Shown):
    """Stream 0 of the last update, in the source's own units; (T, features) row by row.

    Of a long chunk only the newest steps are sent, of many features only the first ones.
    """

    step: int
    input: tuple[tuple[float | None, ...], ...]
    true: tuple[tuple[float | None, ...], ...]
    predicted: tuple[tuple[float | None, ...], ...]


@message
class Writing(Shown):
    """What the network writes: the text from character `start` on, or a forecast's values.

    `start` may lie beyond what the viewer had: one that is far behind gets the newest part. Of a
    long prompt only the end is sent.
    """

    id: int
    source: Literal["prompt", "sample"]
    step: int  # of the weights that wrote its newest part
    prompt: str
    start: int
    text: str
    values: tuple[tuple[float | None, ...], ...]
    finished: bool
    warning: Safe  # e.g. the prompt's characters that the vocabulary lacks
    others: tuple[str, ...] = ()  # written beside it: the newest part of each further continuation
    before: tuple[tuple[float | None, ...], ...] = ()  # what a forecast goes on from, told once


@message
class Alert(Shown):
    """The run is in trouble: what happened, why most likely, what the mend key would do."""

    step: int
    title: Safe
    cause: Safe
    mend: Safe


@message
class Snapshot(Shown):
    """The run as it is now."""

    state: State
    step: int
    epoch: float  # passes over the source so far, with the fraction of this one
    loss: float | None  # of the last update, per token
    loss_reported: float | None  # as the recipe reduces it: summed or mean
    smooth: float | None
    best: float | None  # of the smoothed loss
    validation: float | None
    best_validation: float | None
    lr: float
    gradient_norm: float | None
    tokens_per_second: float
    updates_per_second: float
    elapsed: float  # seconds of training, pauses excluded
    remaining: float | None  # expected seconds
    pace: float | None
    temperature: float
    history: History
    validations: tuple[Validation, ...]  # after the asked mark
    events: tuple[Event, ...]  # after the asked mark, at most the newest ones
    event_count: int
    steps: TokenSteps | ValueSteps | None  # None if not asked for, or not at hand just now
    writing: Writing | None
    alert: Alert | None
    baselines: tuple[Baseline, ...] = ()  # they take time: empty at first
    saved: int | None = None  # update of the newest checkpoint
    disk: Safe = ""  # in one line, why nothing can be saved just now
    viewers: int = 1
    top_k: int = 0
    top_p: float = 1.0
    greedy: bool = False
    samples: int = 1  # continuations written at once
    factor: float = 1.0  # the schedule's, which is in `lr`


@message
class Accepted(Shown):
    """A command was carried out."""


@message
class Refused(Shown):
    """A request that cannot be carried out, and why."""

    reason: Safe


@message
class Failed(Shown):
    """The run cannot start or has broken off: the line for the user and its exit code."""

    message: Safe
    exit_code: int


Reply = Loading | Welcome | Snapshot | Accepted | Refused | Failed
Message = Request | Reply

REQUESTS: dict[str, type] = {c.__name__: c for c in get_args(Request)}
REPLIES: dict[str, type] = {c.__name__: c for c in get_args(Reply)}


class ProtocolError(ValueError):
    """A line that is not a message of this protocol."""
