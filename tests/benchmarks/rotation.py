"""Programs that are timed in turn: A B C C B A …, so that a slow minute of the machine meets all.

Each runs in a process of its own, warmed up, and is then asked for short windows. A ratio is formed
within a round; medians are those of the rounds. All are started several times: how fast a process
is depends on where its memory happens to lie, by up to a third. Every second time they are started
the other way round, and so are rounds: of two processes of one program, the first was found to be
slower by 2 to 6 per cent.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile

from tests.support.terminal import cpu_seconds

ROOT = Path(__file__).resolve().parents[2]
OTHERS = 0.12  # of a core: what other programs may use before a round of wall time is dropped
PAUSE = 0.05  # seconds between windows, in which idle threads of the last one go to sleep


class AbsentError(Exception):
    """The program cannot run here; the text says why."""


@dataclass(frozen=True)
class Program:
    """A way to start an implementation: `module` of `tests.benchmarks.peers`, with `threads`."""

    name: str
    python: str
    module: str
    threads: int = 1
    words: tuple[str, ...] = ()
    one_core: bool = False  # bound to one core, where it would not do with a thread by itself


class Running:
    """A program that has started, agreed with the problem, and waits to be asked."""

    def __init__(self, program: Program, problem: Path) -> None:
        """Raises AbsentError with the last thing it said where it does not start."""
        threads = str(program.threads)
        names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
        self.program, self._said = program, TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            [
                program.python,
                *("-m", f"tests.benchmarks.peers.{program.module}"),
                *(str(problem), threads, *program.words),
            ],
            cwd=ROOT,
            env={**os.environ, **dict.fromkeys(names, threads), "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            preexec_fn=_stay_on_one_core if program.one_core else None,
        )
        ready = self._read()
        self.versions, self.agreement = ready["versions"], ready["agreement"]

    def ask(self, n: int) -> tuple[float, float, bool]:
        """Seconds of wall time and of CPU time for n runs, and whether nothing else was busy."""
        assert self._process.stdin is not None
        time.sleep(PAUSE)
        machine, own = busy_seconds(), family_seconds(self._process.pid)
        print(n, file=self._process.stdin, flush=True)
        answer = self._read()
        own = family_seconds(self._process.pid) - own
        others = busy_seconds() - machine - own
        return answer["wall"], answer["cpu"], others <= OTHERS * answer["wall"]

    def _read(self) -> dict:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line:
            return json.loads(line)
        self._process.wait()
        self._said.seek(0)
        last = (self._said.read().strip().splitlines() or ["ended without a word"])[-1]
        self.close()
        raise AbsentError(f"{self.program.name}: {last}")

    def close(self) -> None:
        """End it."""
        try:
            self._process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        self._said.close()


@dataclass
class Times:
    """Seconds of a run by program, one per round; all lists are as long as there were rounds."""

    rounds: dict[str, list[float]]
    dropped: int = 0
    versions: dict[str, str] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)


def rotate(
    programs: Sequence[Program],
    problem: Path,
    wall: bool,
    rounds: int = 3,
    window: float = 0.3,
    patience: float = 40.0,
    starts: int = 1,
) -> Times:
    """Time the programs by CPU time, or by wall time without the rounds in which others were busy.

    The first has to start; the others are noted where they are absent. There are so many rounds
    after each of the `starts`; one is given up after `patience` seconds of them.
    """
    times = _rotate(programs, problem, wall, rounds, window, patience)
    for number in range(1, starts):
        order = programs[::-1] if number % 2 else programs
        more = _rotate(order, problem, wall, rounds, window, patience, programs[0])
        times.dropped += more.dropped
        for name, seconds in times.rounds.items():
            seconds += more.rounds[name]
    return times


def _rotate(
    programs: Sequence[Program],
    problem: Path,
    wall: bool,
    rounds: int,
    window: float,
    patience: float,
    needed: Program | None = None,
) -> Times:
    needed = needed or programs[0]
    with ExitStack() as stack:
        running, absent = [], []
        for program in programs:
            try:
                running.append(stack.enter_context(closing(Running(program, problem))))
            except AbsentError as reason:
                if program is needed:
                    raise
                absent.append(str(reason))
        names = [each.program.name for each in running]
        versions = {each.program.name: each.versions for each in running}
        times = Times({name: [] for name in names}, 0, versions, absent)
        counts = [_count(each, window) for each in running]
        deadline = time.monotonic() + patience
        forward = [*zip(running, counts, strict=True)]
        while len(times.rounds[names[0]]) < rounds and time.monotonic() < deadline:
            turned = len(times.rounds[names[0]]) % 2 == 1
            answers = [each.ask(n) for each, n in (forward[::-1] if turned else forward)]
            answers = answers[::-1] if turned else answers
            if wall and not all(quiet for *_, quiet in answers):
                times.dropped += 1
                continue
            for name, n, (seconds, cpu, _) in zip(names, counts, answers, strict=True):
                times.rounds[name].append((seconds if wall else cpu) / n)
        return times


def _count(running: Running, window: float) -> int:
    """Runs that fill a window, once it is warm."""
    for n in (1, 2):
        seconds, _, _ = running.ask(n)
    return max(1, round(n * window / seconds))


def _stay_on_one_core() -> None:
    os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])


def busy_seconds() -> float:
    """CPU time of all programs of this machine since it started (Linux)."""
    words = Path("/proc/stat").read_text("ascii").split("\n", 1)[0].split()
    user, nice, system, _, _, irq, softirq = map(int, words[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def family_seconds(pid: int) -> float:
    """CPU time of a process and of those it has started (Linux)."""
    return sum(cpu_seconds(each) for each in _family(pid))


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text("ascii").split():
            yield from _family(int(child))
