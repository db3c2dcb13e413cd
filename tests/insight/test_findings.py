"""Which findings a run gets: the rules over recorded signs, and over runs that are trained here."""

from __future__ import annotations

import dataclasses
import math

import pytest

from rnntui.insight.findings import LASTS, PRECEDENCE, SHOWN, Findings, absent, in_order
from rnntui.insight.history import Facts, History
from rnntui.insight.rules import RULES, Found, Signs, rule
from rnntui.recipe import Recipe, bundled, load_recipe
from tests.insight.table import CASES, HEALTHY, recorded
from tests.support.diagnosis import diagnose
from tests.support.signs import facts, lived, record, until, validated, values

RECORDED = recorded()


def replayed(name: str) -> tuple[set[str], set[str]]:
    """Ids that were found in a recorded run, and those that hold at its end."""
    facts, history = RECORDED[name]
    findings, found = Findings(), set()
    for sample in history.samples:
        judged = findings.judge(facts, until(history, sample.step))
        found |= {finding.id for finding in judged.found}
    return found, {finding.id for finding in findings.active}


@pytest.mark.parametrize("name", CASES)
def test_a_recorded_run_gets_the_finding_that_a_teacher_wants(name: str) -> None:
    assert CASES[name].intended in replayed(name)[0]


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_recorded_run_gets_none(name: str) -> None:
    assert replayed(name)[0] == set()


def test_a_plateau_that_passes_is_withdrawn() -> None:
    found, last = replayed("sigmoids")
    assert {"vanishing", "frequencies-only"} <= found and last == set()


# ---- a history made by hand -------------------------------------------------------------------


def found(known: Facts, history: History) -> set[str]:
    findings = Findings()
    findings.judge(known, history)
    return {finding.id for finding in findings.active}


FALLING = [1.2 + 2.8 * math.exp(-n / 150) for n in range(1200)]


def test_a_healthy_history_has_no_finding() -> None:
    assert found(facts(), lived(FALLING)) == set()


@pytest.mark.parametrize(
    ("intended", "known", "history"),
    [
        ("bad-start", facts(), lived([60.0] * 50)),
        ("diverging", facts(), lived([4.0] * 20 + [9.0] * 60)),
        ("diverging", facts(), lived([3.5] * 60, trouble="stays up")),
        ("exploding", facts(), lived([3.5] * 200, norm=1e6)),
        ("bouncing", facts(), lived([3.2] * 500, update=0.2)),
        ("rate-too-low", facts(), lived([4 - n / 1e4 for n in range(500)], update=1e-4)),
        ("frequencies-only", facts(), lived([3.0] * 600)),
        ("vanishing", facts(), lived([3.4] * 400, reach=2)),
        ("saturated", facts(), lived([3.4] * 400, saturated=0.95)),
        ("dead-units", facts(), lived([2.0] * 500, zero=0.5)),
        ("dead-units", facts(), lived([2.0] * 500, constant=0.7)),
        ("window-too-short", facts(floor=1.0), lived([2.0] * 1500, end=0.5)),
        ("unscaled-values", values(largest=80.0), History()),
        (
            "clip-too-tight",
            facts(recipe=Recipe().replace(optimizer="sgd", clip=0.01)),
            lived([3.5] * 500, norm=0.5, clip=0.01),
        ),
    ],
)
def test_each_sign_leads_to_its_finding(intended: str, known: Facts, history: History) -> None:
    assert intended in found(known, history)


RISING = [2.8, 2.62, 2.8, 2.9, 3.0, 3.1, 3.3, 3.6]
LEARNING = [2.6, 2.4, 2.2, 2.0, 1.8, 1.5, 1.2, 1.0]


def test_overfitting_is_a_validation_loss_that_rises_for_good() -> None:
    def overfits(losses: list[float], training: list[float], **given: object) -> bool:
        history = validated(lived(FALLING), losses, training)
        return "overfitting" in found(facts(**given), history)

    assert overfits(RISING, LEARNING, lap=300)
    assert not overfits(RISING, [2.6, 2.4] + [2.5] * 6), "training does not get better either"
    assert not overfits(RISING, LEARNING, lap=5000), "a part of one pass may be harder"
    assert not overfits(RISING, [math.nan] * 8), "not even one pass is complete"
    restored = [*LEARNING[:-1], math.nan]
    assert overfits(RISING, restored, lap=300), "weights that were restored learned as much"
    swinging = [2.6, 2.62, 2.59, 2.61, 2.6, 2.63] * 3
    assert not overfits(swinging, [2.5 - n / 9 for n in range(18)])
    tiny = [0.001, 0.01, 0.02, 0.01, 0.02, 0.01]
    assert not overfits(tiny, [0.1 / n for n in range(1, 7)]), "near zero, it is noise"


