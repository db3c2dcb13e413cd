"""The codec: what is written is read back, and nothing else is read."""

from __future__ import annotations

import dataclasses
import json
import math
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.protocol.base import OneOf, Safe, Within
from rnntui.protocol.codec import decode_reply, decode_request, encode
from rnntui.protocol.messages import (
    MAX_REPLY,
    MAX_REQUEST,
    REPLIES,
    REQUESTS,
    Accepted,
    Event,
    Failed,
    Generate,
    History,
    Look,
    Message,
    Pace,
    Pause,
    ProtocolError,
    Refused,
    SetLearningRate,
    Step,
    TokenSteps,
    ValueSteps,
)
from rnntui.recipe import SamplingSettings
from rnntui.text import safe_text
from rnntui.update_numbers import Measured, UpdateNumbers
from tests.conftest import examples, quick_first

UNDEADLINED = settings(deadline=None, max_examples=examples(150))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def held(hint: Any) -> st.SearchStrategy[Any]:
    """Values that a field with this annotation may hold."""
    origin, args = get_origin(hint), get_args(hint)
    if hint == Safe:
        return TEXT.map(safe_text)
    if hint == Measured:
        return st.floats(allow_nan=False, allow_infinity=False)
    if origin is Annotated:
        if choices := [a.texts for a in args if isinstance(a, OneOf)]:
            return st.sampled_from(choices[0])
        bounds = next(a for a in args if isinstance(a, Within))
        if args[0] is str:
            return TEXT.filter(lambda t: bounds.least <= len(t) <= bounds.most)
        if args[0] is int:
            return st.integers(int(bounds.least), int(bounds.most))
        return st.floats(bounds.least, bounds.most)
    if origin in (Union, types.UnionType):
        return st.one_of([held(a) for a in args])
    if origin is tuple:
        return st.lists(held(args[0]), max_size=4).map(tuple)
    if origin is Literal:
        return st.sampled_from(args)
    if dataclasses.is_dataclass(hint):
        return message(hint)  # type: ignore[arg-type]
    if hint is types.NoneType:
        return st.none()
    return {
        int: st.integers(-(2**53), 2**53),
        float: st.floats(allow_nan=False, allow_infinity=False),
        bool: st.booleans(),
        str: TEXT,
    }[hint]


def message(kind: type) -> st.SearchStrategy[Any]:
    """Messages of this kind with any allowed content."""
    hints = get_type_hints(kind, include_extras=True)
    return st.builds(kind, **{f.name: held(hints[f.name]) for f in dataclasses.fields(kind)})


ANY_REQUEST = st.one_of([message(kind) for kind in REQUESTS.values()])
ANY_REPLY = st.one_of([message(kind) for kind in REPLIES.values()])


@UNDEADLINED
@given(ANY_REQUEST)
def test_requests_come_back(request_: Any) -> None:
    try:
        line = encode(request_)
    except ProtocolError:
        return  # a prompt of many wide characters
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert decode_request(line) == request_
    assert decode_request(line[:-1]) == request_


@UNDEADLINED
@given(ANY_REPLY)
def test_replies_come_back(reply: Any) -> None:
    line = encode(reply)
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert decode_reply(line) == reply


@UNDEADLINED
@given(st.one_of(ANY_REQUEST, ANY_REPLY), st.data())
def test_a_damaged_line_is_refused_or_another_message(original: Message, data: Any) -> None:
    line = bytearray(encode(original))
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(line) - 1))
        if data.draw(st.booleans()):
            line[place] = data.draw(st.integers(0, 255))
        else:
            del line[place : place + data.draw(st.integers(1, 9))]
            line = line or bytearray(b" ")
    for decode in (decode_request, decode_reply):
        try:
            result = decode(bytes(line))
        except ProtocolError as error:
            assert len(str(error)) < 400 and str(error).isprintable()
        else:
            assert type(result).__name__ in {**REQUESTS, **REPLIES}


@UNDEADLINED
@given(st.binary(max_size=200))
def test_rubbish_is_refused(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_request(line)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@UNDEADLINED
@given(ANY_REPLY, json_values, st.data())
def test_a_field_of_any_content_is_refused_or_kept(reply: Any, content: Any, data: Any) -> None:
    table = json.loads(encode(reply))
    name = data.draw(st.sampled_from(sorted(table)))
    table[name] = content
    try:
        result = decode_reply(json.dumps(table).encode())
    except ProtocolError:
        return
    assert encode(result)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "JSON"),
        (b"[]", "object"),
        (b"{}", "unknown kind"),
        (b'{"kind":"Welcome"}', "unknown kind"),
        (b'{"kind":["Look"]}', "unknown kind"),
        (b'{"kind":"Look","extra":1}', "unknown field 'extra'"),
        (b'{"kind":"SetLearningRate"}', "lr is missing"),
        (b'{"kind":"SetLearningRate","lr":NaN}', "JSON"),
        (b'{"kind":"SetLearningRate","lr":1e999}', "finite"),
        (b'{"kind":"SetLearningRate","lr":true}', "finite"),
        (b'{"kind":"SetLearningRate","lr":"0.1"}', "finite"),
        (b'{"kind":"SetLearningRate","lr":null}', "finite"),
        (b'{"kind":"Step","count":0}', "outside 1"),
        (b'{"kind":"Step","count":1.0}', "whole"),
        (b'{"kind":"Step","count":true}', "whole"),
        (b'{"kind":"Step","count":' + b"9" * 5000 + b"}", "JSON"),
        (b'{"kind":"Step","count":1000001}', "outside"),
        (b'{"kind":"Pace","updates_per_second":-1}', "outside"),
        (b'{"kind":"Look","steps":1}', "true or false"),
        (b'{"kind":"Look","generated":-1}', "outside"),
        (b"[" * 10_000, "JSON"),
        (b'{"kind":"Pause","kind":"Stop"}', "JSON"),
        (b'{"kind":"Step","count":1,"count":2}', "JSON"),
        (b'{"kind":"Pause"\xff}', "JSON"),
        (b'{"kind":"Generate","prompt":7,"length":1}', "text"),
        (b'{"kind":"Generate","prompt":"","length":100001}', "outside"),
        (b" " * (MAX_REQUEST + 1), "longer"),
    ],
)
def test_reasons(line: bytes, reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason):
        decode_request(line)


