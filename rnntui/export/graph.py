"""A network as an ONNX graph, with everything that it needs in its metadata."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from rnntui import __version__
from rnntui.data import ValueData
from rnntui.errors import DataError
from rnntui.export.network import Adaptive, Array32, Network, scale, vocabulary
from rnntui.export.portable import without_paths
from rnntui.forecast.linear import Linear
from rnntui.recipe import to_toml

OPSET, IR = 18, 9
# PyTorch's gates in ONNX's order: r, z, n to z, r, h; i, f, g, o to i, o, f, c.
GATES = {"rnn": (0,), "gru": (1, 0, 2), "lstm": (0, 3, 1, 2)}
STATES = {"rnn": ("h",), "gru": ("h",), "lstm": ("h", "c")}


class Graph:
    """Nodes and constants in the making; methods return the name of what they add."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, array: NDArray[Any]) -> str:
        """Add a constant."""
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Add a node with one output."""
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def layer(self, kind: str, inputs: Sequence[str], outputs: Sequence[str], **more: Any) -> None:
        """Add a recurrent layer."""
        self.nodes.append(helper.make_node(kind, inputs, outputs, **more))


def to_onnx(network: Network, name: str) -> bytes:
    """Return the file. Raises DataError if its numbers do not fit into float32.

    Inputs: `input`, tokens (T, B) int64, or values (T, B, D) float32 in the file's units; states
    `h0` and, for the LSTM, `c0` (layers, B, H). Outputs: `output` (T, B, width), which is logits,
    log-probabilities of an adaptive softmax, or values in the file's units; `hn`, `cn`. With
    `difference`, `level0` (B, D) is the row before the first, and `leveln` the last row. With a
    skip connection that looks back L rows, `past0` (L - 1, B, D) are the scaled rows (or changes)
    before the first, and `pastn` the last ones; the first row stands for those there are not.
    """
    graph, model, width = Graph(), network.recipe.model, network.width
    parts, data = STATES[model.cell], network.data
    x = _scaled(graph, data) if isinstance(data, ValueData) else _one_hot(graph, width)
    skip = data.skip if isinstance(data, ValueData) else None
    beside = "" if skip is None else _beside(graph, skip, x)
    if beside:
        x = graph.node("Concat", [x, beside], "row_and_beside", axis=-1)
    outputs = _head(graph, network, _layers(graph, network, x))
    if beside:
        outputs = graph.node("Add", [outputs, beside], "with_beside")
    if isinstance(data, ValueData):
        _unscaled(graph, data, outputs)
    ints, floats = TensorProto.INT64, TensorProto.FLOAT
    rows, states = ["T", "B", width], [model.layers, "B", model.hidden]
    of_tokens, of_rows = ("input", ints, ["T", "B"]), ("input", floats, rows)
    inputs = [of_rows if isinstance(data, ValueData) else of_tokens]
    inputs += [(f"{part}0", floats, states) for part in parts]
    results = [("output", floats, rows), *((f"{part}n", floats, states) for part in parts)]
    if isinstance(data, ValueData) and data.levels is not None:
        inputs.append(("level0", floats, ["B", width]))
        results.append(("leveln", floats, ["B", width]))
    if skip is not None and skip.longest > 1:
        inputs.append(("past0", floats, [skip.longest - 1, "B", width]))
        results.append(("pastn", floats, [skip.longest - 1, "B", width]))
    made = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "rnntui",
            [helper.make_tensor_value_info(*one) for one in inputs],
            [helper.make_tensor_value_info(*one) for one in results],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR,
        producer_name="rnntui",
        producer_version=__version__,
    )
    helper.set_model_props(made, _metadata(network, name))
    onnx.checker.check_model(made, full_check=True)
    content: bytes = made.SerializeToString()
    return content


def _metadata(network: Network, name: str) -> dict[str, str]:
    data = network.data
    about = (
        ("scale", scale(data)) if isinstance(data, ValueData) else ("vocabulary", vocabulary(data))
    )
    return {
        "run": name,
        "update": str(network.step),
        "recipe": to_toml(without_paths(network.recipe)),
        about[0]: json.dumps(about[1]),
    }


def _one_hot(graph: Graph, width: int) -> str:
    depth = graph.constant("depth", np.array(width, np.int64))
    values = graph.constant("off_on", np.array([0, 1], np.float32))
    return graph.node("OneHot", ["input", depth, values], "x0", axis=-1)


def _scaled(graph: Graph, data: ValueData) -> str:
    """Standardize the rows, or the changes that lead to them."""
    rows = "input"
    if data.levels is not None:
        axis, minus = (
            graph.constant(n, np.array([v], np.int64)) for n, v in (("axis", 0), ("minus", -1))
        )
        first = graph.node("Unsqueeze", ["level0", axis], "first")
        zero, end = (
            graph.constant(n, np.array([v], np.int64)) for n, v in (("begin", 0), ("end", 2**62))
        )
        before = graph.node("Slice", ["input", zero, minus, axis], "but_last")
        before = graph.node("Concat", [first, before], "before", axis=0)
        rows = graph.node("Sub", ["input", before], "changes")
        last = graph.node("Slice", ["input", minus, end, axis], "last")
        graph.node("Squeeze", [last, axis], "leveln")
    mean, deviation = _constants(graph, data)
    return graph.node("Div", [graph.node("Sub", [rows, mean], "centred"), deviation], "x0")


def _beside(graph: Graph, skip: Linear, x: str) -> str:
    """What the linear method predicts after each row of x (T, B, D): a convolution over time."""
    longest, width = skip.longest, skip.weights.shape[1]
    seen = x
    if longest > 1:
        seen = graph.node("Concat", ["past0", x], "seen", axis=0)
        bounds = {"tail_begin": 1 - longest, "tail_end": 2**62, "tail_axis": 0}
        places = [graph.constant(n, np.array([v], np.int64)) for n, v in bounds.items()]
        graph.node("Slice", [seen, *places], "pastn")
    kernel = np.zeros((width, 1, longest), np.float32)
    for lag, weight in zip(skip.lags, skip.weights, strict=True):
        kernel[:, 0, longest - lag] = weight
    series = graph.node("Transpose", [seen], "series", perm=[1, 2, 0])
    weights = graph.constant("skip_weights", kernel)
    constant = graph.constant("skip_constant", skip.constant.astype(np.float32))
    found = graph.node("Conv", [series, weights, constant], "linear", group=width)
    return graph.node("Transpose", [found], "beside", perm=[2, 0, 1])


def _constants(graph: Graph, data: ValueData) -> tuple[str, str]:
    with np.errstate(over="ignore", under="ignore"):
        mean, deviation = data.mean.astype(np.float32), data.deviation.astype(np.float32)
    if not (np.isfinite(mean).all() and np.isfinite(deviation).all() and deviation.all()):
        raise DataError("the values of this run are too large or small for float32")
    return graph.constant("mean", mean), graph.constant("deviation", deviation)


def _unscaled(graph: Graph, data: ValueData, outputs: str) -> None:
    """Return to the file's units; a predicted change is added to the row it starts from."""
    scaled = graph.node("Mul", [outputs, "deviation"], "scaled")
    if data.levels is None:
        graph.node("Add", [scaled, "mean"], "output")
    else:
        change = graph.node("Add", [scaled, "mean"], "change")
        graph.node("Add", ["input", change], "output")


