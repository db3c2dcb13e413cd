"""One of the runs that are compared."""

from __future__ import annotations

import math
from dataclasses import field
from functools import cached_property
from pathlib import Path

from rnntui.dataclass import dataclass
from rnntui.recipe import keys
from rnntui.runs.curve_cache import Facts
from rnntui.runs.differing import Settings, effective
from rnntui.runs.listing import settings_of
from rnntui.runs.store.curve import Curve, Point
from rnntui.runs.store.directory import open_run
from rnntui.runs.store.summary import RunSummary
from rnntui.runs.stored_recipe import stored_recipe


@dataclass(frozen=True)
class Recorded:
    """What a run's files say once and for all: its settings, and what its losses were taken on."""

    settings: Settings = field(default_factory=dict)
    source: str = ""  # its name; raw
    source_sha256: str = ""  # of the tokens or values in training and validation

    @cached_property
    def effective(self) -> Settings:
        """The settings that have an effect."""
        return effective(self.settings)

    @classmethod
    def from_facts(cls, facts: Facts | None) -> Recorded:
        """Return what was kept as plain values, or nothing."""
        if not facts or {*facts["settings"]} != {leaf.name for leaf in keys()}:
            return cls()  # this version has other keys
        return cls(facts["settings"], facts["source"], facts["source_sha256"])

    def facts(self) -> Facts:
        """Return it as plain values, to be kept."""
        return {
            "settings": dict(self.settings),
            "source": self.source,
            "source_sha256": self.source_sha256,
        }


def read_recorded(path: Path) -> Recorded:
    """Read it. Raises DataError, RunError or UsageError."""
    info, recipe = open_run(path).info, stored_recipe(path)
    return Recorded(settings_of(recipe), info.source, info.source_sha256)


@dataclass(frozen=True, eq=False)
class ComparedRun:
    """A run as it is now. `reading`: more of its losses are still to be read.

    A run that cannot be read has no settings, and its `problem` says why.
    """

    summary: RunSummary
    recorded: Recorded = Recorded()
    curve: Curve = field(default_factory=Curve)
    reading: bool = False
    label: str = ""  # a state to show in place of the run's own
    problem: str = ""  # safe

    @property
    def name(self) -> str:
        """Its name; raw."""
        return self.summary.name

    @property
    def path(self) -> Path:
        """Its directory."""
        return self.summary.path

    @property
    def state(self) -> str:
        """What it does, or how it ended."""
        return self.label or self.summary.state

    @property
    def readable(self) -> bool:
        """Whether its settings are known."""
        return bool(self.recorded.settings)

    @cached_property
    def best(self) -> Point | None:
        """Its best validation; if nothing is held out, its lowest smoothed training loss.

        While it is being read, only the loss may be known, and the update is 0.
        """
        if self.reading and self.summary.best is not None:
            return Point(0, 0.0, self.summary.best)
        return self.curve.lowest

    @property
    def best_loss(self) -> float | None:
        """The loss of `best`."""
        return self.best.loss if self.best else None

    @property
    def update(self) -> int:
        """Its last update."""
        return max(self.summary.step, self.curve.update)

    @property
    def seconds(self) -> float | None:
        """How long it was trained."""
        return self.curve.seconds or None

    @property
    def speed(self) -> float | None:
        """Tokens per second: of a live run now, otherwise on average."""
        if self.summary.live and self.summary.tokens_per_second:
            return self.summary.tokens_per_second
        tokens = self.curve.update * self.curve.tokens_per_update
        return tokens / self.curve.seconds if tokens and self.curve.seconds else None

    @property
    def baseline(self) -> float | None:
        """The validation loss of the best simple method, if known."""
        return self.summary.baseline

    @property
    def ratio(self) -> float | None:
        """The best loss as a multiple of the baseline; known only for validation losses."""
        if self.best_loss is None or not self.baseline or not self.curve.validated:
            return None
        ratio = self.best_loss / self.baseline
        return ratio if math.isfinite(ratio) else None


def tokens_per_update(settings: Settings) -> int:
    """Return the tokens or time steps of an update; 0 where the data determine them."""
    batch, length = settings.get("batch"), settings.get("seq_len")
    if type(batch) is int and type(length) is int:
        return max(0, batch * length)
    return 0
