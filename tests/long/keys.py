"""Anything a terminal may send, from a seed; and a program that sends it to the dashboard.

python -m tests.long.keys --events 20000 --seed 2
"""

from __future__ import annotations

import argparse
import random
import select
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.benchmarks import results
from tests.support.hostile import as_utf8, hostile
from tests.support.terminal import Terminal

NAMED = (
    *(f"\x1b[{letter}" for letter in "ABCDFHPQRSZIO"),
    *(f"\x1bO{letter}" for letter in "ABCDFHPQRS"),
    *(f"\x1b[{n}~" for n in (1, 2, 3, 4, 5, 6, 11, 15, 17, 18, 19, 20, 21, 23, 24, 29, 34)),
    *(f"\x1b[1;{n}{letter}" for n in (2, 3, 5, 8) for letter in "ABCDFH"),
    *(f"\x1b[{code};{n}u" for code in (9, 13, 27, 97, 99, 127, 113, 57399) for n in (1, 2, 5, 8)),
)  # fmt: skip
ODD = (
    b"\x1b", b"\x1b\x1b", b"\x1b[", b"\x1b[<", b"\x1b[<0;", b"\x1bO", b"\xff", b"\xc3",
    b"\xf0\x9f\x98", b"\x1b[?2026;2$y", b"\x1b[?2026;0$y", b"\x1b[?62;c", b"\x1b[5;5R",
    b"\x1b]11;rgb:0/0/0\x07", b"\x1bP1$r0m\x1b\\", b"\x1b[I", b"\x1b[O", b"\x1b[999z",
    b"\x1b[;;;;m", b"\x1b[200~", b"\x1b[201~", b"\x1b[48;30;100;600;2000t", b"\x00", b"\x7f",
    b"\x1b_x\x1b\\", b"\x1b[M !!", b"\x1b[27;5;9~",
)  # fmt: skip
SIZES = ((1, 1), (2, 300), (10, 3), (20, 4), (59, 15), (60, 16), (80, 24), (100, 30), (120, 40))
SIZES += ((300, 100), (61, 100), (300, 16), (5, 100), (200, 1))
PLAIN = "".join(map(chr, range(0x20, 0x7F)))

Event = bytes | tuple[int, int]  # what is typed, or a size in columns and rows


def _letter(random_: random.Random) -> bytes:
    return random_.choice(PLAIN).encode()


def _control(random_: random.Random) -> bytes:
    return bytes([random_.randint(0, 0x1F)])


def _named(random_: random.Random) -> bytes:
    return random_.choice(NAMED).encode()


def _odd(random_: random.Random) -> bytes:
    return random_.choice(ODD)


def _escape(_random: random.Random) -> bytes:
    return b"\x1b"


def _alt(random_: random.Random) -> bytes:
    return b"\x1b" + random_.choice(PLAIN).encode()


def _foreign(random_: random.Random) -> bytes:
    return random_.choice("éß漢😀e\u0301\u202e\x9b\ufeff").encode()


def _mouse(random_: random.Random) -> bytes:
    button = random_.choice((0, 0, 0, 1, 2, 3, 32, 35, 64, 65, 66, 4, 16, 128))
    column, row = (
        random_.randint(0, 320),
        random_.choice((1, 10, 24, 30, 40, random_.randint(0, 110))),
    )
    press = f"\x1b[<{button};{column};{row}M"
    return (press + press.lower() if random_.random() < 0.7 else press).encode()


def _paste(random_: random.Random) -> bytes:
    text = as_utf8(hostile(1, random_.randrange(10**6))[0]).replace("\x1b[201~", "")
    return f"\x1b[200~{text}\x1b[201~".encode()


def _size(random_: random.Random) -> tuple[int, int]:
    return random_.choice((*SIZES, (random_.randint(1, 300), random_.randint(1, 100))))


KINDS: tuple[tuple[int, Callable[[random.Random], Event]], ...] = (
    (44, _letter), (10, _control), (14, _named), (4, _odd), (6, _escape), (3, _alt), (3, _foreign),
    (10, _mouse), (2, _paste), (4, _size),
)  # fmt: skip


def events(count: int, seed: int) -> Iterator[Event]:
    """So many things that a user and a terminal can do."""
    random_ = random.Random(seed)
    weights, kinds = zip(*KINDS, strict=True)
    for kind in random_.choices(kinds, weights, k=count):
        yield kind(random_)