def test_the_evidence_of_overfitting_names_the_best_update() -> None:
    findings = Findings()
    findings.judge(facts(), validated(lived(FALLING), RISING, LEARNING))
    (finding,) = findings.active
    numbers = {one.name: one.value for one in finding.evidence}
    assert (numbers["best_step"], numbers["best_validation"]) == (500, 2.62)
    assert "update 500" in finding.short and "update 500" in finding.advice


def test_too_small_needs_a_loss_that_stalls_above_counting() -> None:
    small = facts(parameters=1000, simple=(("unigram", 3.0), ("5-gram", 1.5)))
    history = validated(lived([2.1] * 1500), [2.1], [2.1])
    assert "too-small" in found(small, history)
    assert "too-small" not in found(dataclasses.replace(small, parameters=50_000), history)
    assert "too-small" not in found(small, validated(lived(FALLING), [1.3], [1.3]))


def test_a_forecast_is_compared_with_repeating_the_last_value() -> None:
    known = values(simple=(("last value", 0.1),))
    history = validated(lived([0.3] * 1500), [0.3], [0.3])
    assert "no-better-than-last-value" in found(known, history)
    assert found(values(simple=(("last value", 0.4),)), history) == set()


def test_standardized_values_may_have_outliers() -> None:
    recipe = Recipe().replace(task="values", standardize=True)
    known = facts(recipe=recipe, chance=0.5, frequencies=math.inf, largest=80.0)
    assert found(known, History()) == set()


def test_a_verdict_waits_for_the_losses_of_simple_models() -> None:
    history, findings = lived([1.5] * 400, reach=2), Findings()
    known = facts(simple=None)
    assert findings.judge(known, history).needs_simple and findings.active == ()
    known = dataclasses.replace(known, simple=(("5-gram", 1.6),))
    assert not findings.judge(known, history).needs_simple and findings.active == ()
    known = dataclasses.replace(known, simple=(("5-gram", 1.4),))
    assert [finding.id for finding in findings.judge(known, history).found] == ["vanishing"]


def test_a_finding_is_told_once_and_withdrawn_once() -> None:
    findings, up = Findings(), lived([4.0] * 20 + [9.0] * 60)
    (first,) = findings.judge(facts(), up).found
    assert findings.judge(facts(), up).found == () and findings.active == (first,)
    for _ in range(LASTS + 60):
        step = up.step + len(up.losses) + 1
        record(up, step, 2.0, rate=0.002)
    (gone,) = findings.judge(facts(), up).withdrawn
    assert gone == first and findings.active == ()
    assert findings.judge(facts(), up).withdrawn == ()


def test_what_an_earlier_process_found_is_not_told_again() -> None:
    up = lived([4.0] * 20 + [9.0] * 60)
    before = Findings()
    before.judge(facts(), up)
    later = Findings(before.active, up.step)
    assert later.judge(facts(), up) == type(later.judge(facts(), up))()
    assert later.active[0].since == before.active[0].since
    calm = Findings(before.active, up.step)
    calm.judge(facts(), lived([4.0] * 15))
    assert calm.active, "updates that are repeated may not have come to it yet"


def test_restored_weights_have_no_history() -> None:
    history = lived([4.0] * 20 + [9.0] * 60)
    history.restart()
    assert found(facts(), history) == set()


# ---- the declarations ---------------------------------------------------------------------------


def test_every_rule_has_a_place_in_the_order_and_a_plain_title() -> None:
    assert set(PRECEDENCE) == set(RULES) and len(PRECEDENCE) == 15
    for one in RULES.values():
        assert len(one.title) <= 80 and not one.title.endswith(".")


def test_a_rule_is_registered_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        rule("diverging", "again")(lambda signs: None)


def test_the_most_likely_cause_comes_first() -> None:
    findings = Findings()
    findings.judge(facts(), lived([60.0] * 400, norm=1e6, saturated=0.95, reach=2))
    ids = [finding.id for finding in findings.active]
    assert ids == sorted(ids, key=PRECEDENCE.index) and ids[0] == "bad-start"
    assert len(ids) > SHOWN
    assert len(absent(findings.active)) == 15 - len(ids)
    assert in_order(reversed(findings.active)) == findings.active


@pytest.mark.parametrize("name", CASES)
def test_texts_are_short_and_fixes_are_accepted(name: str) -> None:
    known, history = RECORDED[name]
    signs = Signs(known, history)
    for one in RULES.values():
        if (what := one.check(signs)) is None:
            continue
        assert isinstance(what, Found)
        known.recipe.replace(**dict(what.fix))
        assert len(f"{one.title}: {what.short}") <= 200 and len(what.advice) <= 120
        assert all(isinstance(value, (int, float)) for value in what.evidence.values())


# ---- training -----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_run_that_is_trained_gets_the_finding_that_a_teacher_wants(name: str) -> None:
    case = CASES[name]
    assert case.intended in diagnose(case.built, case.updates).ids


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({*bundled()} - {"hello-world"}))
def test_a_bundled_recipe_gets_no_finding(name: str) -> None:
    assert diagnose(load_recipe(name), 3000, seconds=2.0).found == {}
