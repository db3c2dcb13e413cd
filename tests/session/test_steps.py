"""The time steps of an update as messages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rnntui.data import TokenData, load
from rnntui.protocol.messages import MOST_STREAMS, TokenSteps
from rnntui.recipe import Recipe
from rnntui.session import steps
from rnntui.session.steps import steps_of, streams_of
from rnntui.training.loop import Chunk, start, train
from tests.support.small import VALUES

RECIPE = Recipe(name="small").replace(
    source="text:" + "hello world, " * 60,
    batch=4,
    seq_len=8,
    hidden=5,
    layers=1,
    workers=1,
    steps=2,
    dropout=0.0,
)
DATA = load(RECIPE)
assert isinstance(DATA, TokenData)


@pytest.fixture
def chunks() -> Iterator[Iterator[Chunk]]:
    yield train(RECIPE, DATA, start(RECIPE, DATA))


def test_the_further_streams_are_what_the_update_read(chunks: Iterator[Chunk]) -> None:
    chunk = next(chunks)
    found = streams_of(chunk, DATA, MOST_STREAMS)
    assert len(found) == chunk.streams - 1 == 3
    for number, stream in enumerate(found, 1):
        read = chunk.steps(number)
        assert stream.step == chunk.step and len(stream.probability) == 8
        assert list(stream.input) == [DATA.tokenizer.show(int(token)) for token in read.inputs]
        assert stream.input[1:] == stream.true[:-1]
        assert read.p_true is not None and stream.probability[0] == float(f"{read.p_true[0]:.4g}")
    first = steps_of(chunk, DATA)
    assert isinstance(first, TokenSteps) and first not in found
    assert streams_of(chunk, DATA, 2) == found[:2] and streams_of(chunk, DATA, 0) == ()


def test_the_further_streams_are_bounded(
    chunks: Iterator[Chunk], monkeypatch: pytest.MonkeyPatch
) -> None:
    chunk = next(chunks)
    monkeypatch.setattr(steps, "MOST_STREAM_BYTES", 2 * 8 * 22)
    assert len(streams_of(chunk, DATA, MOST_STREAMS)) == 2
    monkeypatch.setattr(steps, "MOST_OUTPUTS", 8 * DATA.tokenizer.vocab_size)
    assert len(streams_of(chunk, DATA, MOST_STREAMS)) == 1


def test_there_are_none_of_an_update_that_is_over_or_of_values(chunks: Iterator[Chunk]) -> None:
    chunk = next(chunks)
    assert streams_of(chunk, VALUES, MOST_STREAMS) == ()
    next(chunks)
    assert streams_of(chunk, DATA, MOST_STREAMS) == ()
