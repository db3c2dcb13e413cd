"""What a recipe makes of data: the shape of the network."""

from __future__ import annotations

from rnntui.data import Dataset, TokenData
from rnntui.data.clusters import clusters_of
from rnntui.data.suffixes import suffixes_of
from rnntui.nn.model import ModelShape
from rnntui.recipe import Recipe


def shape_of(recipe: Recipe, data: Dataset) -> ModelShape:
    """The shape of the network for these data.

    An adaptive output has the clusters of the data or, where they have none because they were
    loaded for another recipe, those that loading would have chosen. So does a suffix table its
    suffixes. Raises UsageError for one with too large a vocabulary.
    """
    if not isinstance(data, TokenData):
        return ModelShape.of(recipe, len(data.features), known=data.known)
    vocab, clusters = data.tokenizer.vocab_size, data.clusters
    if clusters is None and recipe.model.output == "adaptive":
        clusters = clusters_of(data.tokens, vocab)
    suffixes = data.suffixes
    if suffixes is None and recipe.model.suffix:
        suffixes = suffixes_of(data.tokens, vocab, recipe.model.suffix)
    return ModelShape.of(recipe, vocab, clusters, suffixes=suffixes)
