"""The benchmarks compute what they say: peers agree, rounds are fair, tables are of the results."""

from __future__ import annotations

import importlib
import math
import sys
from dataclasses import asdict

import numpy as np
import pytest

from rnntui.bench.machine import this_machine
from rnntui.bench.workload import TRAINING, Workload, random_text
from rnntui.data import load
from rnntui.recipe import Recipe, load_recipe
from rnntui.recipe.sizing import Size, settings
from tests.benchmarks import learning, memory, results, series, sizes, tables
from tests.benchmarks.peers import loop_training
from tests.benchmarks.peers.ours import writing
from tests.benchmarks.peers.problem import Problem, disagreement
from tests.benchmarks.problems import training_problem, writing_problem

WORKLOADS = [
    Workload("rnn", 3, 8, 6),
    Workload("gru", 3, 8, 6),
    Workload("lstm", 3, 8, 6, 2),
    Workload("gru", 2, 8, 6, 2),
]
AGREE = 1e-5
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def peer(name):
    """A module that needs a library which may be absent."""
    library = name.partition("_")[0]
    pytest.importorskip(library, reason=f"compares with {library}, which is not installed")
    return importlib.import_module(f"tests.benchmarks.peers.{name}")


@pytest.mark.parametrize("name", ["torch_training", "torch_by_hand", "jax_training", "jax_by_hand"])
@pytest.mark.parametrize("workload", WORKLOADS)
def test_others_compute_the_same_and_learn(name, workload):
    problem = training_problem(workload)
    trainer = peer(name).Trainer(problem)
    assert trainer.first_gradient(problem) < AGREE
    assert trainer.run(30) < trainer.run(1) + problem.loss - 0.2


@pytest.mark.parametrize("cell", [False, True])
def test_others_write_by_the_same_probabilities(cell):
    problem = writing_problem(Workload("lstm", 1, 16, 1))
    writer = peer("torch_writing").Writer(problem, cell)
    assert writer.first_outputs(problem) < AGREE
    assert 0 <= writer.run(5) < problem.sizes.vocab


def test_rnntui_itself_writes_by_the_same_probabilities():
    problem = writing_problem(Workload("lstm", 1, 16, 1))
    write, agreement = writing(problem)
    assert agreement < AGREE
    assert 0 <= write(5) < problem.sizes.vocab


def test_the_plain_loop_computes_the_same_and_learns():
    problem = training_problem(Workload("rnn", 1, 16, 12))
    trainer = loop_training.Trainer(problem)
    assert trainer.first_gradient(problem) < AGREE
    trainer.lr = 0.05
    assert trainer.run(200) < problem.loss - 0.2


@pytest.mark.parametrize("wrong", ["loss", "gradient"])
def test_a_difference_is_noticed(wrong):
    problem = training_problem(WORKLOADS[0])
    gradients = {name: gradient.copy() for name, gradient in problem.gradients.items()}
    assert disagreement(problem, problem.loss, gradients) == 0
    if wrong == "loss":
        assert disagreement(problem, problem.loss * 1.01, gradients) == pytest.approx(0.01)
    else:
        gradients["head.bias"][3] += 0.5 * np.abs(gradients["head.bias"]).max()
        assert disagreement(problem, problem.loss, gradients) == pytest.approx(0.5, rel=1e-3)


def test_a_problem_survives_its_file(tmp_path):
    for problem in (training_problem(WORKLOADS[1]), writing_problem(WORKLOADS[0])):
        problem.save(tmp_path / "problem.npz")
        again = Problem.load(tmp_path / "problem.npz")
        assert (again.sizes, again.loss) == (problem.sizes, problem.loss)
        for ours, theirs in (
            (problem.weights, again.weights),
            (problem.gradients, again.gradients),
        ):
            assert ours.keys() == theirs.keys()
            assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
        np.testing.assert_array_equal(again.logits, problem.logits)
        np.testing.assert_array_equal(again.rows, problem.rows)


@pytest.mark.slow
def test_the_streams_are_those_of_training():
    from rnntui.data import Stream

    stream = Stream(random_text().tokens, 3, 7)
    chunks = training_problem(Workload("rnn", 3, 4, 7)).chunks()
    for _ in range(stream.chunks_per_epoch):
        batch, (x, y, starts) = stream.next(), next(chunks)
        np.testing.assert_array_equal(batch.inputs, x)
        np.testing.assert_array_equal(batch.targets, y)
        assert starts == batch.starts_epoch


