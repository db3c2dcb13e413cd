"""Runs are read, followed, ranked and grouped; losses on different data are not ranked."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from rnntui.cache_folder import VARIABLE
from rnntui.errors import RunError
from rnntui.runs.compared import following
from rnntui.runs.compared.columns import columns
from rnntui.runs.compared.comparable import why_not
from rnntui.runs.compared.completing import completed, completions
from rnntui.runs.compared.following import FixedList, FollowedRuns
from rnntui.runs.compared.ordering import grouped, groupings, measures, ordered
from rnntui.runs.compared.results import as_table, csv_text, results_of
from rnntui.runs.compared.selecting import MatchingList, compared_facts
from rnntui.runs.filtering.language import Filter, parse_filter
from rnntui.runs.store import lock_owner
from rnntui.runs.store.files import FILES
from rnntui.runs.store.files import replace as replace_file
from rnntui.runs.store.json_record import to_bytes
from rnntui.runs.store.labels import Labels, write_labels
from rnntui.runs.store.lock_owner import OWNER_FILE, Host, LockOwner
from rnntui.runs.store.summary import RunSummary, summarize
from tests.support.compared import add_lines, follow, losses, make_run, set_status, some_runs

ELSEWHERE = LockOwner("u", "h", "m", "b", "n", 1, "1", "", 0.0)  # a process on another host


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "runs"


# ---- what is measured ---------------------------------------------------------------------------


def test_the_best_validation_is_that_of_the_journal_with_its_update(root: Path):
    (run,) = follow(make_run(root, "one", floor=1.0, batch=4, seq_len=8)).runs
    checks = {line["step"]: line["validation"] for line in losses(400, 1.0) if "validation" in line}
    least = min(checks, key=lambda step: checks[step])  # type: ignore[arg-type, return-value]
    assert run.best is not None and run.best[:3] == (least, least / 50, checks[least])
    assert (run.update, run.seconds, run.speed) == (400, 8.0, 50 * 4 * 8)


def test_without_validations_the_lowest_training_loss_counts(root: Path):
    (run,) = follow(make_run(root, "one", floor=1.0, every=1000, split=0.0)).runs
    assert run.best_loss == pytest.approx(1.1, abs=0.05) and run.ratio is None


def test_the_ratio_is_to_the_baseline_of_the_status(root: Path):
    path = make_run(root, "one", floor=1.0)
    (run,) = follow(path).runs
    assert run.ratio is None
    set_status(path, step=400, baseline=2.0, best=run.best_loss)
    (run,) = follow(path).runs
    assert run.best_loss is not None and run.ratio == run.best_loss / 2.0


@pytest.mark.parametrize(("baseline", "text"), [(2.0, r"0\.\d{3}"), (1e-6, ">1000"), (5e-324, "–")])
def test_a_baseline_close_to_zero_gives_no_endless_ratio(root: Path, baseline: float, text: str):
    paths = [make_run(root, name, floor=1.0) for name in ("one", "two")]
    for path, level in zip(paths, (2.0, baseline), strict=True):
        set_status(path, step=400, baseline=level)
    runs = follow(*paths).runs
    (column,) = (c for c in columns(runs, ()) if c.name == "ratio")
    assert re.fullmatch(text, column.texts[1])
    json.dumps(as_table(results_of(runs)), allow_nan=False)


# ---- following ----------------------------------------------------------------------------------


def test_new_losses_are_followed(root: Path):
    path = make_run(root, "one", updates=100)
    followed = follow(path)
    assert not followed.refresh()
    add_lines(path, losses(400, 1.0)[10:])
    version = followed.version
    assert followed.refresh() and followed.reading == 1
    followed.read()
    assert followed.version > version and followed.runs[0].update == 400


def test_reading_takes_the_time_it_is_given(root: Path):
    paths = [make_run(root, f"run-{n}") for n in range(3)]
    followed = FollowedRuns(FixedList(tuple(paths)))
    assert followed.reading == 3
    slices = 0
    while followed.read(0.0):
        slices += 1
    assert followed.reading == 0 and slices >= 2


def test_the_next_reader_finds_the_same(root: Path, cache: Path):
    first = some_runs(root).runs
    again = follow(*(run.path for run in first)).runs
    assert len(list((cache / "curves").iterdir())) == 4
    for one, other in zip(first, again, strict=True):
        assert one.recorded == other.recorded
        assert (one.curve.training, one.curve.best) == (other.curve.training, other.curve.best)


def test_the_summary_of_a_run_without_a_process_is_kept_until_its_files_change(
    root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
):
    made: list[Path] = []

    def counted(path: Path, **options: bool) -> RunSummary:
        made.append(path)
        return summarize(path, **options)

    monkeypatch.setattr(following, "summarize", counted)
    path = make_run(root, "run")
    before = follow(path).runs[0].summary
    assert follow(path).runs[0].summary == before and made == [path]
    changes = (
        lambda: set_status(path, step=400, total=400, best=0.5),
        lambda: write_labels(path, Labels(("good",))),
        lambda: add_lines(path, losses(800, 1.0)[40:]),
        lambda: (path / "status.json").chmod(0o400),
        lambda: shutil.copy(path / "run.json", path / "lock.json"),
    )
    for change in changes:
        made.clear()
        change()
        found = follow(path).runs[0].summary
        assert made == [path] and found == summarize(path, measure=False)
    made.clear()
    link = root / "link"
    link.symlink_to(path)
    assert follow(link).runs[0].summary == summarize(link, measure=False) and made == [link]


def test_whether_a_process_elsewhere_is_alive_is_not_kept(
    root: Path, monkeypatch: pytest.MonkeyPatch
):
    path = make_run(root, "run")
    set_status(path, state="training", step=400)
    replace_file(FILES, path / OWNER_FILE, to_bytes(ELSEWHERE))
    os.utime(path / OWNER_FILE, (0, 0))
    assert follow(path).runs[0].state == "silent"
    monkeypatch.setattr(lock_owner, "this_host", lambda: Host("h", "m", "b2", "n"))
    assert follow(path).runs[0].state == "crashed"


@pytest.mark.parametrize("updates", [200, 400, 800])
@pytest.mark.parametrize("seen_between", [False, True])
def test_another_run_of_the_same_name_takes_its_place(root: Path, updates: int, seen_between: bool):
    path = make_run(root, "run", hidden=8)
    followed = follow(path)
    shutil.rmtree(path)
    if seen_between:
        followed.refresh()
    make_run(root, "run", floor=0.5, updates=updates, hidden=16)
    followed.refresh()
    followed.read()
    (found,), (wanted,) = followed.runs, follow(path).runs
    assert found.recorded == wanted.recorded and found.recorded.settings["hidden"] == 16
    assert (found.curve.training, found.best) == (wanted.curve.training, wanted.best)


def test_the_words_of_a_list_are_a_change(root: Path):
    followed = follow(make_run(root, "run"))
    assert not followed.refresh()
    followed.listing = replace(followed.listing, title="sweep")  # type: ignore[type-var]
    version = followed.version
    assert followed.refresh() and followed.version > version and not followed.refresh()


def test_a_damaged_run_is_shown_and_breaks_nothing(root: Path):
    good, bad, worse = (make_run(root, name) for name in ("good", "bad", "worse"))
    (bad / "run.json").write_text("{")
    (worse / "recipe.toml").write_text("[model]\nhidden = -3\n")
    (root / "gone").mkdir()
    runs = follow(good, bad, worse, root / "gone").runs
    assert [run.readable for run in runs] == [True, False, False, False]
    assert "run.json" in runs[1].problem and "hidden" in runs[2].problem and runs[3].problem
    results = results_of(runs)
    assert (results.reason, results.differing) == ("", ())
    assert results.runs[0].name == "good"
    assert len(json.loads(json.dumps(as_table(results)))["runs"]) == 4


def test_a_run_that_is_removed_meanwhile_is_shown_as_missing(root: Path):
    path = make_run(root, "one")
    followed = follow(path)
    shutil.rmtree(path)
    assert followed.refresh()
    followed.read()
    assert followed.runs[0].problem


def test_journals_that_cannot_be_read_are_named(root: Path):
    path = make_run(root, "one")
    (path / "metrics.jsonl").unlink()
    (path / "metrics.jsonl").mkdir()
    (run,) = follow(path).runs
    assert run.problem and not run.reading


# ---- whether losses can be compared -------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sha256": "b" * 64}, "the source tales has changed between the runs"),
        ({"sha256": "b" * 64, "source": "corpus:python"}, "different sources: tales, python"),
        ({"sha256": "b" * 64, "split": 0.2}, "different splits: 0.1, 0.2"),
        ({"sha256": "b" * 64, "tokenizer": "byte"}, "different tokenizers: char, byte"),
        ({"tokenizer": "byte"}, "different tokenizers: char, byte"),
        ({"task": "values"}, "different tasks: tokens, values"),
        ({"source": "corpus:python"}, ""),
        ({"hidden": 3, "seq_len": 9, "batch": 2}, ""),
    ],
)
def test_losses_on_different_data_are_not_ranked(root: Path, changes: dict, reason: str):
    runs = follow(make_run(root, "one"), make_run(root, "two", floor=0.5, **changes)).runs
    assert why_not(runs) == reason
    results = results_of(runs)
    assert [run.name for run in results.runs] == (["one", "two"] if reason else ["two", "one"])
    assert as_table(results).get("reason", "") == reason


def test_names_in_a_reason_cannot_steer_the_terminal(root: Path):
    other = make_run(root, "two", source="\x1b[2J" + "x" * 500, sha256="b" * 64)
    reason = why_not(follow(make_run(root, "one"), other).runs)
    assert reason.isprintable() and len(reason) < 100


# ---- order, groups and columns ------------------------------------------------------------------


def test_the_best_run_is_first_and_only_what_differs_is_listed(root: Path):
    results = results_of(some_runs(root).runs)
    names = [run.name for run in results.runs]
    assert names == ["tales-64-0.01", "tales-32-0.01", "tales-64-0.001", "tales-32-0.001"]
    assert results.differing == ("hidden", "lr")
    table = as_table(results)
    assert table["differing"] == ["hidden", "lr"] and "reason" not in table
    first = table["runs"][0]
    assert first["settings"]["lr"] == 0.01 and first["parameters"] == 1200
    assert {"name", "settings", "best", "best_step", "parameters"} <= {*first}


def test_runs_are_ordered_by_anything_and_unknown_values_come_last(root: Path):
    runs = some_runs(root).runs
    for by in measures(("hidden", "lr")):
        assert len(ordered(runs, by)) == 4
    by_lr = ordered(runs, "lr", reverse=True)
    assert [run.recorded.settings["lr"] for run in by_lr] == [0.01, 0.01, 0.001, 0.001]
    (root / "bad").mkdir()
    broken = follow(root / "bad").runs
    for reverse in (False, True):
        assert ordered([*broken, *runs], "best", reverse)[-1] is broken[0]


def test_runs_are_grouped_with_mean_and_deviation(root: Path):
    runs = ordered(some_runs(root).runs, "best")
    groups = grouped(runs, ("hidden",))
    assert [(group.words, len(group.runs)) for group in groups] == [
        ("hidden 64", 2),
        ("hidden 32", 2),
    ]
    losses_now = [run.best_loss for run in groups[0].runs]
    assert groups[0].mean == pytest.approx(sum(losses_now) / 2)  # type: ignore[arg-type]
    assert groups[0].deviation == pytest.approx(abs(losses_now[0] - losses_now[1]) / 2**0.5)  # type: ignore[operator]
    assert [group.words for group in grouped(runs, ())] == [""]


def test_seeds_can_be_grouped_away():
    assert groupings(("hidden", "lr", "seed"))[:2] == ((), ("hidden", "lr"))
    assert groupings(("lr", "seed")) == ((), ("lr",))
    assert groupings(()) == ((),)


def test_columns_have_a_text_for_each_run_and_only_useful_ones_exist(root: Path):
    runs = some_runs(root).runs
    found = columns(runs, ("hidden", "lr"))
    assert [c.name for c in found] == [
        "name", "best", "at", "hidden", "lr", "time", "parameters", "speed", "state",
    ]  # fmt: skip
    assert all(len(column.texts) == 4 for column in found)
    assert columns([], ()) != []


def test_speeds_have_the_unit_of_what_the_runs_read(root: Path):
    one, two, rows = (
        make_run(root, name, **settings)
        for name, settings in (
            ("one", {}),
            ("two", {}),
            ("rows", {"task": "values", "source": "values:1,2,3"}),
        )
    )

    def speeds(*paths: Path) -> tuple[str, tuple[str, ...]]:
        found = columns(follow(*paths).runs, ())
        return next((c.head, c.texts) for c in found if c.name == "speed")

    assert speeds(one, two)[0] == "char/s" and speeds(rows)[0] == "rows/s"
    head, texts = speeds(one, rows)
    assert head == "speed" and {text.split()[1] for text in texts} == {"char/s", "rows/s"}


def test_csv_has_exact_numbers(root: Path):
    results = results_of(some_runs(root).runs)
    rows = list(csv.DictReader(io.StringIO(csv_text(results))))
    assert [row["name"] for row in rows] == [run.name for run in results.runs]
    assert float(rows[0]["best"]) == results.runs[0].best_loss and rows[0]["lr"] == "0.01"


# ---- filters ------------------------------------------------------------------------------------


def test_runs_of_a_directory_are_found_by_a_filter_again_and_again(root: Path):
    some_runs(root)
    clock = [0.0]
    found = MatchingList(root, parse_filter("lr>=0.01"), clock=lambda: clock[0])
    assert sorted(one.path.name for one in found.listed()) == ["tales-32-0.01", "tales-64-0.01"]
    make_run(root, "tales-new", lr=0.02)
    assert len(found.listed()) == 2
    clock[0] = 6.0
    assert len(found.listed()) == 3


def test_a_directory_that_cannot_be_read_is_named(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(RunError):
        MatchingList(tmp_path / "file", Filter()).listed()


def test_filters_know_what_the_losses_say(root: Path):
    (run,) = follow(make_run(root, "one")).runs
    facts = compared_facts(run, 0.0)
    assert parse_filter("best<2 best_update>100 elapsed=8 speed>0").matches(facts)
    assert not parse_filter("best>2").matches(facts)
    assert not parse_filter("size>1").matches(facts)
    assert parse_filter("size>1").matches(compared_facts(run, 0.0, measured=True))


def test_a_new_tag_is_noticed(root: Path):
    path = make_run(root, "one")
    followed = follow(path)
    write_labels(path, Labels(tags=("good",)))
    assert followed.refresh()
    assert parse_filter("tag=good").matches(compared_facts(followed.runs[0], 0.0))


def test_keys_that_differ_are_completed_first_and_values_are_those_of_the_runs(root: Path):
    facts = [compared_facts(run, 0.0) for run in some_runs(root).runs]
    found = completions("", facts, ("hidden", "lr"))
    assert found[:2] == ["hidden=", "lr="] and found.index("optimizer=") < found.index(
        "tales-32-0.01"
    )
    assert completions("hidden=32 l", facts, ("lr",))[0] == "lr="
    assert completions("lr=", facts) == ["lr=0.001", "lr=0.01"]
    assert completions("lr>=0.0", facts) == ["lr>=0.001", "lr>=0.01"]
    assert completions("hidden=32,", facts) == ["hidden=32,64"]
    assert completions("tales-3", facts) == ["tales-32-0.001", "tales-32-0.01"]
    assert completions("cell=g", facts) == ["cell=gru"]
    assert completions("nonsense=", facts) == [] == completions("zzz", facts)
    assert completed("a hid", "hidden=") == "a hidden="
    assert completed("a hidden=", "hidden=32") == "a hidden=32 "


def test_every_completion_is_a_filter(root: Path):
    facts = [compared_facts(run, 0.0) for run in some_runs(root).runs]
    for key in completions("", facts):
        for value in completions(key, facts) if key.endswith("=") else [key]:
            parse_filter(value)
