"""Convert the training state to tensors and JSON, and back, bit for bit.

Weights have PyTorch's names; they are the averaged ones if the recipe averages them. Floats in JSON
are exact: Python writes enough digits to read back the same number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from rnntui.errors import DataError
from rnntui.nn.kernels.choice import Kernels
from rnntui.nn.kernels.layout import Array
from rnntui.nn.model import load_named_parameters, named_parameters
from rnntui.recipe import SAMPLING_KEYS
from rnntui.runs.store.checkpoint import Checkpoint
from rnntui.training.loop import Saved, TrainState, copy_weights, use_kernels

_COUNTERS = ("step", "epoch", "seconds", "lr", "factor", "last_loss")
_PLATEAU = ("best", "waited", "reduced")


def capture(state: TrainState, more: dict[str, Any], loss: float | None = None) -> Checkpoint:
    """Copy the state between two updates.

    `more`: further JSON values to store; `loss`: the loss of a validation just made.
    """
    tensors = {f"moments.{name}": m.copy() for name, m in state.moments.items()}
    tensors["hidden"] = state.hidden.copy()
    if len(state.waiting.states):
        tensors["waiting"] = state.waiting.states.copy()
    tensors["random.dropout"] = state.updater.random_states()
    if state.trained is not state.parameters:
        tensors["trained"] = state.trained.flat.copy()
    randoms: dict[str, Any] = {}
    for name, random in _randoms(state):
        drawn: dict[str, Any] = random.get_state(legacy=False)
        tensors[f"random.{name}"] = drawn["state"]["key"].copy()
        randoms[name] = [int(drawn["state"]["pos"]), drawn["has_gauss"], drawn["gauss"]]
    weights = state.weights
    for name, saved in _copies(state):
        tensors |= {f"{name}.{part}": array for part, array in _arrays(saved)}
    content: dict[str, Any] = {
        "training": {name: getattr(state, name) for name in _COUNTERS} | vars(state.sampling),
        "updates": state.optimizer.updates,
        "kernels": None if state.kernel_trial is not None else str(state.updater.kernels),
        "workers": 0 if state.trial is not None else state.workers,
        "plateau": {name: getattr(state.schedule, name) for name in _PLATEAU},
        "position": list(state.stream.position),
        "random": randoms,
        "stability": state.stability.capture(),
        "weights": {
            "due": weights.due,
            **{name: [saved.step, saved.updates] for name, saved in _copies(state)},
        },
        **more,
    }
    return Checkpoint(state.step, named_parameters(state.parameters), tensors, content, loss)


def reinstate(state: TrainState, saved: Checkpoint) -> None:
    """Restore a captured state into a fresh one of the same recipe. Raises DataError."""
    try:
        load_named_parameters(state.parameters, saved.model)
        if state.trained is not state.parameters:
            _fill(state.trained.flat, saved.optimizer["trained"])
        content = saved.state
        for name, moment in state.moments.items():
            _fill(moment, saved.optimizer[f"moments.{name}"])
        _fill(state.hidden, saved.optimizer["hidden"])
        if len(state.waiting.states):
            _fill(state.waiting.states, saved.optimizer["waiting"])
        kernels = content.get("kernels")  # None: not chosen yet; absent from older checkpoints
        if kernels is not None:
            use_kernels(state, Kernels.parse(str(kernels)))
        state.updater.set_random_states(saved.optimizer["random.dropout"])
        for name, random in _randoms(state):
            position, has_gauss, gauss = content["random"][name]
            key = saved.optimizer[f"random.{name}"]
            random.set_state(("MT19937", key, position, has_gauss, gauss))
        training = content["training"]
        for name in _COUNTERS:
            setattr(state, name, training[name])
        # A checkpoint of an older version lacks newer settings: those stay as the recipe says.
        known = {name: training[name] for name in SAMPLING_KEYS if name in training}
        state.sampling = replace(state.sampling, **known)
        for name in _PLATEAU:
            setattr(state.schedule, name, content["plateau"][name])
        state.optimizer.updates = content["updates"]
        epoch, chunk = content["position"]
        state.stream.restore((epoch, chunk))
        state.stability.restore(content["stability"])
        _reinstate_copies(state, saved)
    except (KeyError, TypeError, ValueError) as error:
        what = f"{type(error).__name__}: {error}"[:80]
        raise DataError(
            f"checkpoint of update {saved.step} does not fit its recipe: {what}"
        ) from None


def _randoms(state: TrainState) -> Iterator[tuple[str, np.random.RandomState]]:
    yield "weights", state.weights_random
    if state.sample_random is not state.weights_random:
        yield "sample", state.sample_random
    yield "prompt", state.prompt_random


def _copies(state: TrainState) -> Iterator[tuple[str, Saved]]:
    """Yield the weights kept for a rollback; they are immutable and need no copying."""
    yield "good", state.weights.good
    if state.weights.candidate is not state.weights.good:
        yield "candidate", state.weights.candidate


def _arrays(saved: Saved) -> Iterator[tuple[str, Array]]:
    yield "parameters", saved.parameters
    yield "hidden", saved.hidden
    yield from ((f"moments.{name}", moment) for name, moment in saved.moments.items())


def _reinstate_copies(state: TrainState, saved: Checkpoint) -> None:
    content = saved.state["weights"]
    copies: dict[str, Saved] = {}
    for name in ("good", "candidate"):
        if name in content:
            copy = copies[name] = replace(
                copy_weights(state), step=content[name][0], updates=content[name][1]
            )
            for part, array in _arrays(copy):
                _fill(array, saved.optimizer[f"{name}.{part}"])
    weights = state.weights
    weights.good, weights.due = copies["good"], content["due"]
    weights.candidate = copies.get("candidate", weights.good)


def _fill(target: Array, saved: Array) -> None:
    if target.shape != saved.shape or target.dtype != saved.dtype:
        raise ValueError(f"{saved.shape} {saved.dtype} for {target.shape} {target.dtype}")
    np.copyto(target, saved)
