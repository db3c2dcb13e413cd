"""Splits terminal input into text, escape sequences and pastes, with a limit on each.

A sequence or paste whose end never arrives must not swallow the keys typed after it: a connection
may break midway, another program may have queried the terminal and exited, and anything can be
pasted. So each wait for an end has a timeout, and what is buffered has a maximum length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from rnntui.dataclass import dataclass
from rnntui.tui.colours import BACKGROUND_REPLY

KEY_DELAY = 0.1  # seconds after which an escape character alone is the Escape key
SEQUENCE_DELAY = 0.5  # seconds of silence after which an incomplete sequence is dropped
LONGEST_SEQUENCE = 256  # characters; a longer one is skipped up to its end
LONGEST_PASTE = 65_536  # characters; more than any input line takes
PASTE_START, PASTE_END = "\x1b[200~", "\x1b[201~"

# Complete sequences by their grammar (ECMA-48).
_COMPLETE = re.compile(
    r"\x1b(?:"
    r"\[\[[ -~]"  # function keys of the Linux console
    r"|\[M[^\x1b\x03]{3}"  # legacy mouse encoding
    r"|\[(?!\[|M)[0-?]*[ -/]*[@-~]"  # CSI
    r"|O[ -~]"  # SS3
    r"|[\]P_^X][^\x1b\x07\x03]*(?:\x07|\x1b\\)"  # OSC, DCS, APC, PM, SOS: strings
    r"|[^\x1b\x03\[O\]P_^X]"  # Alt and a key
    r")"
)
_BEGUN = re.compile(
    r"\x1b(?:\[\[|\[M[^\x1b\x03]{0,2}|\[[0-?]*[ -/]*|O|[\]P_^X][^\x1b\x07\x03]*\x1b?)?"
)
_STRING = tuple("\x1b" + opener for opener in "]P_^X")
# Ctrl-C, plain or in kitty's keyboard protocol. It may follow the replacement character of a
# character that it interrupted.
_INTERRUPTS = re.compile(r"\ufffd?(?:\x03|\x1b\[99(?::\d*)*;5(?::1)?(?:;\d*)?u)")

# The end of a reply to a query, whose beginning was dropped. Its characters are no keys.
_LATE_END = re.compile(r"[0-9a-zA-Z/:;#]{0,40}(?:\x07|\x1b\\)")


@dataclass(frozen=True)
class Piece:
    """A part of the input. A sequence of one or two characters is a key, alone or with Alt.

    A reply answers BACKGROUND_QUERY.
    """

    kind: Literal["text", "sequence", "paste", "reply"]
    text: str


class InputSplitter:
    """Splits a stream of characters into pieces; the caller supplies the time.

    It calls `tick` when there is nothing to read at the deadline.
    """

    def __init__(self) -> None:
        self._pending = ""  # unsplit text: an incomplete sequence
        self._paste: list[str] | None = None
        self._pasted = 0  # characters in the paste
        self._overlong = False  # the incomplete sequence exceeds the maximum length
        self._cut = False  # a reply to a query timed out
        self._since = 0.0

    @property
    def deadline(self) -> float | None:
        """When the wait for the rest of a sequence or paste times out, or None."""
        if self._paste is not None:
            return self._since + SEQUENCE_DELAY
        if not self._pending:
            return None
        return self._since + (KEY_DELAY if len(self._pending) <= 2 else SEQUENCE_DELAY)

    def feed(self, data: str, now: float) -> Iterator[Piece]:
        """Yield the pieces that `data`, received now, completes.

        Only `tick` ends the wait for the rest of a sequence or paste: on a busy machine, data that
        are read late may have arrived in time, and what is left of a sequence must not act as keys.
        """
        if _INTERRUPTS.fullmatch(data):  # typed, not pasted: it arrived alone
            yield from self._time_out()
        if self._paste is None and len(self._pending) <= 2:
            yield from self.tick(now)
        self._since = now
        self._pending += self._without_late_end(data)
        while self._pending:
            piece = self._next() if self._paste is None else self._rest_of_paste()
            if piece is None:
                break
            if piece.text:
                yield piece

    def _without_late_end(self, data: str) -> str:
        late = _LATE_END.match(data) if self._cut else None
        self._cut = False
        return data[late.end() :] if late else data

    def tick(self, now: float) -> Iterator[Piece]:
        """Yield what an incomplete sequence or paste counts as once it has timed out."""
        deadline = self.deadline
        if deadline is not None and now >= deadline:
            yield from self._time_out()

    def _time_out(self) -> Iterator[Piece]:
        pending, self._pending, self._overlong = self._pending, "", False
        if self._paste is not None:
            self._add_to_paste(pending)
            yield self._end_paste()
        elif 0 < len(pending) <= 2:
            yield Piece("sequence", pending)
        self._cut = pending.startswith("\x1b]")

    def _next(self) -> Piece | None:
        """Return the next piece outside a paste, or None if it is incomplete."""
        start = self._pending.find("\x1b")
        if start != 0:
            return Piece("text", self._take(start if start > 0 else len(self._pending)))
        if match := _COMPLETE.match(self._pending):
            return self._sequence(self._take(match.end()))
        begun = _BEGUN.match(self._pending)
        end = begun.end() if begun else 1
        if end == len(self._pending):
            self._shorten()
            return None
        # The next character cannot belong to the sequence.
        if end > 2 and self._pending.startswith(_STRING) and self._pending[end - 1] == "\x1b":
            end -= 1
        broken, self._overlong = self._take(end), False
        return Piece("sequence", broken if len(broken) <= 2 else "")

    def _sequence(self, text: str) -> Piece:
        overlong, self._overlong = self._overlong, False
        if overlong or len(text) > LONGEST_SEQUENCE:
            return Piece("sequence", "")
        if text.startswith(_STRING):
            wanted = text.startswith(BACKGROUND_REPLY)
            return Piece("reply", text if wanted else "")  # others were not asked for
        if text == PASTE_START:
            self._paste, self._pasted = [], 0
            text = ""
        return Piece("sequence", "" if text == PASTE_END else text)

    def _shorten(self) -> None:
        if len(self._pending) > LONGEST_SEQUENCE:
            tail = "\x1b" if self._pending.endswith("\x1b") else ""
            self._pending = self._pending[:3] + tail
            self._overlong = True

    def _rest_of_paste(self) -> Piece | None:
        end = self._pending.find(PASTE_END)
        if end >= 0:
            self._add_to_paste(self._take(end))
            self._take(len(PASTE_END))
            return self._end_paste()
        held = next(
            n for n in range(len(PASTE_END) - 1, -1, -1) if self._pending.endswith(PASTE_END[:n])
        )
        self._add_to_paste(self._take(len(self._pending) - held))
        return None

    def _add_to_paste(self, text: str) -> None:
        if self._paste is not None:
            text = text[: LONGEST_PASTE - self._pasted]
            self._paste.append(text)
            self._pasted += len(text)

    def _end_paste(self) -> Piece:
        text = "".join(self._paste or ())
        self._paste = None
        return Piece("paste", text)

    def _take(self, length: int) -> str:
        taken, self._pending = self._pending[:length], self._pending[length:]
        return taken
