"""What the views show besides the loss: messages of numbers, ready to be drawn.

A view is asked for with `Look.view`; the snapshot's `insight` is then the newest message of that
view. The views 2 to 4 read one passage with the live weights, so that the text stays the same while
the network changes. Positions count from 0 within the passage. Numbers that are unknown are null.
Loss is in nats per token (½ squared error for values).
"""

from __future__ import annotations

from typing import Annotated, Literal

from rnntui.dataclass import dataclass
from rnntui.protocol.base import Count, Mark, Request, Safe, Within

View = Literal["watch", "guesses", "memory", "neurons", "health", "experiments"]
Numbers = tuple[float | None, ...]


# ---- findings ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Setting:
    """A recipe key and its value, as in `--set key=value`."""

    key: Safe
    value: Safe


@dataclass(frozen=True)
class Evidence:
    """A named number that supports a finding."""

    name: Safe
    value: float | None


@dataclass(frozen=True)
class Finding:
    """A problem that the run has now. It is withdrawn as soon as its rule no longer holds.

    `fix` holds settings for a new run; empty if no setting is known to help.
    """

    id: Safe
    since: int  # the update at which it was found
    title: Safe
    short: Safe  # the evidence as one sentence
    evidence: tuple[Evidence, ...]
    advice: Safe  # what to do, as one sentence
    fix: tuple[Setting, ...] = ()
    key: Literal["", "m", "[", "]"] = ""  # the key that applies a fix to this run


# ---- the passage ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Passage:
    """The text or rows that the views read. Sent until the viewer says that it has it.

    For tokens, `tokens` are shown side by side; for values, `rows` are in the original scale.
    """

    id: int
    source: Literal["held-out", "training", "prompt"]
    first: int  # position in its source
    tokens: tuple[Safe, ...] = ()
    rows: tuple[Numbers, ...] = ()
    units: int = 0  # hidden units of a layer
    layers: int = 0
    cell: Safe = ""


@dataclass(frozen=True)
class Quantity:
    """One line of a step computed in full: a name, its formula, and the first values of it."""

    name: Safe
    formula: Safe
    size: int  # number of values; `values` holds at most the first ones
    values: Numbers


@dataclass(frozen=True)
class Details:
    """What is computed at one position, from the input to the loss and back."""

    at: int
    quantities: tuple[Quantity, ...]


# ---- guesses ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """A token that could come next, and its probability."""

    token: Safe
    probability: float


@dataclass(frozen=True)
class Kind:
    """A kind of token (or of value): its mean loss, and its share of the whole loss."""

    name: Safe
    loss: float | None
    share: float  # from 0 to 1
    count: int


@dataclass(frozen=True)
class Confusion:
    """How often `guess` was the most likely token where `true` was right."""

    true: Safe
    guess: Safe
    count: int


@dataclass(frozen=True)
class Reliability:
    """Guesses given about the same probability: the mean given, and how many came true."""

    given: float
    came_true: float
    count: int


@dataclass(frozen=True)
class Guesses:
    """What the network expects at each position of the passage, before it sees it.

    `ranked[k][i]`: the token of rank k at position i. `choices`: the most likely tokens at position
    `at` after temperature, top-k, top-p and greedy have been applied; `rest` is the probability of
    all others. `kinds`, `confusions` and `calibration` cover `measured` held-out tokens.
    """

    step: int
    passage: int
    loss: float | None
    right: float  # share of first guesses that are correct, from 0 to 1
    ranked: tuple[tuple[Safe, ...], ...]
    probability: Numbers  # of the true token, position by position
    at: int
    choices: tuple[Choice, ...]
    rest: float
    kinds: tuple[Kind, ...]
    confusions: tuple[Confusion, ...]
    calibration: tuple[Reliability, ...]
    measured: int
    details: Details | None = None


@dataclass(frozen=True)
class ValueGuesses:
    """What the network predicts for each row of the passage, in the original scale.

    `naive`: the loss of repeating the last value on the same rows. `kinds`: errors by size of the
    first value, and again by its phase (rising, falling, turning): each covers all rows.
    """

    step: int
    passage: int
    loss: float | None
    naive: float | None
    predicted: tuple[Numbers, ...]
    at: int
    kinds: tuple[Kind, ...]
    measured: int
    details: Details | None = None


# ---- memory -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Gate:
    """The share of a gate's values, over units and time steps, in three ranges."""

    name: Safe
    meaning: Safe
    closed: float  # below 0.05 (or saturated at -1 for values between -1 and 1)
    between: float
    open: float  # above 0.95


@dataclass(frozen=True)
class LayerMemory:
    """The gradient of one error by lag, as a fraction of its peak; lag 0 is the step itself.

    `reach` is the first lag after the peak at which less than 1 % is left, or if there is none, the
    number of lags measured: the window's, at most 128. Networks of many layers send fewer lags.
    """

    now: Numbers
    first: Numbers  # the same at `Memory.first_step`; empty if it was not measured
    reach: int
    first_reach: int
    gates: tuple[Gate, ...]
    saturated: float | None  # share of hidden values near their limits


@dataclass(frozen=True)
class Memory:
    """How far back the network remembers.

    `moved[i]` tells how much the prediction for position `at` changes when position i is replaced
    (tokens: mean change of log p(true), as a fraction of the largest; values: signed change of the
    predicted value of `feature`, in the original scale, when its value is raised by a tenth of its
    standard deviation); null: not measured.
    """

    step: int
    passage: int
    first_step: int
    window: int  # seq_len in time steps
    layers: tuple[LayerMemory, ...]
    at: int
    target: Safe
    probability: float | None  # of the target; for values: the predicted value
    moved: Numbers
    details: Details | None = None
    feature: int = 0  # of values: the column that was raised and predicted


