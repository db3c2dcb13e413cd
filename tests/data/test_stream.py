"""Streams: every full chunk once an epoch, targets one ahead, and a cursor that resumes exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rnntui.data import load
from rnntui.data.stream import Stream, check_length, unused_note
from rnntui.errors import DataError
from rnntui.recipe import Recipe

shapes = st.tuples(st.integers(2, 400), st.integers(1, 12), st.integers(1, 30)).filter(
    lambda s: s[0] > s[1] * s[2]
)


@settings(deadline=None)
@given(shapes, st.sampled_from([0, 1, 3]))
def test_an_epoch_covers_the_source(shape: tuple[int, int, int], features: int) -> None:
    count, batch, steps = shape
    data = np.arange(count)
    if features:
        data = np.stack([data] * features, axis=1)
    stream = Stream(data, batch, steps)
    size = (count - 1) // batch
    assert stream.chunks_per_epoch == size // steps
    for epoch in range(2):
        seen = []
        for chunk in range(stream.chunks_per_epoch):
            got = stream.next()
            assert got.inputs.shape == (steps, batch, *data.shape[1:])
            assert np.array_equal(got.targets, got.inputs + 1)
            assert got.epoch == epoch
            assert got.starts_epoch == (chunk == 0)
            assert got.ends_epoch == (chunk == stream.chunks_per_epoch - 1)
            seen.append(got.inputs)
        read = np.concatenate(seen)
        read = read[..., 0] if features else read
        used = stream.chunks_per_epoch * steps
        for b in range(batch):
            assert read[:, b].tolist() == list(range(b * size, b * size + used))


@settings(deadline=None)
@given(shapes, st.integers(0, 40), st.integers(1, 40), st.integers(1, 4))
def test_a_restored_cursor_goes_on_as_if_nothing_had_happened(
    shape: tuple[int, int, int], before: int, after: int, turns: int
) -> None:
    count, batch, steps = shape[0] * turns, *shape[1:]
    first, second = (Stream(np.arange(count), batch, steps, turns) for _ in range(2))
    for _ in range(before):
        first.next()
    second.restore(first.position)
    for _ in range(after):
        a, b = first.next(), second.next()
        assert np.array_equal(a.inputs, b.inputs)
        assert (a.epoch, a.starts_epoch, a.ends_epoch) == (b.epoch, b.starts_epoch, b.ends_epoch)
        assert a.turn == b.turn


@settings(deadline=None)
@given(shapes, st.integers(2, 5), st.sampled_from([0, 2]))
def test_sets_of_streams_take_turns(shape: tuple[int, int, int], turns: int, features: int) -> None:
    count, batch, steps = shape[0] * turns, *shape[1:]
    data = np.arange(count)
    if features:
        data = np.stack([data] * features, axis=1)
    stream, all_streams = Stream(data, batch, steps, turns), Stream(data, batch * turns, steps)
    assert stream.chunks_per_epoch == all_streams.chunks_per_epoch * turns
    for number in range(all_streams.chunks_per_epoch + 1):
        whole = all_streams.next()
        for turn in range(turns):
            got = stream.next()
            assert got.turn == turn and got.epoch == whole.epoch
            assert np.array_equal(got.inputs, whole.inputs[:, turn::turns])
            assert np.array_equal(got.targets, got.inputs + 1)
            assert stream.start == got.inputs[0, 0].flat[0]
            assert stream.chunk == (number * turns + turn) % stream.chunks_per_epoch
            assert got.starts_epoch == (whole.starts_epoch and turn == 0)
            assert got.ends_epoch == (whole.ends_epoch and turn == turns - 1)


def test_a_full_sequence_is_one_chunk() -> None:
    stream = Stream(np.arange(11), 2, "full")
    assert (stream.steps, stream.chunks_per_epoch) == (5, 1)
    assert stream.next().inputs.T.tolist() == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]
    assert stream.next().epoch == 1


def test_a_chunk_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        Stream(np.arange(11), 2, 5).next().inputs[0] = 1


@pytest.mark.parametrize(
    "data", [np.arange(101, dtype=np.uint8), np.arange(404.0).reshape(101, 4), np.arange(303)[1::3]]
)
def test_the_data_are_read_where_they_stand(data: np.ndarray) -> None:
    stream = Stream(data, 3, 7)
    for _ in range(2 * stream.chunks_per_epoch):
        chunk = stream.next()
        assert np.shares_memory(chunk.inputs, data)
        assert np.shares_memory(chunk.targets, data)


@pytest.mark.parametrize("position", [(0, 5), (0, -1), (-1, 0)])
def test_a_position_that_does_not_exist(position: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no chunk"):
        Stream(np.arange(11), 2, 1).restore(position)


@pytest.mark.parametrize(
    ("have", "batch", "seq_len", "line"),
    [
        (
            0,
            1,
            1,
            "too short: have 0 characters to train on, need at least 2",
        ),
        (
            1,
            1,
            "full",
            "too short: have 1 character to train on, need at least 2",
        ),
        (
            10,
            1,
            50,
            "too short: have 10 characters to train on, need 51 (batch 1 × seq_len 50 + 1):"
            " --set seq_len=9 works",
        ),
        (
            10,
            16,
            50,
            "too short: have 10 characters to train on, need 801 (batch 16 × seq_len 50 + 1):"
            " --set batch=1 --set seq_len=9 works",
        ),
        (
            500,
            16,
            50,
            "too short: have 500 characters to train on, need 801 (batch 16 × seq_len 50 + 1):"
            " --set batch=9 works",
        ),
        (
            5,
            8,
            "full",
            "too short: have 5 characters to train on, need 9 (batch 8 × seq_len full + 1):"
            " --set batch=4 works",
        ),
    ],
)
def test_too_short(have: int, batch: int, seq_len: int | str, line: str) -> None:
    with pytest.raises(DataError) as caught:
        check_length(have, batch, seq_len, "character")
    assert str(caught.value) == line


def test_too_short_for_so_many_streams() -> None:
    line = "too short: have 500 characters to train on, need 1,601 (batch 16 × turns 4 × seq_len 25"
    with pytest.raises(DataError) as caught:
        check_length(500, 16, 25, "character", turns=4)
    assert str(caught.value) == f"{line} + 1): --set turns=1 works"


@settings(deadline=None)
@given(
    st.integers(2, 2000),
    st.integers(1, 60),
    st.one_of(st.integers(1, 90), st.just("full")),
    st.integers(1, 5),
)
def test_the_setting_that_the_error_names_works(
    have: int, batch: int, seq_len: int | str, turns: int
) -> None:
    try:
        check_length(have, batch, seq_len, turns=turns)
    except DataError as error:
        for word in str(error).split():
            name, _, value = word.partition("=")
            if name == "batch":
                batch = int(value)
            elif name == "seq_len" and value:
                seq_len = int(value)
            elif name == "turns" and value:
                turns = int(value)
    assert Stream(np.zeros(have), batch, seq_len, turns).chunks_per_epoch >= 1


@settings(deadline=None)
@given(
    st.integers(2, 600),
    st.integers(1, 20),
    st.one_of(st.integers(1, 90), st.just("full")),
)
def test_the_note_counts_what_is_never_read(have: int, batch: int, seq_len: int | str) -> None:
    assume(have > batch * (1 if isinstance(seq_len, str) else seq_len))
    unread = never_read(have, batch, seq_len)
    notes = unused_note(have, batch, seq_len, "token")
    assert bool(notes) == bool(unread)
    for note in notes:
        assert note.split()[4] == str(unread)
        if "--set" in note:
            advice, _, count = note.partition("--set seq_len=")[2].partition(" leaves out ")
            assert never_read(have, batch, int(advice)) == int(count.replace("none", "0")) < unread


def never_read(have: int, batch: int, seq_len: int | str) -> int:
    """How many of the tokens that another one follows are an input of no chunk."""
    stream = Stream(np.arange(have), batch, seq_len)
    seen = {int(n) for _ in range(stream.chunks_per_epoch) for n in stream.next().inputs.flat}
    return have - 1 - len(seen)


def test_of_a_text_that_is_repeated_nothing_is_lost() -> None:
    assert unused_note(1000, 3, 60, "character") != ()
    assert unused_note(1000, 3, 60, "character", period=300) == ()
    assert unused_note(1000, 3, 60, "character", period=301) != ()


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        ({"source": "text:" + "abcdefghij" * 9, "batch": 4, "seq_len": 15}, "20 characters (25 %)"),
        ({"source": "text:" + "abcde fgh " * 9, "tokenizer": "word", "seq_len": 9}, "words"),
        ({"source": "corpus:sunspots", "task": "values", "seq_len": 200}, "rows ("),
        (
            {"source": "corpus:sunspots", "task": "values", "difference": True, "seq_len": 44},
            "rows",
        ),
    ],
)
def test_loading_says_what_is_never_trained_on(recipe: dict[str, Any], words: str) -> None:
    notes = load(Recipe().replace(**{"batch": 1, **recipe})).notes
    assert any("left out of training" in note and words in note for note in notes), notes
