"""Training computes with one BLAS thread, and gives the caller back as many as there were."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

import rnntui
from rnntui.nn.kernels.blas import OneThread
from rnntui.training import loop as trainer

assert np  # its BLAS must be loaded before it can be found
BLAS = ThreadpoolController().select(user_api="blas")


def threads() -> set[int]:
    return {library["num_threads"] for library in BLAS.info()}


@pytest.fixture
def two_threads():
    with BLAS.limit(limits=2):
        if threads() != {2}:
            pytest.skip("this BLAS has one thread only")
        yield


def test_updates_have_one_thread_and_the_caller_its_own(two_threads, monkeypatch):
    seen = []
    update = trainer._update

    def watched(*args):
        seen.append(threads())
        return update(*args)

    monkeypatch.setattr(trainer, "_update", watched)
    recipe = rnntui.load_recipe("counting").override({"steps": "3"})
    for _ in rnntui.train(recipe):
        assert threads() == {2}
    assert seen == [{1}] * 3
    assert threads() == {2}


def test_the_number_is_restored_after_an_error(two_threads):
    with pytest.raises(ZeroDivisionError), OneThread()():
        assert threads() == {1}
        raise ZeroDivisionError
    assert threads() == {2}


def test_a_generator_that_is_dropped_leaves_the_number(two_threads):
    updates = rnntui.train(rnntui.load_recipe("counting"))
    next(updates)
    updates.close()
    assert threads() == {2}
