"""What findings and views cost: their CPU time divided by that of the updates.

    python -m tests.benchmarks.insight [--rounds 3] [--seconds 3] [CONFIG …]

A session is driven in this process as the training process does it: updates, ticks every few
milliseconds, and a snapshot four times a second, encoded. Runs with each view alternate. Its clock
is the CPU time of this thread, so that other programs change neither times nor rates. What counts:
the signs, the rules, every measurement, and making and encoding the views' messages.
A first measurement may take more than its share, which is then earned back by training; a run ends
when that has been done.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import wraps
from statistics import median
from time import thread_time
from typing import Any, get_args
from unittest import mock

from rnntui.data import load
from rnntui.insight import signs
from rnntui.protocol.codec import encode
from rnntui.protocol.insight import InsightLook, View
from rnntui.protocol.messages import Look
from rnntui.recipe import Recipe, load_recipe
from rnntui.runs.opening import Opened
from rnntui.session.session import Session
from rnntui.training.loop import Chunk, start
from tests.benchmarks import results

CLOSED = "no view"
MODES = (CLOSED, *(view for view in get_args(View) if view != "watch"))
POLL_EVERY, LOOK_EVERY = 0.004, 0.25  # seconds, as the training process and the dashboard do
WARM_UP, LONGEST = 1.0, 30.0  # seconds before a measurement, and until it ends in any case
CLOCKED = "session", "findings", "views"  # modules of the session that look at the clock
LARGE: dict[str, Any] = {"cell": "lstm", "hidden": 512, "layers": 1, "batch": 64, "seq_len": 64}


@dataclass(frozen=True)
class Config:
    """A recipe with other settings."""

    recipe: str
    settings: dict[str, Any] = field(default_factory=dict)

    def load(self) -> Recipe:
        """The recipe, without an end and without validations and samples in between."""
        quiet = {"steps": 0, "epochs": 0, "seconds": 0.0, "schedule": "constant", "workers": 1}
        quiet |= {"eval_every": 0, "sample_every": 0, "final_length": 0}
        return load_recipe(self.recipe).replace(**{**quiet, **self.settings})


CONFIGS = {
    "hello-world": Config("hello-world"),
    "ramp": Config("ramp"),
    "sunspots": Config("sunspots"),
    "brackets": Config("brackets"),
    "grammar": Config("grammar"),
    "tales": Config("tales"),
    "tales, 2 workers": Config("tales", {"workers": 2}),
    "tales, 1 x lstm 512": Config("tales", LARGE),
    "tales, 1 x lstm 512, 2 workers": Config("tales", {**LARGE, "workers": 2}),
}


class Clock:
    """CPU seconds of this thread: in the updates, and in what observes them.

    Next to updates of 0.1 ms the clock itself is not nothing. `time_itself`, called once after each
    update, times it; what an update has driven out of the processor's caches is fetched before.
    """

    def __init__(self) -> None:
        self.updates = self.timed = self.aside = self._own = 0.0
        self._calls = self._own_calls = 0
        self._timed_nothing = self.counted(_nothing)

    def reset(self) -> None:
        """Start again; what is known of the clock itself stays."""
        self.updates = self.timed = self.aside = 0.0
        self._calls = 0

    @property
    def insight(self) -> float:
        """Seconds of what was counted, without those of the clock."""
        return self.timed - self._calls * self._own / max(1, self._own_calls)

    def time_itself(self) -> None:
        """Count the time of nothing; `aside` is what that takes."""
        began, before, calls = thread_time(), self.timed, self._calls
        self._timed_nothing()
        fetched = self.timed
        self._timed_nothing()
        self._own += self.timed - fetched
        self._own_calls += 1
        self._calls, self.timed = calls, before
        self.aside += thread_time() - began

    def counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its time counted as insight."""

        @wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            began = thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                self.timed += thread_time() - began
                self._calls += 1

        return timed


def _nothing() -> None:
    """What the clock itself is timed with."""


@contextmanager
def observed(session: Session, clock: Clock) -> Iterator[None]:
    """Count what a session spends on findings and views."""
    parts = {
        session.findings: ("see", "health", "due_line"),
        session.insights: ("tick", "look"),
        session.experiments: ("message",),
    }
    originals = [
        (part, name, getattr(part, name)) for part, names in parts.items() for name in names
    ]
    seen = signs._Observed.__call__
    for part, name, method in originals:
        setattr(part, name, clock.counted(method))
    see = session.findings.see

    def seen_after_the_clock(chunk: Chunk) -> None:
        clock.time_itself()
        see(chunk)

    setattr(session.findings, "see", seen_after_the_clock)  # noqa: B010
    try:
        with mock.patch.object(signs._Observed, "__call__", clock.counted(seen)):
            yield
    finally:
        for part, name, _ in originals:
            delattr(part, name)


