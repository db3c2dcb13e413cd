"""PyTorch writing a character at a time: nn.LSTM and its like on one step of one stream.

With the word "cell" as its third argument: nn.LSTMCell and its like, which is faster.
"""

from __future__ import annotations

import sys

import numpy as np
import torch

from tests.benchmarks.peers.problem import Problem
from tests.benchmarks.peers.serving import problem, serve, threads
from tests.benchmarks.peers.torch_training import MODULES

CELLS = {"rnn": torch.nn.RNNCell, "gru": torch.nn.GRUCell, "lstm": torch.nn.LSTMCell}


class Writer:
    """Draws each character from the softmax of the last one's outputs."""

    def __init__(self, given: Problem, cell: bool) -> None:
        sizes = given.sizes
        tensors = {name: torch.from_numpy(array) for name, array in given.weights.items()}
        self.head = torch.nn.Linear(sizes.hidden, sizes.vocab)
        self.head.load_state_dict(_part(tensors, "head."))
        rnn = _part(tensors, "rnn.")
        self.cell = cell
        if cell:
            self.rnn = CELLS[sizes.cell](sizes.vocab, sizes.hidden)
            rnn = {name.removesuffix("_l0"): tensor for name, tensor in rnn.items()}
        else:
            self.rnn = MODULES[sizes.cell](sizes.vocab, sizes.hidden)
        self.rnn.load_state_dict(rnn)
        self.one_hot = torch.eye(sizes.vocab)
        self.state, self.token = None, 0

    def logits(self, token: int):
        """The outputs (V,) after one more character."""
        x = self.one_hot[token : token + 1]
        if self.cell:
            self.state = self.rnn(x, self.state)
            top = self.state[0] if isinstance(self.state, tuple) else self.state
            return self.head(top)[0]
        output, self.state = self.rnn(x, self.state)  # (1, H): one step without a batch
        return self.head(output)[0]

    def run(self, n: int) -> float:
        """So many characters; the last one."""
        with torch.inference_mode():
            for _ in range(n):
                p = torch.softmax(self.logits(self.token), 0)
                self.token = int(torch.multinomial(p, 1))
        return float(self.token)

    def first_outputs(self, given: Problem) -> float:
        """How far the outputs for the problem's text are from its own."""
        with torch.inference_mode():
            tokens = given.rows[: len(given.logits), 0]
            theirs = np.stack([self.logits(int(token)).numpy() for token in tokens])
        self.state = None
        return float(np.abs(theirs - given.logits).max() / np.abs(given.logits).max())


def _part(tensors, prefix):
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }


if __name__ == "__main__":
    torch.set_num_threads(threads())
    given = problem()
    writer = Writer(given, sys.argv[3:] == ["cell"])
    serve(writer.run, f"torch {torch.__version__}", writer.first_outputs(given))
