"""Texts generated earlier in a run, for viewers to open and compare; bounded in memory."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from typing import Literal

from rnntui.protocol.messages import PastText
from rnntui.recipe import SamplingSettings

KEPT = 200  # texts
MOST_TEXT = 4000  # bytes of a text in a message
MOST_TOGETHER = 6000  # bytes of all texts that were generated together
MOST_PROMPT = 500  # characters of a prompt
MOST_SENT = 8000  # bytes of one reply
MOST_FILED = 40_000  # bytes, about, of what a file keeps


class PastTexts:
    """The newest texts of a run, oldest first. `count` includes those that were dropped."""

    def __init__(self) -> None:
        self._kept: deque[PastText] = deque(maxlen=KEPT)
        self.count = 0

    def add(
        self,
        step: int,
        source: Literal["prompt", "sample"],
        prompt: str,
        texts: tuple[str, ...],
        sampling: SamplingSettings | None,
    ) -> None:
        """Keep a text, unless it is empty; a long one keeps its start."""
        if not any(texts):
            return
        most = min(MOST_TEXT, MOST_TOGETHER // len(texts))
        cut = tuple(_beginning(text, most) for text in texts)
        self._kept.append(PastText(step, source, prompt[-MOST_PROMPT:], cut, sampling))
        self.count += 1

    def restore(self, texts: Iterable[PastText]) -> None:
        """Start with texts of an earlier process."""
        self._kept.extend(texts)
        self.count = len(self._kept)

    def newest(self) -> tuple[PastText, ...]:
        """Return the newest texts, oldest first, as many as a file keeps."""
        found: list[PastText] = []
        room = MOST_FILED
        for past in reversed(self._kept):
            room -= _size(past)
            if room < 0:
                break
            found.append(past)
        return tuple(reversed(found))

    def since(self, mark: int) -> tuple[tuple[PastText, ...], int]:
        """Return texts after a mark, oldest first, as many as fit a reply, and the next mark."""
        first = self.count - len(self._kept)
        known = min(max(mark, first), self.count)
        found: list[PastText] = []
        room = MOST_SENT
        for past in list(self._kept)[known - first :]:
            room -= _size(past)
            if found and room < 0:
                break
            found.append(past)
        return tuple(found), known + len(found)


def _size(past: PastText) -> int:
    """Return about how many bytes a text takes in a message."""
    return 200 + sum(map(_bytes, (past.prompt, *past.texts)))


def _beginning(text: str, most: int) -> str:
    """Return as much of a text as takes at most so many bytes, with an ellipsis if it is cut."""
    cut = text[:most]
    while _bytes(cut) > most:
        cut = cut[: len(cut) * 3 // 4]
    return cut if len(cut) == len(text) else f"{cut}…"


def _bytes(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", "replace"))