@contextmanager
def by_cpu_time() -> Iterator[None]:
    """Let a session's clock be the CPU time of this thread."""
    with ExitStack() as patches:
        for module in CLOCKED:
            name = f"rnntui.session.{module}.monotonic"
            patches.enter_context(mock.patch(name, thread_time))
        yield


class Run:
    """A session with one view open, or none."""

    def __init__(self, recipe: Recipe, mode: str) -> None:
        self.clock, self.updates = Clock(), 0
        self._recipe = recipe
        self._look: InsightLook | None = None
        if mode != CLOSED:
            self._look = InsightLook(view=mode)  # type: ignore[arg-type]
        self._poll_due = self._look_due = 0.0

    def share(self, seconds: float) -> tuple[float, float]:
        """Insight ÷ updates in percent, and the milliseconds of CPU time of an update."""
        data = load(self._recipe)
        state = start(self._recipe, data)
        with by_cpu_time(), closing(state):
            self._session = Session(Opened(self._recipe, data, state))
            with closing(self._session), observed(self._session, self.clock):
                self._drive(WARM_UP)
                self.clock.reset()
                self.updates = 0
                self._drive(seconds)
        clock = self.clock
        return 100 * clock.insight / clock.updates, 1e3 * clock.updates / self.updates

    def _drive(self, seconds: float) -> None:
        began = thread_time()
        while (passed := thread_time() - began) < LONGEST:
            if passed >= seconds and self._earned_back:
                break
            self._update()
            now = thread_time()
            if now >= self._poll_due:
                self._poll_due = now + POLL_EVERY
                if self._look is not None and now >= self._look_due:
                    self._look_due = now + LOOK_EVERY
                    self._answer(self._look)
                self._session.tick(thread_time(), 0.0)

    @property
    def _earned_back(self) -> bool:
        return self._look is None or self._session.insights._allowance.allows

    def _update(self) -> None:
        """Make an update, even after an alert; what is observed within it does not count as its."""
        if self._session.paused:
            self._session.resume()
        clock = self.clock
        began, before = thread_time(), clock.timed + clock.aside
        self._session.update()
        clock.updates += thread_time() - began - (clock.timed + clock.aside - before)
        self.updates += 1

    def _answer(self, look: InsightLook) -> None:
        """Make and encode a snapshot; what it takes longer than without the view counts."""
        snapshot = self._session.snapshot(Look(insight=look))
        if snapshot.passage is not None:
            self._look = replace(look, passage=snapshot.passage.id)
        bare = replace(snapshot, insight=None, passage=None)
        began = thread_time()
        encode(bare)
        between = thread_time()
        encode(snapshot)
        self.clock.timed += max(0.0, thread_time() - between - (between - began))


def measure(name: str, rounds: int, seconds: float) -> dict[str, Any]:
    """Shares in percent by mode, round by round, and the time of an update."""
    recipe, times = CONFIGS[name].load(), []
    shares: dict[str, list[float]] = {mode: [] for mode in MODES}
    for _ in range(rounds):
        for mode in MODES:
            share, milliseconds = Run(recipe, mode).share(seconds)
            shares[mode].append(share)
            times.append(milliseconds)
    return {"ms": median(times), "shares": shares}


def keep(name: str, measured: dict[str, Any]) -> None:
    """Write a configuration's results beside those of the others."""
    merged = results.read(results.INSIGHT).get("configs", {}) | {name: results.rounded(measured)}
    configs = {name: merged[name] for name in CONFIGS if name in merged}
    results.write(results.INSIGHT, {**results.circumstances(), "configs": configs})


def table() -> str:
    """The shares, for the guide."""
    found = results.read(results.INSIGHT)
    rows = [
        f"| run | update | {' | '.join(MODES)} |",
        f"|---|---|{'---|' * len(MODES)}",
    ]
    for name, config in found["configs"].items():
        cells = (f"{median(config['shares'][mode]):.2f} %" for mode in MODES)
        rows.append(f"| {name} | {config['ms']:.3g} ms | {' | '.join(cells)} |")
    return f"On {results.told(found)}.\n\n" + "\n".join(rows) + "\n"


def main() -> None:
    """Measure, print and write; configurations that were not measured keep their results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("configs", nargs="*", metavar="CONFIG", help="default: all")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    arguments = parser.parse_args()
    names = arguments.configs or [*CONFIGS]
    if unknown := set(names) - set(CONFIGS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; choose from {', '.join(CONFIGS)}")
    for name in names:
        measured = measure(name, arguments.rounds, arguments.seconds)
        spreads = (f"{mode} {results.spread(v)}" for mode, v in measured["shares"].items())
        print(f"{name}: {measured['ms']:.3g} ms; {', '.join(spreads)}", flush=True)
        keep(name, measured)


if __name__ == "__main__":
    main()
