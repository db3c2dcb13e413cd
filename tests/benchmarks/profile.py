"""Where the time of an update goes: matrix products, tanh and exp, other ufuncs, and the rest.

    python -m tests.benchmarks.profile [--avx2] [--seconds 2]

NumPy's functions are wrapped before the network is imported, and what the wrapping itself costs is
measured and taken off. The rest is Python, table lookups, sorting and copies.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from itertools import islice
from statistics import median
from typing import Any

import numpy as np

from tests.benchmarks import results
from tests.benchmarks.vector import only_avx2

KINDS = ("products", "tanh", "ufuncs")
UFUNCS = ("add", "subtract", "multiply", "divide", "log", "sqrt", "maximum", "sign", "abs")
WINDOWS = 5


class Account:
    """Seconds and calls by kind."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin again."""
        self.seconds = dict.fromkeys(KINDS, 0.0)
        self.calls = dict.fromkeys(KINDS, 0)


class Timed:
    """A function of NumPy that tells an account how long its calls took."""

    def __init__(self, function: Callable[..., Any], kind: str, account: Account) -> None:
        self._function, self._kind, self._account = function, kind, account

    def __call__(self, *args: Any, **options: Any) -> Any:
        began = time.perf_counter()
        result = self._function(*args, **options)
        self._account.seconds[self._kind] += time.perf_counter() - began
        self._account.calls[self._kind] += 1
        return result

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._function, name)
        return Timed(method, self._kind, self._account) if callable(method) else method


def wrap(account: Account) -> None:
    """Wrap NumPy's functions for the rest of this process."""
    from rnntui.nn.kernels import layout  # which imports nothing that uses its product

    np.matmul = Timed(np.matmul, "products", account)
    layout.dot = Timed(layout.dot, "products", account)
    np.tanh, np.exp = (Timed(each, "tanh", account) for each in (np.tanh, np.exp))
    for name in UFUNCS:
        setattr(np, name, Timed(getattr(np, name), "ufuncs", account))


def overhead() -> tuple[float, float]:
    """Seconds that a wrapped call adds to its kind, and to everything."""
    account, count = Account(), 200_000

    def nothing(_a: int, _b: int) -> None:
        pass

    def seconds(function: Callable[[int, int], Any]) -> float:
        began = time.perf_counter()
        for _ in range(count):
            function(1, 2)
        return (time.perf_counter() - began) / count

    plain = seconds(nothing)
    whole = seconds(Timed(nothing, "tanh", account)) - plain
    return max(0.0, account.seconds["tanh"] / count - plain), whole


def shares(run: Callable[[int], None], account: Account, seconds: float) -> dict[str, float]:
    """The time of one run in seconds ("total"), and the share of each kind and the rest."""
    inside, whole = overhead()
    run(3)
    began = time.perf_counter()
    run(1)
    count = max(1, int(seconds / WINDOWS / (time.perf_counter() - began)))
    windows = []
    for _ in range(WINDOWS):
        account.reset()
        began = time.perf_counter()
        run(count)
        total = time.perf_counter() - began - whole * sum(account.calls.values())
        kinds = {kind: account.seconds[kind] - inside * account.calls[kind] for kind in KINDS}
        found = {kind: spent / total for kind, spent in kinds.items()}
        windows.append({**found, "rest": 1 - sum(found.values()), "total": total / count})
    return {key: median(window[key] for window in windows) for key in windows[0]}


def profile(seconds: float) -> dict[str, dict[str, float]]:
    """The shares of every network, by its name."""
    account = Account()
    wrap(account)
    # From here on: with the functions wrapped.
    from rnntui.bench.workload import TRAINING, Workload, random_text
    from rnntui.training.loop import start, train, use_kernels, writer
    from rnntui.training.planning import trial_of
    from tests.benchmarks.comparison import Config

    text, found = random_text(), {}
    writing = [Workload("lstm", 1, hidden, 1) for hidden in (128, 512)]
    for config in [*map(Config, TRAINING), *(Config(work, True) for work in writing)]:
        recipe = config.workload.recipe()
        state = start(recipe, text)
        if state.kernel_trial is not None:
            use_kernels(state, trial_of(state.updater.plan).finish())
        each: Any = writer(state, text) if config.writes else train(recipe, text, state)

        def run(n: int, each: Any = each) -> None:
            for _ in islice(each, n):
                pass

        found[config.name] = shares(run, account, seconds)
        print(config.name, told(found[config.name]), flush=True)
    return found


def told(found: dict[str, float]) -> str:
    """The shares in words."""
    parts = ", ".join(f"{kind} {found[kind]:.0%}" for kind in (*KINDS, "rest"))
    return f"{1e3 * found['total']:.3g} ms: {parts}"


def main() -> None:
    """Profile, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="for each network")
    parser.add_argument("--avx2", action="store_true", help="leave AVX-512 unused")
    arguments = parser.parse_args()
    if arguments.avx2:
        only_avx2("tests.benchmarks.profile")
    found = profile(arguments.seconds)
    results.write(results.PROFILE, {**results.circumstances(), "configs": results.rounded(found)})


if __name__ == "__main__":
    main()
