"""Training data: sources, tokens, series, and the streams in which a network reads them.

Importing this package does not import NumPy; its public names are imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rnntui.data.baseline import baselines
    from rnntui.data.corpus import CorpusInfo, catalogue
    from rnntui.data.dataset import Dataset, TokenData, ValueData, sequences
    from rnntui.data.loading import load
    from rnntui.data.source import guess_task, is_pipe, precheck
    from rnntui.data.stream import Batch, Stream
    from rnntui.data.tokenizer import Tokenizer

__all__ = [
    "Batch",
    "CorpusInfo",
    "Dataset",
    "Stream",
    "TokenData",
    "Tokenizer",
    "ValueData",
    "baselines",
    "catalogue",
    "guess_task",
    "is_pipe",
    "load",
    "precheck",
    "sequences",
]

_HOME = {
    "Batch": "stream",
    "CorpusInfo": "corpus",
    "Dataset": "dataset",
    "Stream": "stream",
    "TokenData": "dataset",
    "Tokenizer": "tokenizer",
    "ValueData": "dataset",
    "baselines": "baseline",
    "catalogue": "corpus",
    "guess_task": "source",
    "is_pipe": "source",
    "load": "loading",
    "precheck": "source",
    "sequences": "dataset",
}


def __getattr__(name: str) -> Any:
    """Import the public names when they are first used: NumPy costs 85 ms."""
    if name in _HOME:
        return getattr(import_module(f"rnntui.data.{_HOME[name]}"), name)
    raise AttributeError(f"module 'rnntui.data' has no attribute '{name}'")
