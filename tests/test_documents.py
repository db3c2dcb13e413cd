"""The documents' recipes: their figures, and their programs at other seeds, sizes and rates."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.data import load
from rnntui.recipe import load_recipe
from rnntui.training.loop import finish, start, train, writer
from tests.conftest import quick_first, quick_where
from tests.support import documents
from tests.support.figures import FIGURES

PROGRAMS = {
    "counting": documents.counting,
    "ramp": documents.ramp,
    "successor": documents.successor,
    "i-love-ai": documents.i_love_ai,
}
CASES = [(name, case) for name in PROGRAMS for case in FIGURES[name]]
LONG = (("i-love-ai", "seed=2"), ("ramp", "seed=3"))


def run(name, **changes):
    """The losses of each update and each pass, the samples by step, and the result."""
    recipe = load_recipe(name).replace(**changes)
    data = load(recipe)
    state = start(recipe, data)
    losses, passes, samples = [], [], {}
    for chunk in train(recipe, data, state):
        if chunk.starts_epoch:
            passes.append(0.0)
        passes[-1] += chunk.loss
        losses.append(chunk.loss)
        if chunk.sample is not None:
            samples[chunk.step] = chunk.sample
    return losses, passes, samples, finish(recipe, data, state)


def settings_of(case):
    pairs = (part.split("=") for part in case.split())
    return {key: float(value) if key == "lr" else int(value) for key, value in pairs}


@pytest.mark.parametrize(("name", "case"), quick_where(CASES, lambda *case: case not in LONG))
def test_the_documents_figures(name, case):
    figures = FIGURES[name][case]
    _, passes, _, result = run(name, **settings_of(case))
    for epoch, loss in figures.get("losses", {}).items():
        assert passes[int(epoch)] == pytest.approx(loss, rel=1e-12 if epoch == "0" else 1e-8)
    if "predicted" in figures:
        assert result.predicted == pytest.approx(figures["predicted"], rel=1e-10)
    if "generated" in figures:
        assert result.generated == figures["generated"]


@pytest.mark.parametrize("seed", [42, 7])
def test_hello_world_follows_its_documents_figures(seed):
    # The document diverges and magnifies each rounding. On a CPU whose products round otherwise
    # than where the figures were made, the program itself leaves them, with seed 7 after chunk 18.
    figures = FIGURES["hello-world"][f"seed={seed}"]
    told = documents.hello_world(seed=seed, iterations=30)
    same = np.abs(np.array(told.losses) / figures["losses"] - 1) < 1e-6
    chunks = 30 if same.all() else int((~same).argmax())
    losses, _, samples, _ = run("hello-world", seed=seed, steps=30)
    assert chunks >= 18
    assert losses[:8] == pytest.approx(figures["losses"][:8], rel=1e-12)
    assert losses[:chunks] == pytest.approx(figures["losses"][:chunks], rel=1e-6)
    assert samples[1] == figures["first_sample"]


@pytest.mark.parametrize(
    ("seed", "hidden", "lr"),
    quick_first([(42, 100, 0.1), (7, 100, 0.1), (2, 100, 0.1), (12, 64, 0.08)]),
)
def test_hello_world_repeats_its_program_where_every_rounding_counts(seed, hidden, lr):
    W, h = np.random.RandomState(0).randn(hidden, hidden), np.ones((1, hidden)) / 3
    if (W @ h[0] != h @ W.T).any():
        pytest.skip("this BLAS sums a row times a matrix in another order than a matrix times it")
    changes = {"seed": seed, "hidden": hidden, "lr": lr}
    told = documents.hello_world(iterations=150, every=50, **changes)
    losses, _, samples, _ = run("hello-world", steps=150, sample_every=50, **changes)
    assert losses == pytest.approx(told.losses, rel=1e-12)
    assert samples == told.samples


def test_hello_world_prints_what_its_document_prints_first():
    losses, *_ = run("hello-world", steps=1)
    smooth = 0.999 * 25 * np.log(9) + 0.001 * losses[0]
    assert f"{smooth:.4f}" == FIGURES["hello-world"]["seed=42"]["first_print"]


@pytest.mark.slow
def test_hello_world_diverges_as_its_about_text_says():
    losses, *_, result = run("hello-world", steps=900)
    assert np.mean(losses[-300:]) > 100 > 60 > max(losses[:10])
    assert len(result.generated) == 101
    assert result.generated.startswith("h")


SMALL = settings(deadline=None, max_examples=12)
SEEDS = st.integers(0, 2**32 - 1)


def firm_part(told, nudged):
    """How many losses a program repeats when its weights are nudged by a few roundings.

    From there on it diverges or is chaotic, and its figures say nothing.
    """
    with np.errstate(all="ignore"):
        moved = ~(np.abs(np.array(nudged.losses) / np.array(told.losses) - 1) < 1e-9)
    return int(moved.argmax()) if moved.any() else len(moved)


def agrees(name, **changes):
    """Whether the recipe follows its document's program as far as that follows itself."""
    program = PROGRAMS[name]
    told, nudged = program(**changes), program(nudge=1e-15, **changes)
    _, passes, _, result = run(name, **changes)
    firm = firm_part(told, nudged)
    assert passes[: min(firm, 3)] == pytest.approx(told.losses[: min(firm, 3)], rel=1e-9)
    assert passes[:firm] == pytest.approx(told.losses[:firm], rel=1e-6)
    if firm == len(told.losses):
        if told.predicted:
            assert result.predicted == pytest.approx(told.predicted, rel=1e-6)
        if told.generated:
            assert result.generated == told.generated
    return firm