# ---- neurons ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Follows:
    """The unit that follows a feature best, chosen and scored on different text.

    `r` is its correlation with the feature, `untrained` that of the best unit of random weights,
    `all_units` that of all units of the layer together. `found`: clearly better than untrained.
    """

    feature: Safe
    layer: int  # from 0
    unit: int  # from 0
    r: float
    untrained: float
    all_units: float
    found: bool


@dataclass(frozen=True)
class UnitRow:
    """A unit over the passage, one digit per position: 0 is its minimum here, 9 its maximum."""

    unit: int
    levels: Safe


@dataclass(frozen=True)
class Neurons:
    """What the hidden units do over the passage.

    `activation` is the value of unit `unit` of layer `layer` at each position, from `low` to
    `high` at the limits of the cell's activation. `ranked_at`: update at which `follows` was
    measured, on `measured` tokens (held-out ones, unless there are few).
    """

    step: int
    passage: int
    layer: int
    unit: int
    low: float
    high: float
    activation: Numbers
    heat: tuple[UnitRow, ...]
    follows: tuple[Follows, ...]
    ranked_at: int
    measured: int
    details: Details | None = None


# ---- health -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sign:
    """A number that is measured throughout a run.

    `bins` are means over equal parts of the run so far, the newest last. `usual` and `meaning` are
    for a reader; `unusual`: outside of what healthy runs show.
    """

    id: Safe
    name: Safe
    now: Safe  # with its unit
    bins: Numbers
    usual: Safe
    meaning: Safe
    unusual: bool = False


@dataclass(frozen=True)
class Tensor:
    """A parameter tensor in the last measured update."""

    name: Safe
    meaning: Safe
    gradient: float | None  # norm, before clipping
    update: float | None  # rms(Δw) ÷ rms(w)


@dataclass(frozen=True)
class GradientCheck:
    """The gradient compared with finite differences."""

    step: int
    passed: bool
    text: Safe


@dataclass(frozen=True)
class Health:
    """The signs of a run, and what the rules looked for without finding it."""

    step: int
    signs: tuple[Sign, ...]
    tensors: tuple[Tensor, ...]
    absent: tuple[Safe, ...]  # short names of the rules that found nothing
    dismissed: tuple[Safe, ...]  # ids
    check: GradientCheck | None = None


# ---- experiments ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lane:
    """One network of a race; `name` is its value of `Race.key`."""

    name: Safe
    tokens: Numbers  # processed so far, at each point
    loss: Numbers  # validation loss at each point
    updates: int
    seconds: float
    correct: Numbers  # share of correct closings by distance; empty without brackets


@dataclass(frozen=True)
class Race:
    """Networks with the same seed, data and settings but for one setting."""

    key: Safe  # the setting that differs
    total: int  # tokens that each processes
    lanes: tuple[Lane, ...]
    distances: tuple[Safe, ...]  # labels of `Lane.correct`
    chance: float | None  # share of correct closings by guessing
    floor: float | None
    running: bool


@dataclass(frozen=True)
class RateTest:
    """The loss while the learning rate rises, update by update."""

    rates: Numbers
    losses: Numbers
    now: float  # the run's learning rate
    best: float | None  # where the loss falls fastest; null until known
    least_diverging: float | None
    running: bool
    stopped: bool = False  # before it had found out what it was made for


@dataclass(frozen=True)
class Experiments:
    """The experiments of this view, with their results so far."""

    step: int
    race: Race | None = None
    rate_test: RateTest | None = None
    runs: tuple[Safe, ...] = ()  # new runs started from here
    activity: Safe = ""  # what is running now


Insight = Guesses | ValueGuesses | Memory | Neurons | Health | Experiments


# ---- requests ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class NextPassage(Request):
    """Read another held-out passage; `text`: read this text instead."""

    does = "choosing a passage"

    text: Annotated[str, Within(0, 2000)] = ""


@dataclass(frozen=True)
class StartRace(Request):
    """Pause, and train one network per value of `seq_len` on `tokens` tokens each."""

    does = "starting a race"

    seq_lens: tuple[Count, ...] = ()  # empty: 1, a quarter of the window, the window
    tokens: Annotated[int, Within(0, 2**31)] = 0  # 0: as many as take a few seconds


@dataclass(frozen=True)
class StartRateTest(Request):
    """Pause, raise the learning rate over some updates, and restore the weights."""

    does = "testing learning rates"


@dataclass(frozen=True)
class StopExperiments(Request):
    """Stop the experiment in progress; its results so far stay."""

    does = "stopping an experiment"


@dataclass(frozen=True)
class CheckGradients(Request):
    """Compare the gradient with finite differences."""

    does = "checking gradients"


@dataclass(frozen=True)
class Dismiss(Request):
    """Hide a finding for the rest of this run."""

    does = "hiding a finding"

    finding: Annotated[str, Within(1, 40)]


@dataclass(frozen=True)
class Again(Request):
    """Start a new run beside this one with changed settings."""

    does = "starting a new run"

    changes: tuple[Setting, ...]
    name: Annotated[str, Within(0, 80)] = ""


@dataclass(frozen=True)
class InsightLook:
    """Which view a viewer shows, and what is selected there."""

    view: View = "watch"
    passage: Mark = 0  # id of the passage the viewer has
    at: Annotated[int, Within(-1, 4096)] = -1  # position; -1: the last one
    layer: Annotated[int, Within(-1, 63)] = -1  # -1: the top one
    unit: Annotated[int, Within(-1, 65536)] = -1  # -1: the best one found
    feature: Annotated[int, Within(0, 65536)] = 0  # of values
    details: bool = False
