"""PyTorch without its modules and without autograd, as an expert would write it for speed.

The input is a table lookup, forward and backward are written out over preallocated arrays, weight
gradients are products over all steps, and fused Adam sees one flat parameter.
"""

from __future__ import annotations

import torch

from tests.benchmarks.peers.problem import Problem, Sizes, disagreement
from tests.benchmarks.peers.serving import problem, serve, threads

Tensor = torch.Tensor
ALIGNED = 16  # numbers: tensors of the flat vector start on a cache line
# Which of PyTorch's gates stand where: the LSTM's as o, i, f, g, so that sigmoids are neighbours.
ORDER = {"rnn": [0], "gru": [0, 1, 2], "lstm": [3, 0, 1, 2]}


class Rnn:
    """h = tanh(a + h W)."""

    def __init__(self, sizes: Sizes) -> None:
        self.h = torch.zeros(sizes.steps + 1, sizes.batch, sizes.hidden)
        self.carried = [self.h]

    def forward(self, a: Tensor, Wh: Tensor, bh: Tensor | None) -> None:
        """From the input's part a (T, B, H), which is used up."""
        h = self.h
        for t in range(len(a)):
            torch.tanh(a[t].addmm_(h[t], Wh), out=h[t + 1])

    def backward(self, a: Tensor, dh: Tensor, Wh: Tensor) -> tuple[Tensor, Tensor]:
        """From dh (T, B, H), which is added to: gradients of the products with h, and of a."""
        dz, back = 1 - self.h[1:] * self.h[1:], Wh.t()
        for t in range(len(a) - 1, -1, -1):
            dz[t].mul_(dh[t])
            if t:
                dh[t - 1].addmm_(dz[t], back)
        return dz, dz


class Gru:
    """r, z = sigmoid;  n = tanh(a + r m) with m = h W + b;  h = n + z (h - n)."""

    def __init__(self, sizes: Sizes) -> None:
        self.h = torch.zeros(sizes.steps + 1, sizes.batch, sizes.hidden)
        self.m = torch.zeros(sizes.steps, sizes.batch, 3 * sizes.hidden)
        self.carried = [self.h]

    def forward(self, a: Tensor, Wh: Tensor, bh: Tensor | None) -> None:
        """From the input's part a (T, B, 3 H), where r, z, n are afterwards."""
        h, H = self.h, self.h.shape[2]
        for t in range(len(a)):
            m = torch.addmm(bh, h[t], Wh, out=self.m[t])
            rz, n = a[t, :, : 2 * H], a[t, :, 2 * H :]
            rz.add_(m[:, : 2 * H]).sigmoid_()
            n.addcmul_(rz[:, :H], m[:, 2 * H :]).tanh_()
            torch.lerp(n, h[t], rz[:, H:], out=h[t + 1])

    def backward(self, a: Tensor, dh: Tensor, Wh: Tensor) -> tuple[Tensor, Tensor]:
        """From dh (T, B, H), which is added to: gradients of the products with h, and of a."""
        H, back, dm = dh.shape[2], Wh.t(), self.m
        r, z, n = a.chunk(3, 2)
        kept, reset, to_n = z.clone(), r.clone(), (1 - n * n) * (1 - z)
        to_z, to_r = (self.h[:-1] - n) * z * (1 - z), dm[:, :, 2 * H :] * r * (1 - r)
        for t in range(len(a) - 1, -1, -1):
            dr, dz, dn = a[t].chunk(3, 1)
            torch.mul(dh[t], to_n[t], out=dn)
            torch.mul(dh[t], to_z[t], out=dz)
            torch.mul(dn, to_r[t], out=dr)
            dm[t, :, : 2 * H] = a[t, :, : 2 * H]
            torch.mul(dn, reset[t], out=dm[t, :, 2 * H :])
            if t:
                dh[t - 1].addmm_(dm[t], back).addcmul_(dh[t], kept[t])
        return dm, a


