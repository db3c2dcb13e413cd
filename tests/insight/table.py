"""Runs with a known problem, and the finding that a teacher would want; recorded signs of some.

`python -m tests.insight.table` records the signs again, which takes about a minute.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnntui.insight.history import Facts, History
from rnntui.recipe import Recipe, load_recipe
from tests.support.diagnosis import Diagnosis, diagnose

RECORDED = Path(__file__).parent / "recorded.jsonl"
DIGITS = 3
SHORT_TEXT = 4_500  # characters


@dataclass(frozen=True)
class Case:
    """A recipe with settings, and how many updates show its finding; "" for a healthy run."""

    recipe: str
    settings: str
    updates: int
    intended: str = ""
    short: bool = False  # trains on a part of the text only

    @property
    def built(self) -> Recipe:
        recipe = load_recipe(self.recipe)
        recipe = recipe.override(dict(one.split("=", 1) for one in self.settings.split()))
        return recipe.replace(source="text:" + short_text()) if self.short else recipe


PLAIN = "layers=1 dropout=0 schedule=constant"
CASES = {
    "hello-world": Case("hello-world", "", 300, "diverging"),
    "tiny rate": Case("tales", f"cell=gru hidden=64 lr=0.00001 {PLAIN}", 500, "rate-too-low"),
    "sigmoids": Case(
        "tales",
        "cell=rnn activation=sigmoid hidden=64 layers=3 dropout=0 schedule=constant",
        500,
        "vanishing",
    ),
    "short text": Case(
        "tales",
        f"cell=gru hidden=100 batch=4 lr=0.003 eval_every=50 {PLAIN}",
        1500,
        "overfitting",
        short=True,
    ),
    "wide start": Case(
        "tales", f"cell=rnn hidden=100 init=normal init_scale=3 {PLAIN}", 300, "bad-start"
    ),
    "dead relu": Case(
        "tales", f"cell=rnn activation=relu hidden=100 lr=0.05 {PLAIN}", 700, "dead-units"
    ),
    "tight clip": Case(
        "tales",
        f"cell=gru hidden=64 optimizer=sgd lr=0.5 clip=0.005 {PLAIN}",
        300,
        "clip-too-tight",
    ),
    "one step": Case(
        "brackets",
        "cell=rnn seq_len=1 batch=32 eval_every=1000 lr=0.003",
        1500,
        "window-too-short",
    ),
    "slow sgd": Case(
        "tales", f"cell=rnn hidden=64 optimizer=sgd lr=0.01 {PLAIN}", 1000, "frequencies-only"
    ),
    "huge rate": Case("tales", f"cell=gru hidden=64 lr=0.3 {PLAIN}", 100, "diverging"),
    "raw sunspots": Case("sunspots", "standardize=false lr=0.001", 100, "unscaled-values"),
    "large for sunspots": Case("sunspots", "hidden=64 lr=0.003", 1600, "overfitting"),
    "exploding grammar": Case(
        "grammar",
        "cell=rnn hidden=64 init=normal init_scale=2.5 schedule=constant",
        300,
        "exploding",
    ),
}
HEALTHY = {
    "tales": Case("tales", "", 200),
    "tales rnn": Case("tales", f"cell=rnn {PLAIN}", 700),
    "sunspots": Case("sunspots", "", 1500),
    "brackets": Case("brackets", "", 500),
    "cured": Case("hello-world-cured", "", 1000),
    "sine": Case("sine", "", 1500),
    "i-love-ai": Case("i-love-ai", "", 4000),
}


def short_text() -> str:
    """A few paragraphs of the tales."""
    import numpy as np

    from rnntui.data import TokenData, load

    data = load(load_recipe("tales"))
    assert isinstance(data, TokenData)
    return "".join(data.tokenizer.decode(np.asarray(data.tokens[3000 : 3000 + SHORT_TEXT])))


# ---- recorded signs ---------------------------------------------------------------------------


def recorded() -> dict[str, tuple[Facts, History]]:
    """The recorded runs by name."""
    found = {}
    for row in RECORDED.read_text("utf-8").splitlines():
        line = json.loads(row)
        case = (CASES | HEALTHY)[line["name"]]
        settings = dict(one.split("=", 1) for one in case.settings.split())
        recipe = load_recipe(case.recipe).override(settings)
        simple = tuple((name, loss) for name, loss in line["facts"].pop("simple"))
        infinite = {"frequencies": float("inf")} if line["facts"]["frequencies"] is None else {}
        history = History(clip=line.pop("clip"))
        history.restore(line["history"])
        facts = Facts(**(line["facts"] | infinite), recipe=recipe, simple=simple)
        found[line["name"]] = facts, history
    return found


def _line(name: str, told: Diagnosis) -> dict[str, Any]:
    facts = {
        f.name: getattr(told.facts, f.name) for f in dataclasses.fields(Facts) if f.name != "recipe"
    }
    facts = {k: None if v == float("inf") else v for k, v in facts.items()}
    return {
        "name": name,
        "clip": told.history.clip,
        "facts": facts,
        "history": _rounded(told.history.capture()),
    }


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return {k: _rounded(v) for k, v in value.items()} if isinstance(value, dict) else value


def main() -> None:
    with RECORDED.open("w", encoding="utf-8") as file:
        for name, case in (CASES | HEALTHY).items():
            told = diagnose(case.built, case.updates)
            print(name, told.step, told.found, flush=True)
            file.write(json.dumps(_line(name, told), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
