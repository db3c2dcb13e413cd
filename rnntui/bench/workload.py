"""The networks to measure, on random text."""

from __future__ import annotations

import numpy as np

from rnntui.data.dataset import TokenData
from rnntui.data.tokenizer import CharTokenizer
from rnntui.dataclass import dataclass
from rnntui.nn.cells import CELLS
from rnntui.recipe import Recipe

VOCAB = 65  # different characters, as in a book
_LENGTH = 200_000


@dataclass(frozen=True)
class Workload:
    """A network and its chunk: `batch` streams of `steps` time steps; Adam, clipped by norm."""

    cell: str
    batch: int
    hidden: int
    steps: int
    layers: int = 1

    @property
    def tokens(self) -> int:
        """Tokens per update."""
        return self.batch * self.steps

    @property
    def operations(self) -> int:
        """Useful multiplications and additions in the matrix products of one update.

        Forward, backward and weight gradient take 2 M N K each; the lookup of the input takes none.
        """
        gates = CELLS[self.cell].gates
        recurrent = gates * self.hidden * (2 * self.layers - 1)
        return 6 * self.tokens * self.hidden * (recurrent + VOCAB)

    def recipe(self, workers: int = 1) -> Recipe:
        """Return a recipe with that many workers, without validations and samples."""
        return Recipe().replace(
            cell=self.cell,
            hidden=self.hidden,
            layers=self.layers,
            batch=self.batch,
            seq_len=self.steps,
            optimizer="adam",
            clip=5.0,
            clip_mode="norm",
            eval_every=0,
            workers=workers,
        )


TRAINING = (
    Workload("rnn", 1, 100, 25),
    Workload("rnn", 32, 128, 50),
    Workload("gru", 32, 128, 50),
    Workload("lstm", 32, 128, 50),
    Workload("lstm", 50, 128, 50, 2),
    Workload("lstm", 64, 256, 64),
    Workload("rnn", 64, 512, 64),
    Workload("gru", 64, 512, 64),
    Workload("lstm", 64, 512, 64),
)
GENERATION = tuple(Workload(cell, 1, H, 1) for H in (128, 512) for cell in CELLS)


def random_text() -> TokenData:
    """Generate independent random tokens with frequencies like those of letters (Zipf's law)."""
    shares = 1 / np.arange(1, VOCAB + 1)
    random = np.random.RandomState(0)
    tokens = random.choice(VOCAB, _LENGTH, p=shares / shares.sum()).astype(np.uint8)
    tokenizer = CharTokenizer(tuple(chr(ord("!") + n) for n in range(VOCAB)))
    return TokenData("random text", "character", tokens, tokens[:0], tokenizer, "")
