"""The clusters of an adaptive softmax, from the tokens to train on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnntui.clusters import Clusters, choose_clusters
from rnntui.data.spread import spread

MOST_COUNTED = 4_000_000  # tokens; of more, as many, in 32 pieces spread evenly


def clusters_of(tokens: NDArray[Any], vocab: int) -> Clusters:
    """Clusters by how often each token occurs in `tokens` (N,)."""
    counts = np.bincount(spread(tokens, MOST_COUNTED), minlength=vocab)
    return choose_clusters(counts.tolist())
