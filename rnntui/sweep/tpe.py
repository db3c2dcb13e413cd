"""Trials chosen by what earlier ones gave, and which settings matter, with Optuna.

The journal of a sweep is all that is kept: a study is made from it whenever it is needed.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from rnntui.errors import UsageError
from rnntui.sweep.progress import Progress
from rnntui.sweep.space import Draw, Settings
from rnntui.sweep.trials import Trial, varied

FEWEST = 4  # finished trials from which importance is estimated
_TRIED = 20  # suggestions until a new one is among them

Kernels = Callable[[Settings], str]


def check_optuna(what: str) -> None:
    """Raise UsageError with what to install, unless Optuna is there."""
    if find_spec("optuna") is None:
        raise UsageError(f"{what} needs Optuna: pip install 'rnntui[sweep]'")


class TpeTrials:
    """Adds trials to a sweep: of the draws, those that promise the lowest loss."""

    def __init__(self, draws: Sequence[Draw], count: int, seed: int, kernels: Kernels) -> None:
        """`count`: trials of the whole sweep; `kernels` chooses those of a trial's network."""
        self._draws, self._count, self._seed, self._kernels = draws, count, seed, kernels

    def next(self, trials: Mapping[int, Trial], progress: Mapping[int, Progress]) -> Trial | None:
        """Return another trial, not like any before; None once there are enough."""
        if len(trials) >= self._count:
            return None
        number = max(trials, default=0) + 1
        known = [trial.settings for trial in trials.values()]
        study = self._study(trials, progress, self._seed + number)
        space = {draw.key: distribution(draw) for draw in self._draws}
        for _ in range(_TRIED):
            asked = study.ask(space).params
            settings = {draw.key: _value(draw, asked[draw.key]) for draw in self._draws}
            if settings in known:
                continue
            try:
                return Trial(number, settings, self._kernels(settings))
            except UsageError:  # they contradict each other
                known.append(settings)
        return None

    def _study(
        self, trials: Mapping[int, Trial], progress: Mapping[int, Progress], seed: int
    ) -> Any:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # parts of Optuna call themselves experimental
            sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=True)
        study = optuna.create_study(sampler=sampler)
        space = {draw.key: distribution(draw) for draw in self._draws}
        for number, trial in trials.items():
            if trial.settings.keys() == space.keys():
                study.add_trial(_told(trial.settings, space, progress[number]))
        return study


def distribution(draw: Draw) -> Any:
    """Return a draw as Optuna has it."""
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    if draw.values:
        return CategoricalDistribution(draw.values)
    if draw.is_whole:
        return IntDistribution(int(draw.low), int(draw.high), log=draw.log)
    return FloatDistribution(draw.low, draw.high, log=draw.log)


def _value(draw: Draw, asked: Any) -> Any:
    return asked if draw.values else draw.fitted(asked)


def _told(settings: Settings, space: Mapping[str, Any], progress: Progress) -> Any:
    """Return a trial of Optuna with what is known of one of ours."""
    from optuna.trial import TrialState, create_trial

    best = progress.result.best
    about: dict[str, Any] = {"params": dict(settings), "distributions": dict(space)}
    if progress.state == "finished" and best is not None:
        return create_trial(value=best, **about)
    if progress.state == "paused" and best is not None:
        step = progress.until or 0
        return create_trial(state=TrialState.PRUNED, intermediate_values={step: best}, **about)
    if progress.state in ("waiting", "training"):
        return create_trial(state=TrialState.RUNNING, **about)
    return create_trial(state=TrialState.FAIL, **about)


def importance(results: Sequence[tuple[Settings, float]]) -> dict[str, float]:
    """Return each varied key's share of what the losses differ by, the largest first.

    Estimated from the settings and best losses of finished trials by PED-ANOVA (Watanabe et al.,
    2023). Empty for fewer than four trials, or if no setting or loss differs.
    """
    import optuna
    from optuna.distributions import CategoricalDistribution
    from optuna.trial import create_trial

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    keys = [key for key in varied([one for one, _ in results]) if key != "seed"]
    known = [(one, loss) for one, loss in results if all(key in one for key in keys)]
    space: dict[str, Any] = {}
    for key in keys:
        values = sorted({one[key] for one, _ in known}, key=lambda value: (str(type(value)), value))
        if len(values) > 1:
            space[key] = _spread(values) or CategoricalDistribution(values)
    losses = {loss for _, loss in known}
    if len(known) < FEWEST or not space or len(losses) < 2:
        return {}
    if len(space) == 1:
        return dict.fromkeys(space, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = optuna.create_study()
        for settings, loss in known:
            params = {key: settings[key] for key in space}
            study.add_trial(create_trial(params=params, distributions=dict(space), value=loss))
        evaluator = optuna.importance.PedAnovaImportanceEvaluator()
        found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {key: float(share) for key, share in found.items() if math.isfinite(share)}


def _spread(values: Sequence[Any]) -> Any:
    """Return the range of numbers, by their log if they are of very different sizes."""
    from optuna.distributions import FloatDistribution

    if not all(isinstance(value, int | float) and type(value) is not bool for value in values):
        return None
    low, high = float(values[0]), float(values[-1])
    return FloatDistribution(low, high, log=low > 0 and high / low >= 8)