# The real dashboard on a real engine. It quits only when it may, and never suspends.
PROGRAM = """
import sys
from pathlib import Path
from rnntui.runs.job import Job
from rnntui.recipe import Recipe
from rnntui.tui import run_dashboard
from rnntui.tui.app import Dashboard
recipe = Recipe(name="keys").replace(source="text:hello world\\n", repeat=300, hidden=16, batch=1)
recipe = recipe.replace(seq_len=25, eval_every=200, split=0.1)
quit_app = Dashboard.quit
def quit_if_over(self, code, **more):
    if Path(sys.argv[1], "over").exists() or code not in (0, 130):
        quit_app(self, code, **more)
Dashboard.quit = quit_if_over
Dashboard.suspend_now = lambda self: None
sys.exit(run_dashboard(Job(recipe, runs=sys.argv[1])))
"""


def start(home: Path, columns: int = 100, rows: int = 30) -> Terminal:
    """The dashboard; `home` is where the engine and the run have their directories."""
    environment = {"TMPDIR": str(home), "XDG_RUNTIME_DIR": str(home), "TEXTUAL_ANIMATIONS": "none"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    argv = [sys.executable, "-c", PROGRAM, str(home)]
    # A key saves pictures in the working directory.
    return Terminal(argv, columns, rows, environment=environment, cwd=str(home))


def play(terminal: Terminal, count: int, seed: int) -> None:
    """Send events in bursts, as fast as they are taken. Raises AssertionError where it ends."""
    burst: list[bytes] = []
    for event in events(count, seed):
        if isinstance(event, bytes):
            burst.append(event)
            if len(burst) < 25:
                continue
        push(terminal, b"".join(burst))
        burst.clear()
        if isinstance(event, tuple):
            terminal.resize(*event)
        assert terminal.alive(), f"it ended: {terminal.raw()[-500:]!r}"
    push(terminal, b"".join(burst))


def push(terminal: Terminal, data: bytes) -> None:
    """Type, reading meanwhile: neither side is to wait for the other."""
    while data and terminal.alive():
        readable, writable, _ = select.select([terminal.fd], [terminal.fd], [], 5)
        if readable:
            terminal.read(0)
        if writable:
            terminal.write(data[:256])
            data = data[256:]


def settle(terminal: Terminal) -> bool:
    """Back to the dashboard, from whatever page or prompt; whether it is there.

    What was typed before has been dealt with once a mark comes out in the prompt.
    """
    terminal.resize(120, 40)
    for n in range(100):
        terminal.write(b"\x1b[201~\x1b")
        terminal.pump(0.15)
        push(terminal, b"\x1b")
        terminal.pump(0.15)
        push(terminal, f"gmark{n}".encode())
        if terminal.wait_for(f"mark{n}", 0.5) and "prompt" in terminal.text():
            push(terminal, b"\x1b")
            terminal.pump(0.3)  # with the next key right behind it, it would be Alt
            return terminal.wait_until(_has_closed_prompt, 60)
    return False


def _has_closed_prompt(text: str) -> bool:
    """Whether the footer, unlike a title above it, names no key of an open prompt."""
    footer = text.rstrip().rpartition("\n")[2]
    return "quit" in footer and "greedy" not in footer


def crashes(home: Path) -> list[str]:
    """What the dashboard and the engine wrote of their own failure."""
    return [path.read_text("utf-8") for path in home.glob("rnntui-*crash*")]


def main() -> None:
    """Play as many events as asked; exit 1 if they did harm."""
    parser = argparse.ArgumentParser(description="Does any key do harm?")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--record", action="store_true", help="for the README")
    given = parser.parse_args()
    well, seconds = played(given.events, given.seed)
    if given.record:
        told = {"events": given.events, "seed": given.seed, "well": well, "seconds": seconds}
        results.write(results.KEYS, {**results.circumstances(), **told})
    sys.exit(0 if well else 1)


def played(count: int, seed: int) -> tuple[bool, float]:
    """Play so many events, leave, and print how it went: whether well, and the seconds."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="keys-") as folder, start(Path(folder)) as terminal:
        assert terminal.wait_for("of update"), terminal.text()
        try:
            play(terminal, count, seed)
            there = settle(terminal)
        except AssertionError:
            there = False
        Path(folder, "over").touch()
        terminal.write(b"q")
        code, found = terminal.exit_code(20), crashes(Path(folder))
        last = terminal.text()
    seconds = time.perf_counter() - began
    print(f"{count} events, seed {seed}: exit {code}, {len(found)} crashes, {seconds:.1f} s")
    well = there and code == 0 and not found
    if not well:
        print(last, *found, sep="\n")
    return well, seconds


if __name__ == "__main__":
    main()
