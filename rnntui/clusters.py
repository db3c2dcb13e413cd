"""The clusters of an adaptive softmax: frequent tokens apart from rare ones (Grave et al. 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from rnntui.dataclass import dataclass

SHARES = (0.8, 0.95)  # of the training tokens, that those up to the end of a cluster make up


@dataclass(frozen=True)
class Clusters:
    """The vocabulary by falling frequency, cut into a head and tails.

    The head is order[:cutoffs[0]], the first tail order[cutoffs[0]:cutoffs[1]], and so on; the last
    tail ends with the vocabulary. Without cutoffs, the head is the whole vocabulary.
    """

    order: tuple[int, ...]
    cutoffs: tuple[int, ...]

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """Begin and end in `order`: of the head, then of each tail."""
        return tuple(pairwise((0, *self.cutoffs, len(self.order))))

    def check(self, vocab: int) -> None:
        """Raise ValueError unless these are clusters of a vocabulary of that size."""
        bounds = (0, *self.cutoffs, vocab)
        if sorted(self.order) != list(range(vocab)):
            raise ValueError("order")
        if any(begin >= end for begin, end in pairwise(bounds)):
            raise ValueError("cutoffs")


def choose_clusters(counts: Sequence[int]) -> Clusters:
    """Clusters from how often each token occurs in the training data.

    Tokens are sorted by falling count, equals by their number. The head takes the first ones that
    together are 80 % of all occurrences, the first tail those up to 95 %, the second the rest; a
    cluster without tokens is left out.
    """
    order = sorted(range(len(counts)), key=lambda token: (-counts[token], token))
    sums = list(accumulate(counts[token] for token in order))
    cutoffs = {
        1 + next(n for n, total in enumerate(sums) if total >= share * sums[-1]) for share in SHARES
    }
    return Clusters(tuple(order), tuple(sorted(cut for cut in cutoffs if cut < len(order))))