@pytest.mark.slow
@linux
def test_programs_are_asked_in_turn(tmp_path):
    from tests.benchmarks.rotation import Program, rotate

    problem = tmp_path / "problem.npz"
    training_problem(Workload("rnn", 1, 8, 5)).save(problem)
    programs = [
        Program("ours", sys.executable, "ours"),
        Program("missing", sys.executable, "no_such_program"),
        Program("loop", sys.executable, "loop_training"),
    ]
    times = rotate(programs, problem, wall=False, rounds=2, window=0.05)
    assert times.rounds.keys() == {"ours", "loop"} == times.versions.keys()
    assert all(len(seconds) == 2 and min(seconds) > 0 for seconds in times.rounds.values())
    (reason,) = times.absent
    assert reason.startswith("missing: ") and "no_such_program" in reason


@linux
def test_a_program_that_computes_something_else_is_not_timed(tmp_path):
    from tests.benchmarks.rotation import AbsentError, Program, rotate

    right = training_problem(Workload("rnn", 1, 8, 5))
    wrong = Problem(right.sizes, right.rows, right.weights, right.loss + 1, {}, right.logits)
    wrong.save(tmp_path / "problem.npz")
    with pytest.raises(AbsentError, match="ours: differs by"):
        rotate([Program("ours", sys.executable, "ours")], tmp_path / "problem.npz", wall=False)


@pytest.mark.slow
@linux
def test_rounds_in_which_others_were_busy_are_dropped(tmp_path, monkeypatch):
    from tests.benchmarks import rotation

    problem = tmp_path / "problem.npz"
    training_problem(Workload("rnn", 1, 8, 5)).save(problem)
    asked = []

    def ask(self, n):
        asked.append(n)
        return 1.0, 0.5, len(asked) > 4  # the first two asks find out how fast it is

    monkeypatch.setattr(rotation.Running, "ask", ask)
    ours = [rotation.Program("ours", sys.executable, "ours")]
    times = rotation.rotate(ours, problem, wall=True, rounds=3)
    assert (times.dropped, times.rounds["ours"]) == (2, [1.0] * 3)


def test_every_config_is_in_the_results():
    from tests.benchmarks.comparison import CONFIGS

    assert {config.workload for config in CONFIGS if not config.writes} == set(TRAINING)
    for name in (results.COMPARISON, results.PROFILE):
        assert set(results.read(name)["configs"]) == {config.name for config in CONFIGS}


def test_ratios_are_formed_within_a_round():
    rounds = {"ours": [1.0, 2.0, 4.0], "torch": [2.0, 8.0, 4.0]}
    assert results.ratios(rounds, "torch") == [2.0, 4.0, 1.0]
    assert results.spread(results.ratios(rounds, "torch")) == "2 (1 … 4)"
    assert results.spread(results.ratios(rounds, "jax")) == "–"


def test_a_table_shows_what_was_measured(monkeypatch):
    config = {
        "cell": "lstm",
        "layers": 2,
        "hidden": 8,
        "batch": 4,
        "steps": 5,
        "tokens": 20,
        "operations": 500,
        "peak_flops": 1e6,
        "one core": {
            "rounds": {
                "ours": [1e-3, 2e-3, 1e-3],
                "torch": [3e-3, 3e-3, 2e-3],
                "jax": [3e-3, 6e-3, 3e-3],
                "jax by hand": [1e-3, 3e-3, 2e-3],
            },
            "versions": {"ours": "rnntui 9", "torch": "torch 8"},
        },
        "two cores": {
            "rounds": {
                "ours": [1e-3],
                "torch, 1 thread": [4e-3],
                "torch, 2 threads": [2.5e-3],
            }
        },
    }
    machine = dict.fromkeys(("cpu", "cores", "system", "python", "numpy"), "some")
    found = {"date": "2001-02-03", "machine": machine, "configs": {"lstm": config}}
    monkeypatch.setattr(results, "read", lambda name: found)
    text = tables.speed()
    assert "on 2001-02-03; torch 8; the peak" in text
    assert (
        "| lstm 2 x 8, 4 x 5 | 20.0k | 50 % | 2 (1.5 … 3) | 1.5 (1 … 2) * | 20.0k "
        "| 2.5 (2.5 … 2.5) | – |" in text
    )


