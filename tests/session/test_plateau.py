"""Since when the loss has hardly fallen."""

from __future__ import annotations

import math

from rnntui.session.plateau import FEWEST, Plateau


def test_a_falling_loss_is_no_plateau() -> None:
    plateau = Plateau()
    for step in range(1, 3000):
        plateau.see(step, 3 / math.log(step + 2))
        assert not plateau.since(step) or step > 1000


def test_a_flat_loss_is_one_since_it_last_fell() -> None:
    plateau = Plateau()
    for step in range(1, 1001):
        plateau.see(step, max(1.0, 3 - step / 100) + 0.003 * math.sin(step))
        if step < 200 + FEWEST - 10:
            assert plateau.since(step) == 0
    assert 190 <= plateau.since(1000) <= 220


def test_it_ends_when_the_loss_falls_again_or_weights_are_restored() -> None:
    for restored in (False, True):
        plateau = Plateau()
        for step in range(1, 900):
            plateau.see(step, 1.0)
        assert plateau.since(899)
        if restored:
            plateau.restart()
        plateau.see(900, 2.0 if restored else 0.9)
        assert plateau.since(900) == 0


def test_nothing_is_known_without_a_finite_loss() -> None:
    plateau = Plateau()
    for step in range(2000):
        plateau.see(step, math.nan)
    assert plateau.since(2000) == 0
