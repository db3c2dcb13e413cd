"""The views of a real run on a pseudo-terminal, while it trains and from its files."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("needs pseudo-terminals", allow_module_level=True)

from tests.support.real_runs import HELLO, dashboard
from tests.support.terminal import Terminal

# A key, and what the view says once it has something to show.
SHOWN = {
    "2": "of first guesses correct",
    "3": "reach",
    "4": "unit",
    "5": "looked for",
    "6": "L  learning-rate test",
    "1": "time steps",
}


def visit(terminal: Terminal) -> None:
    for key, words in SHOWN.items():
        terminal.write(key)
        assert terminal.wait_for(words), (key, terminal.text())
        assert terminal.alive()


@pytest.mark.slow
def test_all_views_of_a_run_that_trains_and_of_one_that_ended(runs: Path) -> None:
    with dashboard(runs, "train", *HELLO) as terminal:
        assert terminal.wait_for("of update"), terminal.text()
        visit(terminal)
        terminal.write("2h")
        assert terminal.wait_for("softmax") or "=" in terminal.text()
        terminal.write("\x1b")
        assert terminal.wait_for("of first guesses correct")
        terminal.write("q")
        assert terminal.exit_code() == 0, terminal.text()
        assert b"Traceback" not in terminal.raw()
    with dashboard(runs, "attach", "run") as terminal:
        assert terminal.wait_for("stopped"), terminal.text()
        visit(terminal)
        terminal.write("q")
        assert terminal.exit_code() == 0, terminal.text()
        assert b"Traceback" not in terminal.raw()


@pytest.mark.slow
def test_random_keys_in_the_views_do_no_harm(runs: Path) -> None:
    random_ = random.Random(11)
    keys = [*"123456", *"123456hfoOyRLxcDrn ,.[]-={}kKpPgGvlzbtm", "\x1b[A", "\x1b[B", "\x1b[C"]
    keys += ["\x1b[D", "\r", "\x1b"]
    with dashboard(runs, "train", *HELLO, columns=100, rows=30) as terminal:
        assert terminal.wait_for("of update"), terminal.text()
        for number in range(400):
            terminal.write(random_.choice(keys))
            if number % 10 == 0:
                terminal.pump(0.1)
            if number % 50 == 0:
                terminal.resize(*random_.choice([(60, 16), (80, 24), (120, 40), (200, 60)]))
            assert terminal.alive(), terminal.raw()[-800:]
        for _ in range(6):
            terminal.write("\x1b")
            terminal.pump(0.3)
        terminal.write("q")
        assert terminal.exit_code() == 0, terminal.text()
    assert not list(runs.parent.glob("rnntui-*crash*"))
