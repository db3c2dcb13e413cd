"""Training and writing compared with PyTorch, JAX and a plain loop, as the README's table has it.

    python -m tests.benchmarks.comparison [--peer-python PYTHON] [--avx2] [--resume] [--renew]
                                          [CONFIG ...]

The others run in PYTHON, which needs torch and jax (what is absent is left out, with the reason),
rnntui in the Python that runs this. All start from the same weights, read the same streams, and
must agree on the first loss and on every gradient (or, writing, on the outputs) before they are
timed. On one core, CPU time is compared; on two, wall time, without the rounds in which other
programs were busy. Results are written after each config: --resume goes on with those that have
none yet, and --renew puts the tables into the README and the guide at the end. Of PyTorch there are
its modules and code by hand, of JAX a scan and one with gradients of its own: the tables show the
faster of each. Linux only.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rnntui.bench.products import peak
from rnntui.bench.workload import TRAINING, Workload
from tests.benchmarks import results
from tests.benchmarks.problems import training_problem, writing_problem
from tests.benchmarks.rotation import Program, Times, rotate
from tests.benchmarks.vector import only_avx2

PEAK_SECONDS = 1.5
TWO_CORES_FROM = 8  # streams: fewer are not worth a second process


@dataclass(frozen=True)
class Config:
    """What is compared: a network that is trained, or that writes."""

    workload: Workload
    writes: bool = False

    @property
    def name(self) -> str:
        """`lstm 2x128 B50 T50`, `writing lstm 1x128`."""
        work = self.workload
        network = f"{work.cell} {work.layers}x{work.hidden}"
        return f"writing {network}" if self.writes else f"{network} B{work.batch} T{work.steps}"


CONFIGS = [
    *(Config(workload) for workload in TRAINING),
    *(Config(Workload("lstm", 1, hidden, 1), True) for hidden in (128, 512)),
]


def one_core(config: Config, peer: str) -> list[Program]:
    """Who is timed by CPU time."""
    own = Program("ours", sys.executable, "ours")
    if config.writes:
        cell = Program("torch cell", peer, "torch_writing", words=("cell",))
        return [own, Program("torch", peer, "torch_writing"), cell]
    programs = [own, Program("torch", peer, "torch_training")]
    programs.append(Program("torch by hand", peer, "torch_by_hand"))
    programs.append(Program("jax", peer, "jax_training", one_core=True))
    programs.append(Program("jax by hand", peer, "jax_by_hand", one_core=True))
    if config.workload.batch == 1:
        programs.append(Program("loop", sys.executable, "loop_training"))
    return programs


def two_cores(config: Config, peer: str) -> list[Program]:
    """Who is timed by wall time."""
    if config.writes or config.workload.batch < TWO_CORES_FROM:
        return []
    return [
        Program("ours", sys.executable, "ours", 2),
        Program("torch, 1 thread", peer, "torch_training", 1),
        Program("torch, 2 threads", peer, "torch_training", 2),
        Program("torch by hand, 1 thread", peer, "torch_by_hand", 1),
        Program("torch by hand, 2 threads", peer, "torch_by_hand", 2),
        Program("jax", peer, "jax_training", 2),
        Program("jax by hand", peer, "jax_by_hand", 2),
    ]


def compare(config: Config, peer: str, rounds: int, patience: float, starts: int) -> dict[str, Any]:
    """The results of one config."""
    make = writing_problem if config.writes else training_problem
    with tempfile.TemporaryDirectory() as folder:
        problem = Path(folder) / "problem.npz"
        make(config.workload).save(problem)
        best = peak(PEAK_SECONDS)
        found = {
            **asdict(config.workload),
            "tokens": config.workload.tokens,
            "operations": config.workload.operations,
            "peak_flops": results.rounded(best.rate),
            "one core": _as_json(
                rotate(one_core(config, peer), problem, False, rounds, starts=starts)
            ),
        }
        programs = two_cores(config, peer)
        if programs:
            times = rotate(programs, problem, True, rounds, 0.4, patience, starts)
            found["two cores"] = _as_json(times)
        return found


def _as_json(times: Times) -> dict[str, Any]:
    return {**asdict(times), "rounds": results.rounded(times.rounds)}


def summary(found: dict[str, Any]) -> str:
    """A line for each way a config was timed."""
    lines = []
    for cores in ("one core", "two cores"):
        times = found.get(cores)
        if times is None:
            continue
        rounds = times["rounds"]
        told = [f"{name} ÷ ours {results.spread(results.ratios(rounds, name))}" for name in rounds]
        lost = f"; {times['dropped']} rounds dropped" if times["dropped"] else ""
        lost += "".join(f"; {reason}" for reason in times["absent"])
        ours = f"ours {1e3 * median(rounds['ours']):.3g} ms" if rounds["ours"] else "no quiet round"
        lines.append(f"  {cores}: {', '.join([ours, *told[1:]])}{lost}")
    return "\n".join(lines)


def main() -> None:
    """Compare, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("config", nargs="*", help="; ".join(config.name for config in CONFIGS))
    parser.add_argument("--peer-python", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--avx2", action="store_true", help="leave AVX-512 unused, in all of them")
    parser.add_argument("--rounds", type=int, default=3, help="after each start")
    parser.add_argument("--starts", type=int, default=3, help="of every program")
    parser.add_argument(
        "--patience", type=float, default=40.0, help="seconds to wait for quiet rounds"
    )
    parser.add_argument("--renew", action="store_true", help="write the tables")
    parser.add_argument("--resume", action="store_true", help="only what has no result yet")
    arguments = parser.parse_args()
    if arguments.avx2:
        only_avx2("tests.benchmarks.comparison")
    unknown = set(arguments.config) - {config.name for config in CONFIGS}
    if unknown:
        parser.error(f"no such config: {', '.join(unknown)}")
    before = results.read(results.COMPARISON) if arguments.resume or arguments.config else {}
    written = {**results.circumstances(), "configs": before.get("configs", {})}
    for config in CONFIGS:
        if arguments.config and config.name not in arguments.config:
            continue
        if arguments.resume and config.name in written["configs"]:
            continue
        print(config.name, flush=True)
        found = written["configs"][config.name] = compare(
            config, arguments.peer_python, arguments.rounds, arguments.patience, arguments.starts
        )
        print(summary(found), flush=True)
        results.write(results.COMPARISON, written)
    if arguments.renew:
        from tests.support import readme

        readme.main()


if __name__ == "__main__":
    main()
