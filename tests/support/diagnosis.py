"""Train a recipe in this process and collect its findings."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass, field

from rnntui.data import baselines, load
from rnntui.insight.findings import Findings
from rnntui.insight.history import Facts, History
from rnntui.insight.signs import Meter, facts_of
from rnntui.recipe import Recipe
from rnntui.training.loop import start, train


@dataclass
class Diagnosis:
    """Findings of a run by id: where each was found, and where withdrawn (0: it was not)."""

    facts: Facts
    history: History
    found: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    step: int = 0
    loss: float = 0.0

    @property
    def ids(self) -> set[str]:
        return set(self.found)


def diagnose(recipe: Recipe, updates: int = 10**9, seconds: float = 1e9) -> Diagnosis:
    """Train for so many updates, or seconds of CPU time, and say what was found.

    Simple models are counted before training begins.
    """
    recipe = recipe.replace(workers=1, sample_every=0)
    data = load(recipe)
    state = start(recipe, data)
    history = History()
    facts = dataclasses.replace(facts_of(recipe, data, state), simple=baselines(data))
    meter, findings = Meter(facts, data, state, history), Findings()
    told = Diagnosis(facts, history)

    def judge() -> None:
        judged = findings.judge(facts, history)
        for finding in judged.found:
            told.found.setdefault(finding.id, []).append((finding.since, 0))
        for finding in judged.withdrawn:
            since, _ = told.found[finding.id][-1]
            told.found[finding.id][-1] = (since, history.step)

    judge()
    end = time.process_time() + seconds
    for chunk in train(recipe, data, state):
        told.step, told.loss = chunk.step, chunk.loss_per_token
        if meter.see(chunk):
            judge()
        if chunk.step >= updates or time.process_time() > end or chunk.response == "give up":
            break
    return told