def _layers(graph: Graph, network: Network, x: str) -> str:
    model, weights = network.recipe.model, network.weights
    parts, layers = STATES[model.cell], range(model.layers)
    for part in parts:
        split = [f"{part}0_{n}" for n in layers]
        if model.layers > 1:
            graph.layer("Split", [f"{part}0"], split, axis=0, num_outputs=model.layers)
        else:
            graph.node("Identity", [f"{part}0"], split[0])
    direction = graph.constant("direction", np.array([1], np.int64))
    more: dict[str, Any] = {"hidden_size": model.hidden}
    if model.cell == "gru":
        more["linear_before_reset"] = 1  # the reset gate is applied after the recurrent product
    if model.cell == "rnn":
        more["activations"] = [model.activation.capitalize()]
    for n in layers:
        W, R, b_i, b_h = (
            _reordered(weights[f"rnn.{kind}_l{n}"], model.cell)
            for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        biases = np.concatenate([b_i, b_h])
        operands = [
            graph.constant(f"{name}{n}", array[None])
            for name, array in (("W", W), ("R", R), ("B", biases))
        ]
        given = [x, *operands, "", *(f"{part}0_{n}" for part in parts)]
        graph.layer(model.cell.upper(), given, [f"y{n}", *(f"{p}n_{n}" for p in parts)], **more)
        x = graph.node("Squeeze", [f"y{n}", direction], f"x{n + 1}")
    for part in parts:
        graph.node("Concat", [f"{part}n_{n}" for n in layers], f"{part}n", axis=0)
    return x


def _reordered(array: Array32, cell: str) -> Array32:
    """Return the rows of an array (G * H, …) with the gates in ONNX's order."""
    order = list(GATES[cell])
    rows = array.reshape(len(order), -1, *array.shape[1:])
    return rows[order].reshape(array.shape)


def _head(graph: Graph, network: Network, x: str) -> str:
    """Add the output layer: logits, log-probabilities, or scaled values."""
    if network.adaptive is not None:
        return _adaptive_head(graph, network, network.adaptive, x)
    name = "standardized" if isinstance(network.data, ValueData) else "output"
    return _linear(graph, network, "head", x, name)


def _linear(graph: Graph, network: Network, layer: str, x: str, name: str) -> str:
    W = graph.constant("Wy", network.weights[f"{layer}.weight"].T)
    b = graph.constant("by", network.weights[f"{layer}.bias"])
    return graph.node("Add", [graph.node("MatMul", [x, W], "product"), b], name)


def _adaptive_head(graph: Graph, network: Network, adaptive: Adaptive, x: str) -> str:
    """Add an adaptive softmax: log-probabilities in the order of the vocabulary.

    log p(w) is the head's, or that of the tail plus that of w within it.
    """
    head = adaptive.cutoffs[0]
    scores = _linear(graph, network, "head.head", x, "scores")
    scores = graph.node("LogSoftmax", [scores], "log_scores", axis=-1)
    last = graph.constant("last_axis", np.array([-1], np.int64))

    def columns(name: str, begin: int, end: int) -> str:
        bounds = [
            graph.constant(f"{name}_{which}", np.array([at], np.int64))
            for which, at in (("begin", begin), ("end", end))
        ]
        return graph.node("Slice", [scores, *bounds, last], name)

    parts = [columns("in_head", 0, head)]
    for n in adaptive.tails:
        inner = x
        for part in (0, 1):
            W = graph.constant(f"T{n}_{part}", network.weights[f"head.tail.{n}.{part}.weight"].T)
            inner = graph.node("MatMul", [inner, W], f"tail{n}_{part}")
        within = graph.node("LogSoftmax", [inner], f"within{n}", axis=-1)
        own = columns(f"score{n}", head + n, head + n + 1)
        parts.append(graph.node("Add", [within, own], f"in_tail{n}"))
    sorted_ = graph.node("Concat", parts, "by_frequency", axis=-1)
    places = graph.constant("places", np.argsort(adaptive.order).astype(np.int64))
    return graph.node("Gather", [sorted_, places], "output", axis=-1)
