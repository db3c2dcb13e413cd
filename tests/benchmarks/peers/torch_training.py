"""PyTorch: nn.RNN, nn.GRU or nn.LSTM, nn.Linear, cross_entropy, clip_grad_norm_, fused Adam.

Its modules take dense inputs, hence one-hot vectors, and train two biases per gate.
"""

from __future__ import annotations

import torch

from tests.benchmarks.peers.problem import Problem, disagreement
from tests.benchmarks.peers.serving import problem, serve, threads

MODULES = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}


class Trainer:
    """An update per chunk; the state goes on from chunk to chunk."""

    def __init__(self, given: Problem) -> None:
        self.sizes = sizes = given.sizes
        rnn = MODULES[sizes.cell](sizes.vocab, sizes.hidden, sizes.layers)
        head = torch.nn.Linear(sizes.hidden, sizes.vocab)
        self.net = torch.nn.ModuleDict({"rnn": rnn, "head": head})
        weights = {name: torch.from_numpy(array) for name, array in given.weights.items()}
        self.net.load_state_dict(weights)
        self.parameters = list(self.net.parameters())
        self.adam = torch.optim.Adam(self.parameters, sizes.lr, fused=True)
        self.one_hot = torch.eye(sizes.vocab)
        self.chunks, self.state = given.chunks(), None

    def loss(self, x, y):
        """The mean loss of a chunk, and the state after it."""
        output, state = self.net["rnn"](self.one_hot[x], self.state)
        logits = self.net["head"](output).view(-1, self.sizes.vocab)
        return torch.nn.functional.cross_entropy(logits, y.reshape(-1)), state

    def first_gradient(self, given: Problem) -> float:
        """How far the first loss and gradients are from the problem's."""
        x, y, _ = next(given.chunks())
        loss, _ = self.loss(torch.from_numpy(x), torch.from_numpy(y))
        loss.backward()
        trained = {n: p.grad.numpy() for n, p in self.net.named_parameters()}
        both = {name: grad for name, grad in trained.items() if name in given.gradients}
        return disagreement(given, loss.item(), both)

    def run(self, n: int) -> float:
        """So many updates; the last loss."""
        value = 0.0
        for _ in range(n):
            x, y, starts = next(self.chunks)
            if starts:
                self.state = None
            self.adam.zero_grad(set_to_none=True)
            loss, state = self.loss(torch.from_numpy(x), torch.from_numpy(y))
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.parameters, self.sizes.clip)
            self.adam.step()
            self.state = (
                tuple(part.detach() for part in state)
                if isinstance(state, tuple)
                else state.detach()
            )
            value = loss.item()
        return value


if __name__ == "__main__":
    torch.set_num_threads(threads())
    given = problem()
    trainer = Trainer(given)
    serve(trainer.run, f"torch {torch.__version__}", trainer.first_gradient(given))
