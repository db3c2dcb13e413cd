"""A source cut into parallel streams, read chunk by chunk by a cursor that resumes exactly."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from rnntui.data.mapped import Pages
from rnntui.errors import DataError
from rnntui.recipe import Recipe
from rnntui.recipe.defaults import fit_to_size
from rnntui.recipe.sizing import Size

MOST_TRIED = 1000  # chunk lengths, to find one that leaves less out
MOST_MAPPED = 64 << 20  # bytes of a mapped file that may be in memory before they are given back
FAULT = 1 << 18  # bytes that the kernel maps where a byte is read; Linux was seen to map 170 kB


class Batch(NamedTuple):
    """One chunk of every stream: `targets` is what follows each of `inputs`.

    Both are (T, B) for tokens and (T, B, D) for values: read-only views of the data. `turn` is the
    set of streams that they are from.
    """

    inputs: NDArray[Any]
    targets: NDArray[Any]
    epoch: int
    starts_epoch: bool
    ends_epoch: bool
    turn: int = 0


class Stream:
    """`batch` parallel streams of `data`, read `seq_len` steps at a time, again and again.

    Of N tokens, stream b reads S = (N - 1) // batch, from b * S on, and predicts the next of each.
    An epoch is the S // T full chunks of each stream; what is left over at a stream's end is less
    than a chunk. Raises DataError if there is not even one.

    With `turns` there are turns * batch streams, and a chunk holds every turns-th of them: first
    streams 0, turns, 2 * turns …, then 1, turns + 1 … After `turns` chunks, all have advanced by T
    steps. Consecutive chunks are then of different passages.
    """

    def __init__(self, data: NDArray[Any], batch: int, seq_len: int | str, turns: int = 1) -> None:
        check_length(len(data), batch, seq_len, turns=turns)
        streams = batch * turns
        self._size = size = (len(data) - 1) // streams
        self.batch, self.turns = batch, turns
        self.steps = size if isinstance(seq_len, str) else seq_len
        self.chunks_per_epoch = size // self.steps * turns
        self._epoch = 0
        self._chunk = 0
        # Row s holds step s of every stream, and row S what follows: a chunk is then one slice.
        # Nothing is copied: stream b is b * S further on, and its row S is the next one's row 0.
        step, *within = data.strides
        self._rows = as_strided(
            data,
            shape=(size + 1, streams, *data.shape[1:]),
            strides=(step, size * step, *within),
            writeable=False,
        )
        self._pages = Pages.of(data)
        self._mapped = 0  # bytes since pages were given back

    def next(self) -> Batch:
        """Return the chunk at the cursor and advance the cursor."""
        block, turn = divmod(self._chunk, self.turns)
        start, members = block * self.steps, slice(turn, None, self.turns)
        end = start + self.steps
        last = self._chunk + 1 == self.chunks_per_epoch
        chunk = Batch(
            inputs=self._rows[start:end, members],
            targets=self._rows[start + 1 : end + 1, members],
            epoch=self._epoch,
            starts_epoch=self._chunk == 0,
            ends_epoch=last,
            turn=turn,
        )
        self._epoch, self._chunk = (self._epoch + 1, 0) if last else (self._epoch, self._chunk + 1)
        if self._pages is not None:
            self._mapped += max(chunk.inputs.nbytes, self.batch * FAULT)
            if self._mapped > MOST_MAPPED:
                self._pages.give_back()
                self._mapped = 0
        return chunk

    @property
    def chunk(self) -> int:
        """The number of the last chunk within its pass, from 0."""
        return (self._chunk - 1) % self.chunks_per_epoch

    @property
    def start(self) -> int:
        """The place in the data at which the first stream of the last chunk begins."""
        block, turn = divmod(self.chunk, self.turns)
        return turn * self._size + block * self.steps

    @property
    def position(self) -> tuple[int, int]:
        """The cursor: epoch and chunk that `next` will return."""
        return self._epoch, self._chunk

    def restore(self, position: tuple[int, int]) -> None:
        """Move the cursor to a position. Raises ValueError for one that does not exist here."""
        epoch, chunk = position
        if epoch < 0 or not 0 <= chunk < self.chunks_per_epoch:
            raise ValueError(f"no chunk {chunk} in an epoch of {self.chunks_per_epoch}")
        self._epoch, self._chunk = epoch, chunk


def fitting(recipe: Recipe, size: Size) -> Recipe:
    """The recipe with which data of that size fill at least one chunk.

    Raises DataError where neither batch nor seq_len may give way.
    """
    fitted = fit_to_size(recipe, size)[0]
    train = fitted.train
    check_length(size.tokens, train.batch, train.seq_len, size.unit, train.turns)
    return fitted


def check_length(
    have: int, batch: int, seq_len: int | str, unit: str = "token", turns: int = 1
) -> None:
    """Raise DataError, with a setting that works, if `have` tokens do not fill one chunk."""
    steps = 1 if isinstance(seq_len, str) else seq_len
    need = batch * turns * steps + 1
    if have >= need:
        return
    count = f"{have:,} {unit}" + ("" if have == 1 else "s")
    if have < 2:
        raise DataError(f"too short: have {count} to train on, need at least 2")
    in_turn = f"turns {turns} × " if turns > 1 else ""
    why = f"batch {batch} × {in_turn}seq_len {seq_len} + 1"
    if turns > 1 and have > batch * steps:
        hint = f"--set turns={(have - 1) // (batch * steps)}"
    elif have > steps:
        hint = f"--set batch={(have - 1) // steps}"
    elif batch == 1:
        hint = f"--set seq_len={have - 1}"
    else:
        hint = f"--set batch=1 --set seq_len={have - 1}"
    if turns > 1 and "turns" not in hint:
        hint += " --set turns=1"
    raise DataError(f"too short: have {count} to train on, need {need:,} ({why})", f"{hint} works")


def unused_note(
    have: int, streams: int, seq_len: int | str, unit: str, period: int = 0
) -> tuple[str, ...]:
    """A note if some of `have` tokens are never trained on, with a chunk length that uses more.

    The data must fill a chunk, as `check_length` checks. Of data that repeat themselves after
    `period` tokens nothing is lost if a stream is longer than that.
    """
    size = (have - 1) // streams
    steps = size if isinstance(seq_len, str) else seq_len
    left = _left_over(have, streams, steps)
    if not left or 0 < period <= size // steps * steps:
        return ()
    plural = "" if left == 1 else "s"
    last = "the newest ones" if unit == "row" else "the last ones"
    where = last if streams == 1 else f"the ends of {streams:,} streams"
    share = f"{100 * left / have:.2g} %"
    note = f"left out of training: {left:,} {unit}{plural} ({share}), {where}"
    shorter = range(steps - 1, max(steps // 2, steps - MOST_TRIED, 1) - 1, -1)
    best = min(shorter, key=lambda fewer: _left_over(have, streams, fewer), default=steps)
    fewer = _left_over(have, streams, best)
    if fewer < left:
        note += f"; --set seq_len={best} leaves out {f'{fewer:,}' if fewer else 'none'}"
    return (note,)


def _left_over(have: int, streams: int, steps: int) -> int:
    """How many of `have` tokens are an input of no chunk, although another token follows."""
    return have - 1 - (have - 1) // streams // steps * steps * streams
