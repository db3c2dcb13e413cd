"""Decide what is generated and shown: the answer to a prompt, or else the trainer's samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rnntui.data import Dataset, TokenData, ValueData
from rnntui.errors import UsageError
from rnntui.generation.generate import Generator, copy_of, writers
from rnntui.generation.prompt import fit_prompt
from rnntui.protocol.messages import Generate, Generated, SamplingKey
from rnntui.recipe import SAMPLING_KEYS, Recipe, Sample, SamplingSettings, Value, check, find
from rnntui.session.past_texts import PastTexts
from rnntui.session.text_job import Part, TextJob, TextJobRunner
from rnntui.training.loop import Chunk

if TYPE_CHECKING:
    from rnntui.runs.backtest import Backtester

EARLY_SAMPLES = (25, 50, 100, 200, 500)  # updates: most is learned in the first ones
EARLY_LENGTH = 300  # tokens: requests wait meanwhile
SAMPLE_STAYS = 1.0  # seconds before another sample replaces it
MOST_ROWS = 100_000  # of a forecast
PROMPT_STAYS = 20.0  # seconds before a sample replaces the answer to a prompt


class PromptSession:
    """Generates from the live weights: one or several samples, or a forecast.

    All times are seconds of one clock.
    """

    def __init__(
        self,
        sample: Sample,
        data: Dataset,
        state: Generator,
        backtester: Backtester | None = None,
        forecaster: Callable[[], Generator] | None = None,
    ) -> None:
        """`backtester`: of values to forecast; without one, forecasts have no intervals.

        `forecaster` returns the weights that forecast, if these are not always those of `state`.
        """
        self._sample, self._data, self._state = sample, data, state
        self._backtester, self._forecaster = backtester, forecaster
        self._forecasting: Generator | None = None  # the weights of the newest forecast
        is_text = isinstance(data, TokenData)
        self._runner = TextJobRunner(lambda: state.sampling if is_text else None, self._ended)
        self.past = PastTexts()
        self._kept_until = 0.0  # when a sample may replace the text shown

    def _ended(self, job: TextJob) -> None:
        self.past.add(job.step, job.source, job.prompt, job.texts, job.sampling)

    @property
    def busy(self) -> bool:
        """Whether text is being generated."""
        return self._runner.busy

    def set(self, key: SamplingKey, value: float) -> None:
        """Set a sampling setting from the next token on (`samples`: from the next generation on).

        Raises UsageError.
        """
        change: dict[str, Any] = {key: self.check(key, value)}
        self._state.sampling = replace(self._state.sampling, **change)

    def check(self, key: SamplingKey, value: float) -> Value:
        """Convert a value to its key's type. Raises UsageError for an invalid one."""
        leaf = find(key)
        kind = leaf.types[0]  # messages carry every value as a float
        fits = math.isfinite(value) and kind(value) == value
        checked = check(leaf, kind(value) if fits else value)
        if key == "samples" and checked != 1 and not isinstance(self._data, TokenData):
            raise UsageError("a forecast is always the same: one is enough")
        return checked

    def changes(self, wanted: SamplingSettings | None) -> dict[SamplingKey, float]:
        """Return the settings that would change, by key. Raises UsageError for an invalid one."""
        if wanted is None:
            return {}
        now = self._state.sampling
        found = {key: float(getattr(wanted, key)) for key in SAMPLING_KEYS}
        return {k: v for k, v in found.items() if self.check(k, v) != getattr(now, k)}

    def check_prompt(self, prompt: str) -> None:
        """Raise UsageError for a prompt that cannot be continued."""
        if isinstance(self._data, ValueData):
            from rnntui.runs.forecast_start import start_of  # text needs no forecasts

            start_of(self._data, prompt)
        else:
            self._parts(prompt)

    def generate(self, request: Generate) -> None:
        """Generate after a prompt; its sampling settings stay in force. Raises UsageError."""
        if isinstance(self._data, ValueData):
            self._forecast(self._data, request)
            return
        parts = self._parts(request.prompt)  # first: an invalid prompt must not change settings
        if changed := self.changes(request.sampling):
            for key, value in changed.items():
                self.set(key, value)
            parts = self._parts(request.prompt)
        prompt, length = fit_prompt(self._data, request.prompt), request.length
        length = length or self._sample.sample_length
        self._runner.begin("prompt", prompt.text, parts, length, prompt.warning)

    def _forecast(self, data: ValueData, request: Generate) -> None:
        from rnntui.session.forecasting import LiveForecast  # text needs no forecasts

        method, prompt, length = self._method(request), request.prompt, request.length
        weights = self._forecaster() if self._forecaster is not None else self._state
        parts = LiveForecast(weights, data, self._backtester, method, prompt, length)
        self._forecasting = weights
        for key, value in self.changes(request.sampling).items():
            self.set(key, value)
        self._runner.begin(
            "prompt",
            prompt,
            parts,
            length or MOST_ROWS,
            before=parts.before,
            outlook=lambda: parts.outlook,
        )

    def _method(self, request: Generate) -> str:
        """Return how to forecast: as asked for, or as the recipe says. Raises UsageError."""
        if not request.method:
            return self._sample.method
        return str(check(find("method"), request.method))

    def _parts(self, prompt: str, random: np.random.RandomState | None = None) -> Iterator[Part]:
        """Return an iterator over what follows a prompt. Raises UsageError."""
        assert isinstance(self._data, TokenData)
        count = self._state.sampling.samples
        return writers(self._state, self._data, count, prompt, rng=random)

    def stop(self) -> None:
        """Stop the generation in progress."""
        self._runner.stop()

    def sampled(self, texts: tuple[str, ...], now: float) -> bool:
        """Keep samples, and show them unless the current text is recent; return whether shown."""
        self.past.add(self._state.step, "sample", "", texts, self._state.sampling)
        if self._runner.busy or now < self._kept_until:
            return False
        self._kept_until = now + SAMPLE_STAYS
        self._runner.show(texts, self._state.step)
        return True

    def early_samples(self, chunk: Chunk, recipe: Recipe) -> tuple[str, ...]:
        """Return samples after an early update whose recipe samples later only; else none.

        They use a copy of the random state and change nothing of the run.
        """
        wanted = bool(recipe.sample.sample_every) and chunk.step in EARLY_SAMPLES
        if wanted and not chunk.samples and isinstance(self._data, TokenData):
            length = min(recipe.sample.sample_length, EARLY_LENGTH)
            return chunk.sample_aside(recipe.replace(sample_length=length), self._data)
        return ()

    def write_final_sample(self) -> None:
        """Generate the final sample, unless a prompt is being answered.

        It uses a copy of the random state, so that continuing the run is not affected.
        """
        length, wanted = self._sample.final_length, self._sample.prompt
        if length and isinstance(self._data, TokenData) and not self._runner.answers_prompt:
            prompt = fit_prompt(self._data, wanted)
            random = copy_of(self._state.prompt_random)
            parts = self._parts(wanted, random)
            self._runner.begin("sample", prompt.text, parts, length, prompt.warning)

    def tick(self, now: float, passed: float, spare: float) -> None:
        """Generate a little after `passed` seconds, or more if `spare` seconds are idle."""
        if self._runner.answers_prompt:
            self._kept_until = now + PROMPT_STAYS
        if spare > 0:
            self._runner.run_while_idle(spare, self._step)
        else:
            self._runner.run_while_training(passed, self._step)

    @property
    def _step(self) -> int:
        """The update of the weights that generate."""
        return (self._forecasting or self._state).step

    def since(self, id_: int, length: int) -> Generated | None:
        """Return what a viewer lacks that has `length` characters or values of job `id_`."""
        return self._runner.since(id_, length)
