"""Decides what is written: what a prompt led to, or the trainer's samples where no prompt is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import cast

from rnntui.data import Dataset, TokenData
from rnntui.engine.protocol import Generate, SamplingKey, Writing
from rnntui.engine.writing import Part, Pen
from rnntui.errors import UsageError
from rnntui.recipe import Sample, check, find
from rnntui.text import safe_text
from rnntui.writing import Author, values_before, writer, writers

SAMPLE_STAYS = 1.0  # seconds until another sample takes its place
PROMPT_STAYS = 20.0  # seconds until a sample takes the place of what a prompt led to


class Scribe:
    """One thing at a time, from the live weights: a text, several at once, or a forecast.

    Times are seconds of one clock.
    """

    def __init__(self, sample: Sample, data: Dataset, state: Author) -> None:
        self._sample, self._data, self._state = sample, data, state
        self._pen = Pen()
        self._kept_until = 0.0  # when a sample may take the place of what is there

    @property
    def busy(self) -> bool:
        """Whether something is being written."""
        return self._pen.busy

    def set(self, key: SamplingKey, value: float) -> None:
        """Set how tokens are chosen, from the next one on; `samples` from the next text on.

        Raises UsageError.
        """
        leaf = find(key)
        kind = leaf.types[0]  # the message has a number whatever it is
        fits = math.isfinite(value) and kind(value) == value
        checked = check(leaf, kind(value) if fits else value)
        if key == "samples" and checked != 1 and not isinstance(self._data, TokenData):
            raise UsageError("a forecast is always the same: one is enough")
        setattr(self._state, key, checked)

    def generate(self, request: Generate) -> None:
        """Write after a prompt, as it says from now on. Raises UsageError."""
        parts = self._parts(request.prompt)  # nothing is set if the prompt is refused
        keys: tuple[SamplingKey, ...] = ("temperature", "greedy", "samples")
        for key in keys:
            if (value := getattr(request, key)) is not None:
                self.set(key, value)
        warning = self._missing(request.prompt)
        if request.samples is not None:
            parts = self._parts(request.prompt)
        before = (
            () if isinstance(self._data, TokenData) else values_before(request.prompt, self._data)
        )
        self._pen.begin("prompt", request.prompt, parts, request.length, warning, before)

    def _parts(self, prompt: str) -> Iterator[Part]:
        """What follows a prompt, part by part. Raises UsageError."""
        if isinstance(self._data, TokenData):
            return writers(self._state, self._data, self._state.samples, prompt)
        return cast("Iterator[Part]", writer(self._state, self._data, prompt))

    def _missing(self, prompt: str) -> str:
        """A warning that names the prompt's characters the vocabulary lacks, if any."""
        if not isinstance(self._data, TokenData):
            return ""
        unknown = self._data.tokenizer.unknown(prompt)
        if not unknown:
            return ""
        named = " ".join(safe_text(c)[:20] for c in unknown[:10]) + (" …" if unknown[10:] else "")
        return f"not in the vocabulary and left out: {named}"

    def stop(self) -> None:
        """End what is being written."""
        self._pen.stop()

    def sampled(self, texts: tuple[str, ...], now: float) -> bool:
        """Show the trainer's samples, unless what is there has hardly been seen; whether it is."""
        if self._pen.busy or now < self._kept_until:
            return False
        self._kept_until = now + SAMPLE_STAYS
        self._pen.show(texts, self._state.step)
        return True

    def last_words(self) -> None:
        """Write the sample that ends the run, unless a prompt is being answered."""
        length, prompt = self._sample.final_length, self._sample.prompt
        if length and isinstance(self._data, TokenData) and not self._pen.writes_prompt:
            self._pen.begin("sample", prompt, self._parts(prompt), length)

    def turn(self, now: float, passed: float, spare: float) -> None:
        """Write a little after `passed` seconds, or more if there are `spare` ones."""
        if self._pen.writes_prompt:
            self._kept_until = now + PROMPT_STAYS
        if spare > 0:
            self._pen.write(spare, self._state.step)
        else:
            self._pen.write_aside(passed, self._state.step)

    def since(self, id_: int, written: int) -> Writing | None:
        """What there is, for a viewer that has that much of writing `id_`."""
        return self._pen.since(id_, written)
