"""The findings of a run: shown, logged once, kept over a resume, and read back from its files."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from rnntui.data import load
from rnntui.errors import UsageError
from rnntui.insight.findings import SHOWN
from rnntui.protocol.insight import Dismiss
from rnntui.recipe import Recipe, load_recipe
from rnntui.runs.job import Job
from rnntui.runs.opening import Opened, open_job
from rnntui.runs.store.contents import foreign_entry
from rnntui.runs.store.journal import EVENTS, SIGNS, read_journal
from rnntui.runs.store.summary import summarize
from rnntui.session.findings import findings_from
from rnntui.session.session import Session
from rnntui.session.stored_run import StoredRun
from rnntui.training.loop import start
from tests.conftest import Ended
from tests.support.sessions import look, run, session

HELLO = load_recipe("hello-world").replace(
    workers=1, plan="reference", sample_every=0, final_length=0
)
WIDE = Recipe().replace(
    init="normal", init_scale=3.0, hidden=100, layers=1, dropout=0.0, cell="rnn", workers=1
)


def ids(s: Session) -> list[str]:
    return [finding.id for finding in look(s).findings]


def told(s: Session) -> list[str]:
    """What the event log says about findings."""
    return [event.text for event in look(s).events if event.kind == "finding"]


def stored(directory: Path, recipe: Recipe, updates: int) -> tuple[Session, Path]:
    opened = open_job(Job(recipe=recipe, runs=str(directory), name="run"))
    assert opened.recorder is not None
    path = opened.recorder.run.path.resolve()
    s = Session(opened)
    run(s, updates)
    return s, path


def changes(path: Path) -> list[tuple[str, str]]:
    """Ids and states, as the journal has them."""
    lines = [line for line in read_journal(path, EVENTS)[0] if line["kind"] == "finding"]
    return [(line["finding"]["id"], line["state"]) for line in lines]


def test_a_run_that_diverges_gets_findings_which_a_fix_takes_back() -> None:
    s = session(HELLO.replace(steps=0))
    run(s, 400)
    assert ids(s)[0] == "diverging" and len(ids(s)) <= SHOWN
    assert any(text.startswith("The learning rate is too high") for text in told(s))
    found = len(ids(s))
    s.fix()
    assert ids(s) == []  # they were about weights that are gone
    assert sum(text.startswith("no longer: ") for text in told(s)) >= found
    run(s, 300)
    assert ids(s) == [] and look(s).alert is None
    assert any(text.startswith("no longer: The learning rate") for text in told(s))
    with pytest.raises(UsageError, match="nothing to fix"):
        s.fix()


def test_a_bad_start_is_a_finding_and_no_alert() -> None:
    s = session(WIDE)
    run(s, 150)
    view = look(s)
    assert view.findings[0].id == "bad-start" and view.alert is None
    assert view.findings[0].since == 2
    assert [(one.key, one.value) for one in view.findings[0].fix] == [("init_scale", "0")]
    assert s._state.stability.trouble == "above chance"


def test_unscaled_values_are_a_finding_and_no_alert() -> None:
    recipe = load_recipe("sunspots").replace(standardize=False, workers=1)
    s = session(recipe)
    run(s, 20)
    assert ids(s) == ["unscaled-values"] and look(s).alert is None


def test_overfitting_is_told_once() -> None:
    noise = random.Random(9)
    words = (
        "".join(noise.choices("abcdefghijklmnop", k=noise.randrange(2, 8))) for _ in range(400)
    )
    recipe = Recipe().replace(
        source="text:" + " ".join(words), batch=4, seq_len=25, hidden=64, lr=0.01, eval_every=50
    )
    s = session(recipe.replace(workers=1))
    run(s, 700)
    about = [text for text in told(s) if "overfitting" in text]
    assert len(about) == 1 and "validation loss has risen from" in about[0]
    assert "overfitting" in ids(s)


def test_a_stored_run_shows_the_findings_it_ended_with(tmp_path: Path) -> None:
    s, path = stored(tmp_path, HELLO.replace(steps=400), 400)
    last = look(s).findings
    assert s.close() == "" and last
    shown = StoredRun(Job(s._recipe, run=str(path), shown=True))
    while shown.delay(0.0) < 1:
        shown.tick(0.0, 0.0)
    found = look(shown).findings  # type: ignore[arg-type]
    assert found == s.findings.shown
    health = shown.health()
    assert {"reach", "update", "norm"} <= {sign.id for sign in health.signs}
    assert len(read_journal(path, SIGNS)[0]) >= 1
    assert summarize(path).findings[0] == "diverging"
    assert foreign_entry(path) is None


@pytest.mark.slow
def test_a_resumed_run_tells_no_finding_again(tmp_path: Path) -> None:
    s, path = stored(tmp_path, HELLO.replace(steps=300), 300)
    s.close()
    before, held = changes(path), s.findings.ids
    assert ("diverging", "found") in before
    opened = open_job(Job(HELLO.replace(steps=600), run=str(path), new_bounds=True))
    again = Session(opened)
    assert again.findings.ids == held and ids(again)[0] == "diverging"
    run(again, 300)
    again.close()
    assert changes(path).count(("diverging", "found")) == 1
    assert again.findings.active[-1].since <= 600


def test_updates_that_are_repeated_after_a_crash_tell_no_finding_again() -> None:
    line: dict[str, Any] = {}
    first = session(HELLO)
    run(first, 100, enough=lambda: bool(first.findings.changes))
    (change,) = first.findings.changes
    line = {"step": change.step, "kind": "finding", "text": change.text, **change.line}
    data = load(HELLO)
    s = Session(Opened(HELLO, data, start(HELLO, data), again=[line]))
    assert ids(s) == ["diverging"], "as its journal says"
    run(s, 100)
    assert ids(s) == ["diverging"] and told(s) == []


def test_the_last_line_about_a_finding_counts() -> None:
    s = session(HELLO)
    run(s, 100)
    (finding,) = s.findings.active
    from rnntui.session.findings import Change

    def lines(*states: str) -> list[dict[str, Any]]:
        return [{"kind": "finding", **Change(9, state, finding).line} for state in states]  # type: ignore[arg-type]

    assert findings_from(lines("found")) == (finding,)
    assert findings_from(lines("found", "withdrawn")) == ()
    assert findings_from(lines("withdrawn", "found"), [finding]) == (finding,)
    damaged = [{"kind": "finding", "state": "found", "finding": {"id": 3}}, {"kind": "finding"}]
    assert findings_from(damaged) == ()


def test_a_dismissed_finding_is_hidden_for_the_rest_of_the_run(tmp_path: Path) -> None:
    s, path = stored(tmp_path, HELLO.replace(steps=400), 60)
    assert ids(s) == ["diverging"]
    s.findings.dismiss("diverging")
    assert ids(s) == [] and s.findings.fixable, "the key for it still works"
    assert s.findings.health().dismissed == ("diverging",)
    s.close()
    again = Session(open_job(Job(HELLO.replace(steps=400), run=str(path))))
    assert ids(again) == []
    again.close()


def test_only_findings_that_exist_can_be_hidden() -> None:
    s = session(HELLO)
    with pytest.raises(UsageError, match="no finding is called 'no-such-rule'"):
        s.handle(Dismiss("no-such-rule"))
    assert s.findings.health().dismissed == ()


def test_health_is_measured_without_a_viewer() -> None:
    s = session(HELLO)
    run(s, 200)
    health = s.findings.health()
    assert health.step > 150 and len(health.tensors) == 5
    assert "diverging" not in health.absent
    assert len(health.absent) >= 10


# ---- without a screen -------------------------------------------------------------------------


ARGS = ("train", "hello-world", "--steps", "400", "--set", "workers=1", "--set", "sample_every=0")


def test_findings_as_json(rnntui: Any, runs: Path) -> None:
    ended: Ended = rnntui(*ARGS, "--json", "--name", "one")
    found = [event for event in ended.of("finding") if event["id"] == "diverging"]
    assert [event["state"] for event in found] == ["found"]
    assert set(found[0]["evidence"]) == {"loss", "bound", "lr"}
    assert found[0]["fix"] == {"lr": 0.004} and found[0]["step"] < 100
    (listed,) = rnntui("runs", "--json").events
    assert listed["findings"][0] == "diverging"
    assert "diverging" in rnntui("runs").out
    assert rnntui("rm", "one", "--yes").code == 0


@pytest.mark.slow
def test_findings_in_lines(rnntui: Any) -> None:
    ended: Ended = rnntui(*ARGS, "--plain", "--no-save")
    lines = [line for line in ended.out.splitlines() if "is diverging" in line]
    assert len(lines) == 1 and lines[0].strip().startswith("update ")
    quiet: Ended = rnntui("train", "counting", "--plain", "--no-save")
    assert not any(line.strip().startswith("update 2") for line in quiet.out.splitlines())
