"""Terminal input as keys: unfinished sequences never swallow the keys typed after them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual import events
from textual.message import Message

from rnntui.tui.input import LONGEST_PASTE, LONGEST_SEQUENCE, SEQUENCE_DELAY, InputSplitter
from rnntui.tui.terminal import BackgroundReported, Keys
from tests.conftest import examples

LATER = 2 * SEQUENCE_DELAY
KEYS = (("q", "q"), ("\x03", "ctrl+c"), ("\x1b", "escape"))
UNFINISHED = {
    "paste": "\x1b[200~hello",
    "empty paste": "\x1b[200~",
    "paste in a paste": "\x1b[200~a\x1b[200~b",
    "half the end of a paste": "\x1b[200~hello\x1b[20",
    "endless paste": "\x1b[200~" + "hello\n" * 50_000,
    "csi": "\x1b[",
    "csi with parameters": "\x1b[1;5",
    "endless parameters": "\x1b[" + "1;" * 5_000,
    "osc": "\x1b]11;rgb:0000/0000",
    "endless osc": "\x1b]52;c;" + "q" * 50_000,
    "osc with half an end": "\x1b]0;title\x1b",
    "dcs": "\x1bP>|xterm(380)",
    "apc": "\x1b_Gi=31;OK",
    "pm": "\x1b^private",
    "sos": "\x1bXstring",
    "ss3": "\x1bO",
    "mouse": "\x1b[<0;10",
    "old mouse": "\x1b[M a",
    "keyboard protocol": "\x1b[97;1:1;",
    "console function key": "\x1b[[",
    "escape": "\x1b",
    "escapes": "\x1b\x1b\x1b",
    "replacement of half a character": "\ufffd",
}
NOT_KEYS = (  # complete, and none of them a key
    "\x1b]11;rgb:ffff/ffff/ffff\x1b\\",
    "\x1b]0;q\x07",
    "\x1bP>|q(1)\x1b\\",
    "\x1b_q\x1b\\",
    "\x1b[?62;1;2;4c",
    "\x1b[>41;380;0c",
    "\x1b[?1u",
    "\x1b[3;0;0t",
    "\x1b[0n",
    "\x1b[1114112u",
    "\x1b[99999999999999999u",
    "\x1b[97;1;1114112u",
    "\x1b[" + "9" * 400 + "u",
    "\x1b[<0;" + "9" * 400 + ";1M",
    "\x1b[48;0;0;0;0t",
    "\x1b[48;99999;99999;1;1t",
    "\x1b[201~",
    "\x1b[Mabc",
)


def names(messages: list[Message]) -> list[str]:
    return [message.key for message in messages if isinstance(message, events.Key)]


@pytest.mark.parametrize("sent", UNFINISHED.values(), ids=UNFINISHED)
@pytest.mark.parametrize(("typed", "key"), KEYS)
def test_after_a_pause_the_next_key_counts(sent: str, typed: str, key: str) -> None:
    keys = Keys()
    list(keys.feed(sent, 0.0))
    list(keys.feed("", LATER))
    assert keys.deadline is None
    found = list(keys.feed(typed, 2 * LATER)) + list(keys.feed("", 4 * LATER))
    assert names(found) == [key]


@pytest.mark.parametrize("sent", UNFINISHED.values(), ids=UNFINISHED)
@pytest.mark.parametrize("typed", ["\x03", "\x1b[99;5u", "\ufffd\x03"])
def test_ctrl_c_counts_at_once(sent: str, typed: str) -> None:
    keys = Keys()
    list(keys.feed(sent, 0.0))
    assert names(list(keys.feed(typed, 0.01)))[-1] == "ctrl+c"


@pytest.mark.parametrize("sent", NOT_KEYS)
def test_a_reply_is_not_a_key_and_swallows_none(sent: str) -> None:
    keys = Keys()
    found = list(keys.feed(sent + "q", 0.0))
    assert names(found) == ["q"]
    assert not [message for message in found if isinstance(message, events.Resize)]


WHITE = "\x1b]11;rgb:dddd/dddd/dddd"


@pytest.mark.parametrize("end", ["\x07", "\x1b\\"])
def test_a_background_is_read_however_the_reply_is_split(end: str) -> None:
    sent = WHITE + end
    for at in range(3, len(sent)):
        keys = Keys()
        found = [*keys.feed("q" + sent[:at], 0.0), *keys.feed(sent[at:] + "q", 0.05)]
        reported = [m.light for m in found if isinstance(m, BackgroundReported)]
        assert reported == [True] and names(found) == ["q", "q"], at


@pytest.mark.parametrize("end", ["\x07", "\x1b\\"])
def test_the_rest_of_a_reply_that_timed_out_is_no_key(end: str) -> None:
    sent = WHITE + end
    for at in range(3, len(sent) - len(end) + 1):
        keys = Keys()
        found = [*keys.feed(sent[:at], 0.0), *keys.feed("", LATER)]
        found += keys.feed(sent[at:] + "q", 2 * LATER)
        assert [type(message) for message in found] == [events.Key], at
        assert names(found) == ["q"]


@pytest.mark.parametrize("sent", ["\x1b]11;rgb:zz/0/0\x07", "\x1b]11;?\x07", "\x1b]12;#ffffff\x07"])
def test_other_replies_name_no_background(sent: str) -> None:
    assert list(Keys().feed(sent, 0.0)) == []


@pytest.mark.parametrize("at", range(1, 12))
def test_a_paste_may_come_in_two_parts(at: int) -> None:
    sent = "\x1b[200~a\x1b[b\x03c\x1b[201~q"
    keys = Keys()
    found = list(keys.feed(sent[:at], 0.0)) + list(keys.feed(sent[at:], 0.05))
    pasted = [message.text for message in found if isinstance(message, events.Paste)]
    assert pasted == ["a\x1b[b\x03c"] and names(found) == ["q"]


@pytest.mark.parametrize(
    "sent", ["\x1b[" + "1;" * 900 + "q", WHITE + "\x07", "\x1b[200~a\x1b[201~"]
)
def test_what_is_read_late_is_no_key(sent: str) -> None:
    """It may have come in time: nothing was seen missing."""
    for at in range(3, len(sent)):
        keys = Keys()
        found = [*keys.feed(sent[:at], 0.0), *keys.feed(sent[at:], LATER)]
        assert names(found) == [], at


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ("\x1b[A", "up"),
        ("\x1bOP", "f1"),
        ("\x1b[[A", "f1"),
        ("\x1b[1;5C", "ctrl+right"),
        ("\x1b[Z", "shift+tab"),
        ("\x1ba", "alt+a"),
        ("\x1b[97;5u", "ctrl+a"),
        ("\x1b[27u", "escape"),
        ("\x1b[97;;97u", "a"),
        ("é", "é"),
        ("語", "語"),
    ],
)
def test_keys_are_recognised_however_the_input_is_split(sent: str, key: str) -> None:
    for at in range(len(sent)):
        keys = Keys()
        found = list(keys.feed(sent[:at], 0.0)) + list(keys.feed(sent[at:], 0.05))
        assert names(found + list(keys.feed("", LATER))) == [key], at


def test_the_buffer_is_bounded() -> None:
    splitter = InputSplitter()
    pieces = [piece for n in range(500) for piece in splitter.feed("x" * 4096 if n else "\x1b]", 0)]
    assert pieces == [] and len(splitter._pending) <= LONGEST_SEQUENCE
    splitter = InputSplitter()
    pieces = list(splitter.feed("\x1b[200~" + "x" * 10**6 + "\x1b[201~", 0.0))
    assert [len(piece.text) for piece in pieces] == [LONGEST_PASTE]


anything = st.text(st.sampled_from("\x1b[]OPM_^X\\\x07\x03200~1;<?:uqmM é\x9b"), max_size=30)


@given(st.lists(anything, max_size=8))
@settings(deadline=None, max_examples=examples(500))
def test_keys_work_after_any_input(parts: list[str]) -> None:
    keys, now = Keys(), 0.0
    for part in parts:
        now += 0.05
        list(keys.feed(part, now))
    list(keys.feed("", now + LATER))
    assert names(list(keys.feed("q", now + LATER))) == ["q"]


@given(st.text(max_size=60), st.integers(0, 60))
@settings(deadline=None)
def test_plain_text_is_not_changed(text: str, at: int) -> None:
    text = text.replace("\x1b", "")
    splitter = InputSplitter()
    pieces = [*splitter.feed(text[:at], 0.0), *splitter.feed(text[at:], 0.0)]
    assert "".join(piece.text for piece in pieces) == text