def test_what_is_learned_is_measured():
    settings = {"steps": 40, "eval_every": 20}
    found = learning.measure(learning.Case("short", "co2", settings), "")
    assert [step for _, step, _ in found.curve] == [20, 40]
    assert found.best == min(loss for _, _, loss in found.curve)
    assert min(found.halves) < found.best < max(found.halves)
    assert 0 <= found.curve[0][0] <= found.curve[1][0] <= found.seconds  # in hundredths
    assert found.seconds > 0
    assert (found.updates, found.workers, found.network) == (40, 1, "1 x rnn 32")
    assert (found.yardstick, found.machine) == ("last value", asdict(this_machine()))
    assert found.cold is None


@pytest.mark.slow
def test_text_is_measured_by_two_protocols():
    settings = {"hidden": 8, "layers": 1, "dropout": 0.0, "steps": 20, "eval_every": 10}
    found = learning.measure(learning.Case("short", "tales", settings), "", seed=3)
    assert found.cold is not None and found.cold[0] == pytest.approx(found.best, abs=0.2)
    assert 0 < found.cold[1] < 0.1
    assert found.best != learning.measure(learning.Case("short", "tales", settings), "").best


def test_the_table_of_what_is_learned_has_every_run():
    kept = results.read(results.LEARNING)
    assert kept.keys() == {case.name for case in learning.CASES}
    for case in learning.CASES:
        found = kept[case.name]
        assert (found["recipe"], found["settings"]) == (case.recipe, case.settings)
    assert len(learning.table().splitlines()) == len(kept) + 4
    published = {**kept["sums"], "name": "as tensorflow-char-rnn", "halves": [1.5, 1.75]}
    assert "| perplexity 4.482, 5.755; published" in learning.row(published)
    short = {**kept["sums"], "best": 1.00012, "best_at": 12.3, "workers": 2}
    row = "| sums | 1 x lstm 128 | 1.0001 | – | 12 s on 2 cores | floor 0.9915 |"
    assert learning.row({**short, "seeds": {}, "cold": None}) == row


def test_the_recipe_for_a_text_of_1_mb_says_what_it_was_measured_to_reach() -> None:
    found = results.read(results.LEARNING)["shakespeare-like"]
    losses = [one["best"] for one in found["seeds"].values()]
    words = " ".join(load_recipe("shakespeare-like").about.split())
    assert f"its {found['updates']:,} updates" in words
    assert f"reach {sum(losses) / len(losses):.2f} nats per character" in words


def test_losses_of_several_seeds_are_kept_together():
    new = {"best": 1.5, "best_at": 3.0, "cold": (1.52, 0.005), "seconds": 4.0, "name": "sums"}
    new |= dict.fromkeys(("recipe", "settings", "source", "machine"), "the same")
    new |= {"network": "gru", "workers": 1, "yardstick": "floor", "yardstick_loss": 1.0}
    kept = learning.merged(None, 1, new)
    assert "| 1.5000 | 1.520 ± 0.005 | 3.0 s |" in learning.row(kept)
    kept = learning.merged(kept, 2, {**new, "best": 1.6, "cold": (1.62, 0.006)})
    assert kept["best"] == 1.5 and list(kept["seeds"]) == ["1", "2"]
    row = "| 1.5500 (1.5000 … 1.6000, 2 seeds) | 1.570 ± 0.006 | 3.0 s |"
    assert row in learning.row(kept)
    kept = learning.merged(kept, 0, {**new, "best": 1.4})
    assert kept["best"] == 1.4 and list(kept["seeds"]) == ["0", "1", "2"]
    for key in ("settings", "machine"):
        assert list(learning.merged(kept, 2, {**new, key: "another"})["seeds"]) == ["2"]
    measured = {**new, "cold": None}
    assert "| 1.5000 | – | 3.0 s |" in learning.row(learning.merged(None, 0, measured))


def test_results_are_rounded():
    assert results.rounded({"a": [1.23456, 2], "b": 0.000123456}) == {
        "a": [1.235, 2],
        "b": 0.0001235,
    }
    assert math.isnan(results.rounded(math.nan))