class Lstm:
    """o, i, f = sigmoid, g = tanh;  c = f c + i g;  h = o tanh(c)."""

    def __init__(self, sizes: Sizes) -> None:
        self.h, self.c = torch.zeros(2, sizes.steps + 1, sizes.batch, sizes.hidden)
        self.tanh_c = torch.zeros(sizes.steps, sizes.batch, sizes.hidden)
        self.carried = [self.h, self.c]

    def forward(self, a: Tensor, Wh: Tensor, bh: Tensor | None) -> None:
        """From the input's part a (T, B, 4 H), where the gates are afterwards."""
        h, c, H = self.h, self.c, self.h.shape[2]
        for t in range(len(a)):
            gates = a[t].addmm_(h[t], Wh)
            gates[:, : 3 * H].sigmoid_()
            gates[:, 3 * H :].tanh_()
            o, i, f, g = gates.chunk(4, 1)
            torch.addcmul(f * c[t], i, g, out=c[t + 1])
            torch.mul(o, torch.tanh(c[t + 1], out=self.tanh_c[t]), out=h[t + 1])

    def backward(self, a: Tensor, dh: Tensor, Wh: Tensor) -> tuple[Tensor, Tensor]:
        """From dh (T, B, H), which is added to: gradients of the products with h, and of a."""
        back, dc, h = Wh.t(), torch.zeros_like(dh[0]), self.h[1:]
        o, i, f, g = a.chunk(4, 2)
        to_o, to_c, forget = h * (1 - o), o - h * self.tanh_c, f.clone()
        others = i * g * (1 - i), f * (1 - f) * self.c[:-1], i * (1 - g * g)
        to_ifg = torch.stack(others, 2)  # (T, B, 3, H)
        by_gate = a.view(*a.shape[:2], 4, -1)
        for t in range(len(a) - 1, -1, -1):
            dc.addcmul_(dh[t], to_c[t])
            torch.mul(dh[t], to_o[t], out=by_gate[t, :, 0])
            torch.mul(dc[:, None], to_ifg[t], out=by_gate[t, :, 1:])
            if t:
                dc.mul_(forget[t])
                dh[t - 1].addmm_(a[t], back)
        return a, a


CELLS = {"rnn": Rnn, "gru": Gru, "lstm": Lstm}


