"""Snapshots that owe a viewer more than one line holds."""

from __future__ import annotations

import dataclasses

import pytest

from rnntui.protocol.codec import decode_reply, encode
from rnntui.protocol.fitting import encode_reply
from rnntui.protocol.messages import (
    MAX_REPLY,
    Event,
    Generated,
    Look,
    PastText,
    ProtocolError,
    Refused,
    Snapshot,
    TokenSteps,
)
from rnntui.session.past_texts import PastTexts
from tests.support.drawing import SNAPSHOT

LONG = "\U0001f600" * 2000  # 8000 bytes
STEPS = TokenSteps(9, ("😀" * 20,) * 90, ("x",) * 90, ("y",) * 90, (0.5,) * 90)
PAST = PastText(7, "prompt", "p", (LONG,))
OWED = dataclasses.replace(
    SNAPSHOT,
    past=(PAST,),
    past_count=5,
    steps=STEPS,
    streams=(STEPS,) * 3,
    generated=Generated(3, "sample", 9, "", 0, LONG, (), True, "", (LONG,)),
    events=(Event(1, 0.0, "note", "first"), Event(2, 0.0, "note", "second")),
    event_count=12,
)


def sent(snapshot: Snapshot) -> Snapshot:
    line = encode_reply(snapshot)
    assert len(line) <= MAX_REPLY
    reply = decode_reply(line)
    assert isinstance(reply, Snapshot)
    return reply


def test_a_snapshot_that_fits_is_complete() -> None:
    assert encode_reply(OWED) == encode(OWED)


def test_texts_generated_earlier_wait_first_and_their_mark_with_them() -> None:
    reply = sent(dataclasses.replace(OWED, past=(PAST,) * 4))
    assert reply.past == () and reply.past_count == 1
    assert reply.steps == STEPS and reply.events == OWED.events and reply.event_count == 12


def test_whatever_a_viewer_is_owed_some_of_it_is_sent() -> None:
    reply = sent(dataclasses.replace(OWED, past=(PAST,) * 5, streams=(STEPS,) * 15))
    assert reply.past == () and reply.past_count == 0
    assert reply.steps is None and reply.streams == ()
    assert reply.generated == OWED.generated
    wide = dataclasses.replace(OWED.generated, others=(LONG,) * 9)  # type: ignore[type-var]
    reply = sent(dataclasses.replace(OWED, generated=wide))
    assert reply.generated is None
    assert reply.events == () and reply.event_count == 10
    assert reply.history == SNAPSHOT.history and reply.step == SNAPSHOT.step


def test_what_waited_comes_with_the_next_look() -> None:
    texts = PastTexts()
    texts.add(7, "prompt", "p", ("first",), None)
    texts.add(8, "prompt", "p", ("second",), None)
    past, count = texts.since(1)
    full = dataclasses.replace(OWED, past=past, past_count=count, streams=(STEPS,) * 15)
    mark = Look(past=sent(full).past_count).past
    assert texts.since(mark) == (past, 2)


def test_another_reply_that_is_too_long_is_an_error() -> None:
    with pytest.raises(ProtocolError, match="too long"):
        encode_reply(Refused("x" * MAX_REPLY))
