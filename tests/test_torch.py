"""The same weights in PyTorch: losses, outputs and gradients agree. Skipped without PyTorch."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from rnntui.nn.kernels.layout import aligned
from rnntui.nn.model import named_parameters
from rnntui.nn.optim import Coefficients, clip, gradient_norm, make_optimizer
from rnntui.recipe import Recipe
from rnntui.training.loop import start, train
from tests.support.plain import kind_settings, token_data, value_data

torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")

TOLERANCE = {"float32": 1e-5, "float64": 1e-10}
KINDS = ("tanh", "relu", "gru", "lstm")


def module(kind, named, layers):
    """PyTorch's recurrent module and head with those weights."""
    inputs, hidden = named["rnn.weight_ih_l0"].shape[1], named["head.weight"].shape[1]
    if kind in ("gru", "lstm"):
        rnn = {"gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[kind](inputs, hidden, layers)
    else:
        rnn = torch.nn.RNN(inputs, hidden, layers, nonlinearity=kind)
    net = torch.nn.ModuleDict(
        {"rnn": rnn, "head": torch.nn.Linear(hidden, len(named["head.bias"]))}
    )
    net.to(torch.from_numpy(named["head.bias"]).dtype)
    net.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in named.items()})
    return net


def torch_loss(net, batch, state, width):
    """The mean loss of a chunk and the state after it."""
    inputs, targets = torch.from_numpy(batch.inputs.astype(np.float64)), batch.targets
    dtype = next(net.parameters()).dtype
    x = torch.nn.functional.one_hot(inputs.long(), width) if inputs.ndim == 2 else inputs
    h, state = net["rnn"](x.to(dtype), state)
    y = net["head"](h)
    if targets.ndim == 2:
        target = torch.from_numpy(targets.astype(np.int64)).reshape(-1)
        return torch.nn.functional.cross_entropy(y.reshape(-1, width), target), state
    difference = y - torch.from_numpy(targets.copy()).to(dtype)
    return 0.5 * difference.square().sum(-1).mean(), state


def detached(state):
    return tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()


def assert_close(ours, theirs, tolerance):
    largest = max(1e-30, np.abs(theirs).max())
    assert np.abs(ours - theirs).max() <= tolerance * largest


CASES = list(
    itertools.product(KINDS, ("float32", "float64"), ("tokens", "values"), (1, 2), (1, 6, 16))
)


@pytest.mark.parametrize(("kind", "dtype", "task", "layers", "batch"), CASES)
def test_losses_and_gradients(kind, dtype, task, layers, batch):
    rng = np.random.default_rng(7)
    hidden, width, tolerance = 64 if batch == 16 else 12, 5, TOLERANCE[dtype]
    size = batch * 36 + 1
    data = (
        token_data(rng.integers(0, width, size), width)
        if task == "tokens"
        else value_data(rng.normal(size=(size, width)))
    )
    recipe = Recipe().replace(
        task=task,
        dtype=dtype,
        layers=layers,
        hidden=hidden,
        batch=batch,
        seq_len=18,
        optimizer="sgd",
        lr=0.5,
        clip=0.0,
        steps=2,
        **kind_settings(kind),
    )
    state = start(recipe, data)
    state.parameters.flat += rng.normal(scale=0.1, size=state.parameters.flat.size).astype(dtype)
    updates, torch_state = train(recipe, data, state), None
    for _ in range(2):  # the second goes on from the state after the first
        before = named_parameters(state.parameters)
        net = module(kind, before, layers)
        chunk = next(updates)
        loss, torch_state = torch_loss(net, chunk._batch, torch_state, width)
        loss.backward()
        assert chunk.loss == pytest.approx(loss.item(), rel=tolerance)
        after = named_parameters(state.parameters)
        for name, parameter in net.named_parameters():
            step = before[name].astype(np.float64) - after[name]
            if not step.any():  # the bias that is not trained
                assert "bias_hh" in name
                continue
            theirs = parameter.grad.numpy() * 0.5
            if "bias_hh" in name:  # of which only the last gate's is trained
                theirs = theirs * (step != 0)
            scale = max(np.abs(before[name]).max(), np.abs(theirs).max())  # p - lr g is rounded
            assert np.abs(step - theirs).max() <= tolerance * scale, name
        for ours, theirs in zip(
            state.hidden.swapaxes(0, 1), torch.stack(as_parts(torch_state)).detach(), strict=True
        ):
            assert_close(ours, theirs.numpy(), tolerance)
        torch_state = detached(torch_state)


def as_parts(state):
    return state if isinstance(state, tuple) else (state,)


OPTIMIZERS = [
    ("sgd", {}, torch.optim.SGD, {}),
    ("momentum", {"momentum": 0.9}, torch.optim.SGD, {"momentum": 0.9}),
    ("rmsprop", {}, torch.optim.RMSprop, {}),
    ("rmsprop", {"rms_decay": 0.95}, torch.optim.RMSprop, {"alpha": 0.95}),
    ("adagrad", {}, torch.optim.Adagrad, {}),
    ("adam", {}, torch.optim.Adam, {}),
    ("adam", {"beta1": 0.8, "beta2": 0.99}, torch.optim.Adam, {"betas": (0.8, 0.99)}),
    ("adamw", {"weight_decay": 0.1}, torch.optim.AdamW, {"weight_decay": 0.1}),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bound", [0.0, 0.5])
@pytest.mark.parametrize("mode", ["norm", "value"])
@pytest.mark.parametrize(("name", "ours", "kind", "options"), OPTIMIZERS)
def test_updates(name, ours, kind, options, mode, bound, dtype):
    rng = np.random.default_rng(1)
    p, g = aligned((500,), dtype), aligned((500,), dtype)
    p[:] = rng.normal(size=500)
    theirs = torch.nn.Parameter(torch.from_numpy(p.copy()))
    torch_optimizer = kind([theirs], lr=0.01, **options)
    optimizer = make_optimizer(name, p, g, Coefficients(**ours))
    for _ in range(3):
        g[:] = rng.normal(size=500)
        theirs.grad = torch.from_numpy(g.copy())
        norm = gradient_norm(g)
        clip(g, norm, bound, mode)
        optimizer.step(0.01)
        if bound and mode == "norm":
            assert norm == pytest.approx(torch.nn.utils.clip_grad_norm_(theirs, bound).item())
        elif bound:
            torch.nn.utils.clip_grad_value_(theirs, bound)
        torch_optimizer.step()
        # PyTorch divides by the norm + 1e-6 when it clips.
        tolerance = max(TOLERANCE[dtype], 1e-7 if bound and mode == "norm" else 0.0)
        assert_close(p, theirs.detach().numpy(), tolerance)
