"""Settings by the size of a text and of its alphabet: those of `rnntui train FILE`.

`choose` is the only place with this rule. It sets the `KEYS` of a recipe that asks for it
(`Recipe.by_size`), except those that the user chose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnntui.dataclass import dataclass
from rnntui.recipe.rules import Value

if TYPE_CHECKING:
    from rnntui.recipe import Recipe

KEYS = (
    "hidden", "dropout", "output", "suffix", "optimizer", "weight_decay", "lr", "warmup",
    "seq_len", "batch", "turns", "steps",
)  # fmt: skip
MANY = 1000  # different symbols, from which on an alphabet is a large one
USUAL, HIDDEN = 130_000, 128  # units for up to that many tokens; for more, by the cube root
MOST_HIDDEN = 256
LEAST_BATCH, MOST_BATCH, PASS = 16, 64, 8192  # a pass has at least PASS // 32 updates, if possible
PASSES, RICH_PASSES = 25, 9  # over the text, before it is remembered more than it is learned
MOST_SEEN, LEAST_STEPS = 12_800_000, 1000  # tokens: about five minutes on two cores; updates
LARGE = 400_000  # tokens, from which on less dropout is enough for a small alphabet
MOST_TURNS, LEAST_CHUNKS = 32, 20  # chunks of a stream that takes turns
SUFFIX = 5  # tokens of the longest one
SUFFIX_FROM, SUFFIX_UP_TO = 100_000, 4_000_000  # tokens: less is remembered, more takes memory
WARMUP = 100
# Keys that the user's choice of another one settles too: these then stay as they are.
_TIED = {
    "optimizer": ("weight_decay", "lr"),
    "epochs": ("steps",),
    "seconds": ("steps",),
    "layers": ("dropout",),
    "seq_len": ("turns",),
    "suffix": ("output",),
    "output": ("suffix",),
}


@dataclass(frozen=True)
class Size:
    """How many tokens there are to train on, how many different ones, and what one is called."""

    tokens: int
    different: int
    unit: str


def choose(recipe: Recipe, size: Size) -> tuple[Recipe, tuple[str, ...]]:
    """Return the recipe with settings for a text of that size, and a note if they are others.

    The keys that the user chose stay, and so do those that mean something else with them.
    """
    taken = set(recipe.chosen).union(*(_TIED.get(key, ()) for key in recipe.chosen))
    every = {key: value for key, value in settings(size).items() if key in recipe.by_size}
    found = {key: value for key, value in every.items() if key not in taken}
    sized = recipe.replace(**found)
    if "warmup" in found and sized.train.steps:
        found["warmup"] = min(WARMUP, sized.train.steps // 20)
    found = {key: value for key, value in found.items() if value != recipe.get(key)}
    if not found:
        return recipe, ()
    listed = ", ".join(f"{key}={value}" for key, value in found.items())
    why = f"for {size.tokens:,} {size.unit}s to train on, {size.different:,} different"
    return recipe.replace(**found), (f"{listed}: {why}",)


def settings(size: Size) -> dict[str, Value]:
    """The settings for a text of that size: a minute or two on two cores, for 1 MB about five.

    Where thousands of symbols share a text, each is rare: the network remembers where it stood long
    before it knows how it is used. So it gets fewer passes, and an output layer that spends
    little on rare symbols.
    """
    rich = size.different >= MANY
    hidden = HIDDEN * max(1.0, size.tokens / USUAL) ** (1 / 3) * (2 if rich else 1)
    batch = _power_of_two(size.tokens // (PASS // 2 if rich else PASS))
    seq_len = 50 if batch == MOST_BATCH else 32
    seen = min(PASSES * size.tokens, MOST_SEEN) * (RICH_PASSES / PASSES if rich else 1)
    return {
        "hidden": min(16 * round(hidden / 16), MOST_HIDDEN),
        "dropout": 0.5 if rich or size.tokens < LARGE else 0.35,
        "output": "adaptive" if rich else "full",
        "suffix": SUFFIX if SUFFIX_FROM <= size.tokens <= SUFFIX_UP_TO and not rich else 0,
        "optimizer": "adamw",
        "weight_decay": 0.05,
        "lr": 0.006 if batch == MOST_BATCH else 0.004,
        "warmup": WARMUP,
        "seq_len": seq_len,
        "batch": batch,
        "turns": min(max(1, size.tokens // (batch * seq_len * LEAST_CHUNKS)), MOST_TURNS),
        "steps": max(LEAST_STEPS, 100 * round(seen / (100 * batch * seq_len))),
    }


def _power_of_two(most: int) -> int:
    """The greatest one up to `most`, within the limits of a batch."""
    return min(max(LEAST_BATCH, 1 << max(0, most.bit_length() - 1)), MOST_BATCH)
