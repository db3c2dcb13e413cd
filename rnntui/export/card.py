"""What the card of an exported network and the page of a run say about it."""

from __future__ import annotations

from pathlib import PurePath

from rnntui.export.network import Network
from rnntui.numbers import count
from rnntui.recipe import Recipe
from rnntui.text import safe_text


def network_in_words(recipe: Recipe) -> str:
    """Describe the cells in a few words: "2 layers of 128 GRU cells"."""
    model = recipe.model
    cell = f"{model.activation} RNN" if model.cell == "rnn" else model.cell.upper()
    layers = "1 layer" if model.layers == 1 else f"{model.layers} layers"
    return f"{layers} of {count(model.hidden)} {cell} cells"


def source_in_words(source: str) -> str:
    """Return the name of a source without anyone's directories, safe to show."""
    kind, colon, rest = source.partition(":")
    if colon and kind in ("corpus", "text", "values"):
        return safe_text(rest if kind == "corpus" else f"a {kind} given in the recipe")
    return safe_text(PurePath(source.replace("\\", "/")).name or source)


def unit_in_words(network: Network) -> str:
    """Return what the network predicts: "the next character" or "the next row"."""
    return f"the next {network.data.unit if network.recipe.data.task == 'tokens' else 'row'}"
