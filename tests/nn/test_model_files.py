"""A model's weights under PyTorch's names: there and back, as a file, and in PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

from rnntui.errors import DataError
from rnntui.nn.model import ModelShape, Parameters, load_named_parameters, named_parameters
from rnntui.runs.store.tensors import from_bytes, to_bytes
from tests.support.plain import ACTIVATIONS, outputs

KINDS = ("tanh", "relu", "gru", "lstm")


def parameters(kind: str, layers: int, dtype: str = "float32", width: int = 5) -> Parameters:
    cell, activation = ("rnn", kind) if kind in ACTIVATIONS else (kind, "tanh")
    return Parameters(ModelShape("tokens", width, cell, activation, 8, layers, dtype))


def filled(*args, **options) -> Parameters:
    made = parameters(*args, **options)
    rng = np.random.default_rng(3)
    for array in made.tensors.values():
        array[...] = rng.normal(size=array.shape) * 0.4
        array.reshape(-1)[:2] = (-0.0, 0.0)
    return made


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_weights_come_back_to_the_last_bit(kind: str, layers: int, dtype: str):
    before, after = filled(kind, layers, dtype), parameters(kind, layers, dtype)
    load_named_parameters(after, from_bytes(to_bytes(named_parameters(before))))
    assert after.flat.tobytes() == before.flat.tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_two_biases_are_taken_as_one(kind: str):
    """A model that PyTorch trained has two biases per gate, and computes the same here."""
    rng = np.random.default_rng(5)
    named = named_parameters(filled(kind, 2, "float64"))
    for name in named:
        named[name] = rng.normal(size=named[name].shape) * 0.4
    loaded = parameters(kind, 2, "float64")
    load_named_parameters(loaded, named)
    tokens, hidden = rng.integers(0, 5, 9), np.zeros((2, loaded.shape.parts, 8))
    kind_hidden = hidden if loaded.shape.parts > 1 else hidden[:, 0]
    theirs, _ = outputs(named, kind, tokens, kind_hidden)
    ours, _ = outputs(named_parameters(loaded), kind, tokens, kind_hidden)
    assert np.abs(ours - theirs).max() < 1e-12


def test_another_model_is_refused():
    named, target = named_parameters(filled("lstm", 1)), parameters("lstm", 1)
    wrong = [
        {k: v for k, v in named.items() if k != "head.bias"},
        {**named, "\x1b[31m" * 50: named["head.bias"]},
        {**named, "head.bias": named["head.bias"][:-1]},
        {**named, "head.bias": np.array(1.0, np.float32)},
        {**named, "head.bias": np.zeros((1,) * 32, np.float32)},  # NumPy 1 allows no more
        named_parameters(filled("gru", 1)),
        named_parameters(filled("lstm", 2)),
    ]
    for weights in wrong:
        with pytest.raises(DataError) as error:
            load_named_parameters(target, weights)
        assert len(str(error.value)) <= 200
        assert str(error.value).isprintable()
    assert not target.flat.any()


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12, dtype=np.float32).reshape(3, 4).T,
        np.arange(24.0)[::2],
        np.arange(24, dtype=">f8").reshape(4, 6)[1:, ::3],
        np.array(1.5),
        np.zeros((0, 3), np.float32),
        np.arange(624, dtype=np.uint32),
        np.array([True, False]),
        np.arange(5, dtype=np.uint8),
        np.arange(5, dtype=np.int64) - 2**62,
    ],
)
def test_arrays_of_any_layout_are_written_as_they_are(array):
    data = to_bytes({"b": array, "a": np.ones(3)})
    assert data == to_bytes({"a": np.ones(3), "b": array})
    back = from_bytes(data)["b"]
    assert back.shape == array.shape
    assert back.dtype == array.dtype.newbyteorder("=")
    assert np.array_equal(back, array)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x" * 7,
        b"\xff" * 16,
        (2**40).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (2).to_bytes(8, "little") + b"{",
        (66).to_bytes(8, "little")
        + b'{"a":{"dtype":"F32","shape":[999999999999],"data_offsets":[0,4]}}  abcd',
    ],
)
def test_what_is_no_such_file_is_refused(data: bytes):
    with pytest.raises(ValueError, match="safetensors"):
        from_bytes(data)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", ["tanh", "gru", "lstm"])
def test_pytorch_opens_the_file_and_computes_the_same(tmp_path, kind: str, layers: int):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    load_file = pytest.importorskip("safetensors.torch").load_file
    named = named_parameters(filled(kind, layers, width=11))
    path = tmp_path / "model.safetensors"
    path.write_bytes(to_bytes(named))

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            cell = {"tanh": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[kind]
            self.rnn, self.head = cell(11, 8, layers), torch.nn.Linear(8, 11)

        def forward(self, x):
            return self.head(self.rnn(x)[0])

    net = Net()
    net.load_state_dict(load_file(path), strict=True)
    tokens = np.random.default_rng(2).integers(0, 11, 40)
    x = torch.nn.functional.one_hot(torch.from_numpy(tokens), 11).float()
    theirs = net(x[:, None])[:, 0].detach().numpy()
    hidden = np.zeros((layers, 2, 8)) if kind == "lstm" else np.zeros((layers, 8))
    ours, _ = outputs(named, kind, tokens, hidden)
    assert np.abs(ours - theirs).max() < 1e-5
