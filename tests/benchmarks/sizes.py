"""What a text of any size and alphabet is learned to with the settings that it gets by default.

    python -m tests.benchmarks.sizes --text input.txt          every text
    python -m tests.benchmarks.sizes "Chinese, 500 kB"         one of them

English is from `input.txt` (tiny Shakespeare). Chinese is made up (tests/support/chinese.py): there
is no real one here. Each is trained by one process with one BLAS thread, whose processor time is
given. results/sizes.json keeps the newest run of each; the guide's table is made from it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rnntui.cli.options import recipe_of
from rnntui.data import TokenData, load
from rnntui.data.baseline import baselines
from rnntui.recipe import Recipe
from rnntui.training.loop import fit_to_data, start, train
from tests.benchmarks import results
from tests.support import chinese

Found = dict[str, Any]
SHOWN = ("hidden", "suffix", "batch", "turns", "lr", "steps")  # of the settings


@dataclass(frozen=True)
class Text:
    """A text to learn; `content` makes it of the English one."""

    content: Callable[[bytes], bytes]
    tokenizer: str = "char"


def _chinese(length: int) -> Text:
    return Text(lambda _english: chinese.text(length).encode())


TEXTS = {
    "English, 20 kB": Text(lambda english: english[:20_000]),
    "English, 200 kB": Text(lambda english: english[:200_000]),
    "Chinese, 500 kB": _chinese(170_000),
    "Chinese, 500,000 characters": _chinese(500_000),
    "English as UTF-16, bytes": Text(
        lambda english: english[:100_000].decode().encode("utf-16"), "byte"
    ),
    "random bytes": Text(lambda _english: np.random.RandomState(0).bytes(100_000), "byte"),
}


def measure(content: bytes, tokenizer: str, **changed: str) -> Found:
    """Train on a content as `rnntui train FILE` does, in this process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text"
        path.write_bytes(content)
        asked = recipe_of(str(path), {"tokenizer": tokenizer, "workers": "1", **changed})[0]
        data = load(asked)
    assert isinstance(data, TokenData)
    recipe = fit_to_data(asked, data)[0].replace(sample_every=0)
    curve = list(_curve(recipe, data))
    simple = dict(baselines(data))
    return {
        "unit": data.unit,
        "tokens": len(data.tokens),
        "different": data.tokenizer.vocab_size,
        "settings": {key: recipe.get(key) for key in recipe.by_size},
        "simple": simple,
        "below": {name: _below(curve, loss) for name, loss in simple.items()},
        "best": min(loss for _, _, loss in curve),
        "seconds": curve[-1][0],
        "curve": curve,
    }


def _curve(recipe: Recipe, data: TokenData) -> Iterator[tuple[float, int, float]]:
    """Processor seconds, update and loss of each validation."""
    began = time.process_time()
    state = start(recipe, data)
    try:
        for chunk in train(recipe, data, state):
            if chunk.validation is not None:
                yield round(time.process_time() - began, 1), chunk.step, chunk.validation
    finally:
        state.close()


def _below(curve: list[tuple[float, int, float]], loss: float) -> float | None:
    """Seconds up to the first validation below a loss; None if there is none."""
    return next((seconds for seconds, _, found in curve if found < loss), None)


def table() -> str:
    """The results kept, as the guide shows them."""
    kept = results.read(results.SIZES)
    found = {name: kept[name] for name in TEXTS if name in kept}
    head = ["text", "to train on", "different", *SHOWN]
    head += ["unigram", "n-gram", "best", "below the unigram", "below the n-gram", "in all"]
    rows = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    rows += [f"| {' | '.join(_cells(name, one))} |" for name, one in found.items()]
    places = sorted({results.told(one) for one in found.values()})
    return "\n".join([f"On {'; '.join(places)}.", "", *rows, ""])


def _cells(name: str, one: Found) -> list[str]:
    simple = list(one["simple"].values())
    below = [one["below"][name] for name in one["simple"]]
    return [
        name,
        f"{one['tokens']:,} {one['unit']}s",
        f"{one['different']:,}",
        *(f"{one['settings'][key]}" for key in SHOWN),
        *(f"{loss:.3f}" for loss in (simple[0], simple[-1], one["best"])),
        *("–" if seconds is None else f"{seconds:.0f} s" for seconds in (below[0], below[-1])),
        f"{one['seconds']:.0f} s",
    ]


def main() -> None:
    """Measure the texts asked for, one after the other, and keep what comes out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="of texts; without any, all")
    parser.add_argument("--text", type=Path, help="the English text")
    asked = parser.parse_args()
    english = asked.text.read_bytes() if asked.text else b""
    for name in asked.names or TEXTS:
        text = TEXTS[name]
        found = measure(text.content(english), text.tokenizer)
        kept = results.read(results.SIZES)
        results.write(results.SIZES, kept | {name: {**found, **results.circumstances()}})
        print(
            name, *_cells(name, found | {"settings": found["settings"]})[1:], sep="  ", flush=True
        )


if __name__ == "__main__":
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    main()