@SMALL
@given(seed=SEEDS, hidden=st.integers(1, 40), lr=st.floats(0.003, 0.2), epochs=st.integers(1, 120))
def test_counting_at_other_settings(seed, hidden, lr, epochs):
    assert agrees("counting", seed=seed, hidden=hidden, lr=lr, epochs=epochs)


@SMALL
@given(seed=SEEDS, hidden=st.integers(1, 30), lr=st.floats(1e-4, 0.03), epochs=st.integers(1, 100))
def test_ramp_at_other_settings(seed, hidden, lr, epochs):
    assert agrees("ramp", seed=seed, hidden=hidden, lr=lr, epochs=epochs)


@SMALL
@given(seed=SEEDS, hidden=st.integers(1, 30), lr=st.floats(1e-4, 0.02), epochs=st.integers(1, 120))
def test_successor_at_other_settings(seed, hidden, lr, epochs):
    assert agrees("successor", seed=seed, hidden=hidden, lr=lr, epochs=epochs)


@pytest.mark.slow
@SMALL
@given(seed=SEEDS, hidden=st.integers(1, 24), lr=st.floats(0.01, 0.6), epochs=st.integers(1, 150))
def test_i_love_ai_at_other_settings(seed, hidden, lr, epochs):
    assert agrees("i-love-ai", seed=seed, hidden=hidden, lr=lr, epochs=epochs)


@SMALL
@given(seed=SEEDS, hidden=st.integers(1, 60), lr=st.floats(0.001, 0.1), steps=st.integers(1, 30))
def test_hello_world_at_other_settings(seed, hidden, lr, steps):
    changes = {"seed": seed, "hidden": hidden, "lr": lr}
    told = documents.hello_world(iterations=steps, **changes)
    firm = firm_part(told, documents.hello_world(iterations=steps, nudge=1e-15, **changes))
    losses, _, samples, _ = run("hello-world", steps=steps, **changes)
    assert firm >= min(steps, 3)
    assert losses[:3] == pytest.approx(told.losses[:3], rel=1e-9)
    assert losses[:firm] == pytest.approx(told.losses[:firm], rel=1e-6)
    assert samples[1] == told.samples[1]


@pytest.mark.parametrize(
    ("name", "changes"),
    quick_where(
        [
            ("counting", {"seed": 9, "hidden": 12, "lr": 0.05, "epochs": 300}),
            ("ramp", {"seed": 11, "hidden": 7, "lr": 0.02, "epochs": 400}),
            ("successor", {"seed": 5, "hidden": 9, "lr": 0.005, "epochs": 250}),
            ("i-love-ai", {"seed": 8, "hidden": 10, "lr": 0.3, "epochs": 700}),
        ],
        lambda name, _: name in ("counting", "successor"),
    ),
)
def test_a_whole_run_at_other_settings(name, changes):
    assert agrees(name, **changes) == changes["epochs"]


def test_hello_world_writes_its_documents_texts_where_the_rate_lets_it_learn():
    changes = {"seed": 3, "hidden": 20, "lr": 0.01}
    told = documents.hello_world(iterations=240, every=60, **changes)
    losses, _, samples, result = run("hello-world", steps=240, sample_every=60, **changes)
    assert losses == pytest.approx(told.losses, rel=1e-6)
    assert samples == told.samples
    assert result.generated == told.generated


@pytest.mark.slow
@pytest.mark.parametrize("seed", [42, 0, 1])
def test_the_cured_recipe_writes_without_a_slip(seed):
    recipe = load_recipe("hello-world-cured").replace(seed=seed)
    data = load(recipe)
    state = start(recipe, data)
    for _ in train(recipe, data, state):
        pass
    assert finish(recipe, data, state).generated == ("hello world\n" * 9)[:101]
    for prompt in ("h", "hello w", "\n", ""):
        text = (prompt or "\n") + "".join(islice(writer(state, data, prompt), 1000))
        assert text.lstrip("\n") in "hello world\n" * 90, (prompt, text)