class Trainer:
    """An update per chunk; the state goes on from chunk to chunk."""

    def __init__(self, given: Problem) -> None:
        self.sizes, self.chunks = given.sizes, given.chunks()
        named = {name: self._ours(name, array) for name, array in given.weights.items()}
        if self.sizes.cell != "gru":  # whose second bias alone is not the same as the first
            named = {name: tensor for name, tensor in named.items() if "bias_hh" not in name}
        sizes = {name: -(-tensor.numel() // ALIGNED) * ALIGNED for name, tensor in named.items()}
        flat, slopes = torch.zeros(2, sum(sizes.values()))
        self.p, self.g, at = {}, {}, 0
        for name, tensor in named.items():
            part = slice(at, at + tensor.numel())
            self.p[name], self.g[name] = (each[part].view(tensor.shape) for each in (flat, slopes))
            self.p[name].copy_(tensor)
            at += sizes[name]
        self.gradient, parameter = slopes, torch.nn.Parameter(flat)
        parameter.grad = slopes
        self.adam = torch.optim.Adam([parameter], self.sizes.lr, fused=True)
        self.cells = [CELLS[self.sizes.cell](self.sizes) for _ in range(self.sizes.layers)]
        self.one_hot = torch.eye(self.sizes.vocab)

    def _ours(self, name: str, array) -> Tensor:
        """A tensor of PyTorch's in the order and, of matrices, the orientation used here."""
        tensor = torch.from_numpy(array)
        if not name.startswith("head"):
            by_gate = tensor.view(len(ORDER[self.sizes.cell]), self.sizes.hidden, -1)
            tensor = by_gate[ORDER[self.sizes.cell]].reshape(tensor.shape)
        return tensor.t().contiguous() if tensor.ndim == 2 else tensor

    def loss(self, x: Tensor, y: Tensor) -> Tensor:
        """The mean loss of a chunk (T, B); the gradients are in `g`, the state in the cells."""
        T, B, H = self.sizes.steps, self.sizes.batch, self.sizes.hidden
        p, g, rows, inputs = self.p, self.g, T * B, []
        for n, cell in enumerate(self.cells):
            Wx, b = p[f"rnn.weight_ih_l{n}"], p[f"rnn.bias_ih_l{n}"]
            if n == 0:
                a = torch.nn.functional.embedding(x.view(-1), Wx + b)
            else:
                a = torch.addmm(b, self.cells[n - 1].h[1:].view(rows, H), Wx)
            inputs.append(a.view(T, B, -1))
            cell.forward(inputs[n], p[f"rnn.weight_hh_l{n}"], p.get(f"rnn.bias_hh_l{n}"))
        top, targets = self.cells[-1].h[1:].view(rows, H), y.view(-1, 1)
        logits = torch.addmm(p["head.bias"], top, p["head.weight"])
        log_p = torch.log_softmax(logits, 1)
        loss = -log_p.gather(1, targets).mean()
        dy = log_p.exp_().scatter_add_(1, targets, torch.full((rows, 1), -1.0)).div_(rows)
        torch.mm(top.t(), dy, out=g["head.weight"])
        torch.sum(dy, 0, out=g["head.bias"])
        dh = torch.mm(dy, p["head.weight"].t()).view(T, B, H)
        for n in range(len(self.cells) - 1, -1, -1):
            dh = self._layer(n, x, inputs[n], dh)
        return loss

    def _layer(self, n: int, x: Tensor, a: Tensor, dh: Tensor) -> Tensor:
        """The gradients of layer n, and the `dh` of the one below."""
        cell, p, g = self.cells[n], self.p, self.g
        recurrent, inner = cell.backward(a, dh, p[f"rnn.weight_hh_l{n}"])
        recurrent, inner = (each.view(-1, each.shape[2]) for each in (recurrent, inner))
        before = cell.h[:-1].view(-1, cell.h.shape[2])
        torch.mm(before.t(), recurrent, out=g[f"rnn.weight_hh_l{n}"])
        torch.sum(inner, 0, out=g[f"rnn.bias_ih_l{n}"])
        if f"rnn.bias_hh_l{n}" in g:
            torch.sum(recurrent, 0, out=g[f"rnn.bias_hh_l{n}"])
        below = self.one_hot[x.view(-1)] if n == 0 else self.cells[n - 1].h[1:]
        torch.mm(below.reshape(len(inner), -1).t(), inner, out=g[f"rnn.weight_ih_l{n}"])
        if n == 0:
            return dh
        return torch.mm(inner, p[f"rnn.weight_ih_l{n}"].t()).view(dh.shape)

    def first_gradient(self, given: Problem) -> float:
        """How far the first loss and gradients are from the problem's."""
        x, y, _ = next(given.chunks())
        loss = self.loss(torch.from_numpy(x).contiguous(), torch.from_numpy(y).contiguous())
        theirs = {name: self._ours(name, given.gradients[name]).numpy() for name in self.g}
        agreeing = Problem(given.sizes, given.rows, {}, given.loss, theirs, given.logits)
        return disagreement(agreeing, loss.item(), {n: t.numpy() for n, t in self.g.items()})

    def run(self, n: int) -> float:
        """So many updates; the last loss."""
        value = 0.0
        for _ in range(n):
            x, y, starts = next(self.chunks)
            for state in (state for cell in self.cells for state in cell.carried):
                state[0] = 0 if starts else state[-1]
            value = self.loss(torch.from_numpy(x), torch.from_numpy(y)).item()
            norm = self.gradient.norm().item()
            if norm > self.sizes.clip:
                self.gradient.mul_(self.sizes.clip / norm)
            self.adam.step()
        return value


if __name__ == "__main__":
    torch.set_num_threads(threads())
    torch.set_flush_denormal(True)
    torch.set_grad_enabled(False)
    given = problem()
    agreement = Trainer(given).first_gradient(given)
    serve(Trainer(given).run, f"torch {torch.__version__}", agreement)
