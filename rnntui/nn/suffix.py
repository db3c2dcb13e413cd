"""The suffix table: a row of logits for the longest frequent suffix of what was read.

The rows are added to the outputs of a network of tokens:

    y_t = W_y h_t + b_y + S[s_t]        s_t = next(s_t-1, x_t)

`next` is the automaton of Aho and Corasick (1975) for the sequences of `Suffixes`: s_t is the
longest of them that the tokens up to x_t end with. An update changes only the rows it has read, by
Adagrad (Duchi et al. 2011) with one rate for all of a row. After its gradients g_1 to g_n:

    S[s] -= rate g_n / sqrt(|g_1|² + … + |g_n|² + c)
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from rnntui.nn.kernels.layout import Array, aligned
from rnntui.suffixes import Suffixes

RATE = 0.4  # where the network has its recipe's rate; it falls as that one does
_FLOOR = 0.16  # c, for the gradient of a summed loss
_FEW = 2  # occurrences of a row in a chunk, on average, that are added one by one


@lru_cache(maxsize=4)
def automaton(suffixes: Suffixes, vocab: int) -> Array:
    """`next` (suffixes, V): the number of the longest suffix after one more token."""
    parents, tokens = (np.array(one, np.intp) for one in (suffixes.parents, suffixes.tokens))
    table = np.zeros((suffixes.count, vocab), _numbers(suffixes.count))
    shorter = np.zeros(suffixes.count, np.intp)  # the longest of its suffixes but itself
    begin, end = 0, 1  # the numbers of sequences of one length
    while begin < end:
        table[begin:end] = table[shorter[begin:end]]
        own = np.flatnonzero((parents >= begin) & (parents < end))
        at = parents[own], tokens[own]
        shorter[own + 1] = table[at]
        table[at] = own + 1
        begin, end = end, end + len(own)
    return table


def _numbers(count: int) -> type[np.unsignedinteger[Any]]:
    """The type of as many suffixes' numbers: narrow ones are fetched and sorted faster."""
    return np.uint16 if count <= 65_536 else np.uint32


class SuffixRows:
    """The rows that a chunk of T steps of B streams reads from a table (suffixes, V).

    After `read`, `numbers` (T, B) are those of the suffixes and `logits` (T * B, V) their rows;
    after the network's `backward`, `gradient` (T * B, V) is that of the logits.
    """

    gradient: Array

    def __init__(self, suffixes: Suffixes, table: Array, steps: int, batch: int) -> None:
        self._table, self._width = table, table.shape[1]
        self._next = automaton(suffixes, self._width).reshape(-1)
        self._longest = suffixes.longest
        self.numbers = np.zeros((steps, batch), self._next.dtype)
        self.logits = aligned((steps * batch, self._width), table.dtype)
        self._at = np.zeros((steps, batch), np.intp)

    def read(self, tokens: Array, before: Array) -> None:
        """Follow tokens (T * B,) from the suffixes numbered `before` (B,).

        All steps at once: a suffix is known from the last tokens, as many as the longest one has,
        or from `before` and those of the chunk where these are fewer.
        """
        x, numbers, steps = tokens.reshape(self.numbers.shape), self.numbers, len(self.numbers)
        numbers.fill(0)
        numbers[: self._longest - 1] = before
        for back in range(min(self._longest, steps) - 1, -1, -1):
            at, those = self._at[back:], numbers[back:]
            np.multiply(those, self._width, at, dtype=np.intp)
            np.add(at, x[: steps - back], at)
            self._next.take(at, None, those, "clip")
        self._table.take(numbers.reshape(-1), 0, self.logits, "clip")


class SuffixSteps:
    """The suffix read by a network that takes one token after another, or K of them at a time."""

    def __init__(self, suffixes: Suffixes, table: Array, number: Array) -> None:
        """`number`, () or (K,), is where the suffix's number is kept between two tokens."""
        self._table, self._number = table, number
        self._next = automaton(suffixes, table.shape[1])

    def advance(self, x: int | Array) -> None:
        """Take one token, or K of them."""
        self._number[...] = self._next[self._number.astype(np.intp), x]

    def add_to(self, outputs: Array) -> None:
        """Add the rows to outputs (V,) or (K, V)."""
        np.add(outputs, self._table[self._number.astype(np.intp)], outputs)


def row_gradients(numbers: Array, gradient: Array, out: Array | None = None) -> tuple[Array, Array]:
    """The rows that numbers (N,) name, rising, and the sum of each one's gradients (N, V).

    The sums are put into `out`, at least as large as the gradients, if it is given.
    """
    order = np.argsort(numbers, kind="stable")
    ranked = numbers[order]
    first = np.empty(len(ranked), bool)
    first[0] = True
    np.not_equal(ranked[1:], ranked[:-1], first[1:])
    starts = np.flatnonzero(first)
    rows = ranked[starts]
    sums = np.empty_like(gradient[: len(rows)]) if out is None else out[: len(rows)]
    if len(ranked) > _FEW * len(rows):
        return rows, np.add.reduceat(gradient[order], starts, axis=0, out=sums)
    gradient.take(order[starts], 0, sums, "clip")
    again = np.flatnonzero(~first)
    np.add.at(sums, np.searchsorted(starts, again) - 1, gradient[order[again]])
    return rows, sums


class RowUpdate:
    """Adagrad on the rows of a table (suffixes, V) that a chunk has read.

    `squares` (suffixes,) are the sums of squared norms of their gradients, zeros at first.
    """

    def __init__(self, table: Array, squares: Array, loss_weight: float, most: int) -> None:
        """`loss_weight` is that of each place of a chunk in the loss, `most` their number."""
        self._table, self._squares = table, squares
        self._floor = table.dtype.type(_FLOOR * loss_weight**2)
        self._sums = aligned((most, table.shape[1]), table.dtype)
        self._new = aligned((most, table.shape[1]), table.dtype)

    def step(self, numbers: Array, gradient: Array, rate: float) -> Array:
        """Update the rows of numbers (N,), whose logits have the gradient (N, V); return them."""
        rows, sums = row_gradients(numbers, gradient, self._sums)
        squares = self._squares.take(rows)
        np.add(squares, np.einsum("nv,nv->n", sums, sums), squares)
        self._squares[rows] = squares
        scale = rate / np.sqrt(squares + self._floor)
        np.multiply(sums, scale[:, None], sums)
        new = self._table.take(rows, 0, self._new[: len(rows)], "clip")
        np.subtract(new, sums, new)
        self._table[rows] = new
        return rows
