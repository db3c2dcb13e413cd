"""Every kernel gives the same losses, gradients and states, but for the roundings of float32."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from rnntui.errors import DataError
from rnntui.nn.cells import CELLS
from rnntui.nn.kernels.choice import ALTERNATIVES, REFERENCE, Kernels
from rnntui.nn.kernels.gate_sum import back_product
from rnntui.nn.kernels.layout import GateProduct
from rnntui.nn.model import ModelShape, Parameters, initialise
from rnntui.nn.network import Network

EACH = [Kernels(**{name: value}) for name, values in ALTERNATIVES.items() for value in values[1:]]
TOGETHER = Kernels(**{name: values[-1] for name, values in ALTERNATIVES.items()})
SAME_BITS = {"tokens", "steps"}
# A vocabulary and streams at which all alternatives do something else than the reference.
STEPS, BATCH, HIDDEN, VOCAB = 33, 8, 64, 65


def passed(
    cell: str, task: str, used: list[Kernels], dtype: str = "float32", hidden: int = HIDDEN
) -> list[NDArray[np.floating]]:
    """Losses, gradients and hidden states of as many chunks, each with kernels of its own."""
    shape = ModelShape(task, VOCAB, cell, "tanh", hidden, 2, dtype)
    weights, gradients = Parameters(shape), Parameters(shape)
    initialise(weights, "uniform", 0.0, np.random.RandomState(0))
    state, random = shape.hidden_state(BATCH), np.random.RandomState(1)
    network = Network(weights, STEPS, BATCH, gradients)
    found = []
    for kernels in used:
        network.use(kernels)
        x, y = (
            random.randint(0, VOCAB, (2, STEPS, BATCH))
            if task == "tokens"
            else random.normal(size=(2, STEPS, BATCH, VOCAB))
        )
        network.refresh()
        with np.errstate(over="ignore"):  # exp of a closed gate
            network.forward(x, state)
        found.append(np.array([network.total_loss(y)]))
        network.backward(1 / (STEPS * BATCH))
        network.final_state(state)
        found += [gradient.copy() for gradient in gradients.tensors.values()]
        found.append(state.copy())
    return found


def difference(ours: list[NDArray[np.floating]], theirs: list[NDArray[np.floating]]) -> float:
    """The largest one, relative to the largest entry of each array."""
    pairs = zip(ours, theirs, strict=True)
    return max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in pairs)


@pytest.mark.parametrize("cell", CELLS)
def test_each_kernel_agrees_with_the_reference(cell: str) -> None:
    reference = passed(cell, "tokens", [REFERENCE, REFERENCE])
    exact = passed(cell, "tokens", [REFERENCE, REFERENCE], "float64")
    assert difference(reference, exact) < 1e-5
    for kernels in [*EACH, TOGETHER]:
        ours = passed(cell, "tokens", [kernels, kernels])
        assert difference(ours, exact) < 1e-5, kernels
        if kernels.output == "exp" or (kernels.gates == "exp" and cell != "rnn"):
            assert difference(ours, reference) > 0, kernels
        if str(kernels).partition("=")[0] in SAME_BITS:
            assert difference(ours, reference) == 0, kernels


@pytest.mark.parametrize("layout", ALTERNATIVES["forward"])
@pytest.mark.parametrize("gates", [1, 3])
def test_each_layout_multiplies_every_row_by_every_gate(layout: str, gates: int) -> None:
    random = np.random.RandomState(0)
    weights, each = random.normal(size=(gates, 128, 64)), random.normal(size=(gates, 8, 128))
    product = GateProduct(weights, 8, layout=layout)
    product.refresh()
    assert product.blocked == (layout == "blocked")
    for x in (each[0], each):
        out = np.zeros((gates, 8, 64))
        product.multiply(x, out)
        assert np.allclose(out, x @ weights, atol=1e-12), layout


def test_stacked_gates_are_summed_by_one_product() -> None:
    random = np.random.RandomState(0)
    weights, dz = random.normal(size=(3, 64, 64)), random.normal(size=(3, 8, 64))
    product, out = back_product(weights, 8, "stacked"), np.zeros((3, 8, 64))
    product.refresh()
    product.inner(product.rows_of(dz), product.weights, product.out_of(out))
    assert not product.apart
    assert np.allclose(out[0], sum(dz @ weights.swapaxes(1, 2)), atol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_kernels_change_between_two_chunks(cell: str) -> None:
    reference = passed(cell, "values", [REFERENCE] * 3, "float64", hidden=12)
    ours = passed(cell, "values", [TOGETHER, REFERENCE, TOGETHER], "float64", hidden=12)
    assert difference(ours, reference) < 1e-12


@pytest.mark.parametrize("kernels", [REFERENCE, *EACH, TOGETHER], ids=str)
def test_the_text_of_kernels_says_which(kernels: Kernels) -> None:
    assert Kernels.parse(str(kernels)) == kernels


@pytest.mark.parametrize("text", ["sums=", "sums=fast", "x=plain", "plain", "sums=plain sums", "Z"])
def test_unknown_kernels_are_reported_in_a_line(text: str) -> None:
    with pytest.raises(DataError, match="unknown kernels: "):
        Kernels.parse(text)
