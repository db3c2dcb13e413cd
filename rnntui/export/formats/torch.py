"""A folder that PyTorch alone can use: weights, their settings, and a program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnntui.errors import UsageError
from rnntui.export.format import CHECKPOINT, Export, Format, always

if TYPE_CHECKING:
    from rnntui.export.network import Network

DIVISOR = 4  # of the hidden units that a tail of an adaptive softmax reads, from tail to tail
SUFFIXES = """
`suffix.weight` is that of a `torch.nn.Embedding`: its row for the longest known suffix of the
tokens read is added to the logits. Suffix n, from 1, is entry n - 1 of `suffixes` in
vocabulary.json: the number of the suffix that it extends (0: none), and the token after that.
"""
PROGRAMS = Path(__file__).parents[1] / "programs"


def create(export: Export, target: Path) -> None:
    """Write the folder. Raises UsageError for cells that PyTorch lacks."""
    from rnntui.export.network import by_frequency, load_network
    from rnntui.export.writing import write_files
    from rnntui.runs.store.tensors import to_bytes

    network = load_network(export.run, export.which)
    _check(network)
    weights, order = by_frequency(network)
    name, data = _data(network, order)
    program = "generate.py" if network.recipe.data.task == "tokens" else "forecast.py"
    write_files(
        target,
        {
            "config.json": _json(_config(network)),
            name: _json(data),
            "model.safetensors": lambda: to_bytes(weights),
            program: (PROGRAMS / program).read_bytes(),
            "README.md": _card(network, export.run.name, program).encode(),
        },
    )


def _check(network: Network) -> None:
    model = network.recipe.model
    if model.cell == "rnn" and model.activation == "sigmoid":
        raise UsageError("PyTorch has no RNN with sigmoid cells: export --to onnx, which has")
    adaptive = network.adaptive
    if adaptive is not None and model.hidden < DIVISOR ** len(adaptive.cutoffs):
        raise UsageError("PyTorch's adaptive softmax needs more hidden units: export --to onnx")


def _config(network: Network) -> dict[str, Any]:
    model, sample = network.recipe.model, network.recipe.sample
    config: dict[str, Any] = {
        "model_type": "rnntui",
        "task": network.recipe.data.task,
        "cell": model.cell,
        "input_size": network.inputs,
        "hidden_size": model.hidden,
        "num_layers": model.layers,
        "update": network.step,
    }
    if model.cell == "rnn":
        config["nonlinearity"] = model.activation
    if network.recipe.data.task == "tokens":
        config["temperature"] = sample.temperature
    if network.adaptive is not None:
        config |= {"cutoffs": list(network.adaptive.cutoffs), "div_value": DIVISOR}
    return config


def _data(network: Network, order: tuple[int, ...]) -> tuple[str, dict[str, Any]]:
    """Return the name and content of the file about the data, with tokens in that order."""
    from rnntui.data import ValueData
    from rnntui.export.network import scale, vocabulary

    if isinstance(network.data, ValueData):
        return "scale.json", scale(network.data)
    about = vocabulary(network.data)
    symbols = [about["symbols"][token] for token in order]
    found = {**about, "symbols": symbols, "start": order.index(about["start"])}
    if network.suffixes is not None:
        found["suffixes"] = list(network.suffixes)
    return "vocabulary.json", found


def _json(table: dict[str, Any]) -> bytes:
    return json.dumps(table, indent=1, allow_nan=False).encode() + b"\n"


def _card(network: Network, run: str, program: str) -> str:
    from rnntui.export.card import network_in_words, source_in_words, unit_in_words
    from rnntui.numbers import count

    recipe = network.recipe
    text = program == "generate.py"
    example = 'generate.py "Once upon" --length 300' if text else "forecast.py --length 24"
    about = "vocabulary.json has its tokens" if text else "scale.json has its columns and scale"
    head = "Linear" if network.adaptive is None else "AdaptiveLogSoftmaxWithLoss"
    more = SUFFIXES if network.suffixes is not None else ""
    return f"""---
library_name: pytorch
tags: [recurrent-neural-network, {recipe.model.cell}]
---

# {run}

{network_in_words(recipe)} that predict {unit_in_words(network)}, trained with rnntui
on {source_in_words(recipe.data.source)} for {count(network.step)} updates.

    python {example}

needs PyTorch and nothing else. `model.safetensors` has {count(network.parameters)} numbers,
under the names of `torch.nn.{recipe.model.cell.upper()}` (`rnn.`) and
`torch.nn.{head}` (`head.`); config.json has the sizes, and {about}.
{more}"""


FORMAT = Format(
    name="torch",
    about="a folder with weights, card and a program that needs only PyTorch",
    suffix="-torch",
    create=create,
    folder=always,
    options=(CHECKPOINT,),
)