def test_numbers_that_are_not_finite_travel_as_null() -> None:
    history = History(0, 0, (math.nan, 1.0), (math.inf,), (-math.inf,), (2.0,), (3,))
    line = encode(dataclasses.replace(SNAPSHOT, history=history, smooth=math.nan))
    assert b"NaN" not in line and b"Infinity" not in line
    reply = decode_reply(line)
    assert reply == dataclasses.replace(
        SNAPSHOT, history=History(0, 0, (None, 1.0), (None,), (None,), (2.0,), (3,)), smooth=None
    )
    with pytest.raises(ProtocolError, match="finite"):
        decode_request(encode(SetLearningRate(math.nan)))


def test_whole_numbers_serve_as_floats() -> None:
    assert decode_request(b'{"kind":"Pace","updates_per_second":5}') == Pace(5.0)
    assert decode_request(b'{"kind":"SetLearningRate","lr":1}') == SetLearningRate(1.0)


def test_defaults_may_be_left_out() -> None:
    assert decode_request(b'{"kind":"Look"}') == Look()
    assert decode_request(b'{"kind":"Step"}') == Step(1)
    assert decode_request(b'{"kind":"Pause"}') == Pause()


def test_steps_are_told_apart() -> None:
    tokens = TokenSteps(1, ("a",), ("b",), ("c",), (0.5,))
    values = ValueSteps(1, ((1.0,),), ((2.0,),), ((None,),))
    for steps in (tokens, values, None):
        reply = dataclasses.replace(SNAPSHOT, steps=steps)
        assert decode_reply(encode(reply)) == reply


def test_texts_of_any_kind_travel() -> None:
    hostile = "\x1b[2J\n\r\x00\u2028\u202e\U0001f600 \\\"'"
    assert decode_request(encode(Generate(hostile, 1))) == Generate(hostile, 1)
    half = decode_request(encode(Generate("half \ud800 pair", 1)))
    assert half == Generate("half \ufffd pair", 1)


def test_texts_that_are_to_be_shown_come_out_safe_whatever_is_sent() -> None:
    hostile = "\x1b[2J\x9b\u202e"
    assert decode_reply(encode(Refused(hostile))) == Refused(safe_text(hostile))
    steps = TokenSteps(1, (hostile,), ("b",), (hostile,), (0.5,))
    reply: Any = decode_reply(encode(dataclasses.replace(SNAPSHOT, steps=steps)))
    assert reply.steps.input == reply.steps.predicted == (safe_text(hostile),)


@pytest.mark.parametrize("within", ["%s", '{"kind":%s}', '{"kind":"Step","count":%s}'])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize("every", quick_first([7, 1]))
def test_any_depth_is_refused(within: str, opening: str, closing: str, every: int) -> None:
    for depth in (*range(1, 40), *range(900, 1100, every), 3000):
        with pytest.raises(ProtocolError):
            decode_request((within % (opening * depth + "1" + closing * depth)).encode())


def test_messages_that_are_too_long_are_not_sent() -> None:
    with pytest.raises(ProtocolError, match="too long"):
        encode(Failed("x" * MAX_REPLY, 1))
    with pytest.raises(ProtocolError, match="too long"):
        encode(Generate("\U0001f600" * 5000, 1))
    assert len(encode(Generate("\U0001f600" * 2000, 100_000))) <= MAX_REQUEST
    with pytest.raises(ProtocolError, match="longer"):
        decode_reply(b" " * MAX_REPLY + encode(Accepted()))


def snapshot() -> Any:
    """A snapshot with something in every list."""
    from rnntui.protocol.messages import Snapshot, Validation

    return Snapshot(
        state="training",
        step=3,
        epoch=0.5,
        numbers=UpdateNumbers(3, 0, 25.0, 1.0, 0.1, 2.0),
        smooth=1.1,
        best=0.9,
        validation=None,
        best_validation=None,
        lr=0.1,
        tokens_per_second=100.0,
        updates_per_second=4.0,
        elapsed=0.1,
        remaining=None,
        pace=None,
        sampling=SamplingSettings(),
        history=History(0, 0, (), (), (), (), ()),
        validations=(Validation(2, 1.5),),
        events=(Event(1, 0.5, "lr", "rate"),),
        event_count=1,
        steps=None,
        generated=None,
        alert=None,
    )


SNAPSHOT = snapshot()