@pytest.mark.slow
def test_memory_is_measured_by_distance():
    recipe = load_recipe("flipflop").replace(steps=30, hidden=4)
    found = memory.measure(recipe)
    assert (found["updates"], found["seed"], found["lr"]) == (30, 0, recipe.train.lr)
    assert found["loss"] > 0.9 * found["floor"]
    least = [share[0] for share in found["shares"]]
    assert least == sorted(least) and least[0] == 2
    assert all(0 <= right <= total for _, _, right, total in found["shares"])
    short = load_recipe("adding").replace(steps=3, hidden=4)
    assert sum(share[3] for share in memory.measure(short)["shares"]) > 400


@pytest.mark.slow
def test_a_network_that_knows_every_number_is_always_right():
    data = load(load_recipe("adding"))
    rows = data.validation[: memory.MOST]
    found = memory.judged(data, rows, rows[1:])
    assert found and all(share.right == share.total for share in found)
    wrong = memory.judged(data, rows, rows[1:] + 1)
    assert all(share.right == 0 for share in wrong)


def test_a_network_that_knows_every_character_is_always_right():
    data = load(load_recipe("recall"))
    ids = data.validation[: memory.MOST]
    outputs = np.eye(data.tokenizer.vocab_size)[ids[1:]]
    assert all(share.right == share.total for share in memory.judged(data, ids, outputs))
    assert all(share.right == 0 for share in memory.judged(data, ids, -outputs))


def test_the_table_of_memory_has_the_tasks_with_the_settings_of_their_recipes():
    kept = results.read(results.MEMORY)
    assert kept.keys() | {"brackets"} == set(memory.names())
    for name, found in kept.items():
        assert found["settings"] == memory.settings(load_recipe(name)), name
        assert set(memory.CELLS) <= found["runs"].keys() <= set(memory.LANES)
    lines = memory.table().splitlines()
    assert sum(line.startswith("| `") for line in lines) == len(kept)
    assert {line.count("|") for line in lines[2:]} == {8}


def test_what_was_not_measured_is_a_dash(monkeypatch):
    def runs(*right):
        return [{"shares": [[2, 3, n, 40], [4, 7, 1, 29]]} for n in right]

    settings = {"cell": "gru", "hidden": 8, "seq_len": 9}
    lanes = {"rnn": runs(20), "gru": runs(10, 40, 30), "lstm": runs(40)}
    found = {"settings": settings, "runs": lanes, **results.circumstances()}
    monkeypatch.setattr(results, "read", lambda name: {"copy": found})
    row = "| `copy` | gru 8, window of 9 | 2–3 | 50 % | 75 % | 100 % | – |"
    assert memory.table().splitlines()[4:] == [row]


def test_a_text_is_measured_with_its_own_settings(monkeypatch):
    text = ("a quick brown fox. " * 200).encode()
    found = sizes.measure(text, "char", steps="40", eval_every="20", hidden="24")
    assert [step for _, step, _ in found["curve"]] == [20, 40]
    assert found["settings"]["hidden"] == 24 and found["different"] == len(set(text))
    assert found["below"].keys() == found["simple"].keys() == {"unigram", "5-gram"}
    assert found["best"] < found["simple"]["unigram"] and found["below"]["unigram"] is not None
    assert found["below"]["5-gram"] is None
    kept = {"random bytes": {**found, **results.circumstances()}}
    monkeypatch.setattr(results, "read", lambda _name: kept)
    row = sizes.table().splitlines()[4]
    assert row.startswith("| random bytes | 3,420 characters | 15 | 24 | 0 | 16 |")
    assert " – | " in row


def test_the_table_of_sizes_has_every_text_with_the_settings_of_the_rule():
    kept = results.read(results.SIZES)
    assert kept.keys() == sizes.TEXTS.keys()
    for name, found in kept.items():
        size = Size(found["tokens"], found["different"], found["unit"])
        ruled = {**settings(size), "warmup": found["settings"]["warmup"]}
        assert found["settings"] == ruled, name


@pytest.mark.parametrize("changes", [True, False])
def test_forecasts_are_measured_from_the_last_tenth_of_a_long_series(tmp_path, changes):
    (tmp_path / "long.csv").write_text("y\n" + "".join(f"{n % 7}\n" for n in range(30_000)))
    recipe = Recipe().replace(
        task="values", source=str(tmp_path / "long.csv"), difference=changes, split=0.1
    )
    data = load(recipe)
    origins = series.origins_of(data, 100)
    assert origins[0] == 30_000 - len(data.validation) and len(data.validation) in (2999, 3000)
    assert len(origins) == series.MOST_ORIGINS and origins[-1] + 100 <= data.row_count
