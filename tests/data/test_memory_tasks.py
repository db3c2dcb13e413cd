"""The tasks that show memory: their floors, and the places that need memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import RandomState

from rnntui.data import load
from rnntui.data.again import read_again
from rnntui.data.dataset import ValueData
from rnntui.data.generated import (
    adding,
    anbn,
    copying,
    flipflop,
    parity,
    reber,
    recall,
    reversal,
    tasks,
)
from rnntui.data.generated.task import Probe, TextTask, by_distance, chance, complete_lines
from rnntui.recipe import Recipe
from tests.conftest import examples, quick_where

Expected = dict[str, float]


# ---- what the best possible model expects after the beginning of a line -------------------------


def uniform(symbols: str, share: float = 1.0) -> Expected:
    return dict.fromkeys(symbols, share / len(symbols))


def ending(so_far: int, most: int) -> float:
    """The probability that something of 1 to `most` parts, equally likely, ends now."""
    return 1 / (most - so_far + 1) if so_far else 0.0


def after_copy(line: str) -> Expected:
    word, gap, answer = line[: copying.WORD], line[copying.WORD :], ""
    if len(word) < copying.WORD:
        return uniform(copying.LETTERS)
    gap, equals, answer = gap.partition("=")
    if equals:
        return {(word + "\n")[len(answer)]: 1.0}
    ends = 1 / (copying.LONGEST_GAP - len(gap) + 1)
    return {"=": ends, ".": 1 - ends}


def after_reverse(line: str) -> Expected:
    word, equals, answer = line.partition("=")
    if equals:
        return {(word[::-1] + "\n")[len(answer)]: 1.0}
    ends = ending(len(word), reversal.LONGEST)
    return {"=": ends} | uniform(reversal.LETTERS, 1 - ends)


def after_parity(line: str) -> Expected:
    bits, equals, answer = line.partition("=")
    if equals:
        return {(str(bits.count("1") % 2) + "\n")[len(answer)]: 1.0}
    ends = ending(len(bits), parity.LONGEST)
    return {"=": ends} | uniform("01", 1 - ends)


def after_anbn(line: str) -> Expected:
    count = line.count("a")
    if "b" in line:
        return {"b" if line.count("b") < count else "\n": 1.0}
    ends = ending(count, anbn.MOST)
    return {"b": ends, "a": 1 - ends}


def after_recall(line: str) -> Expected:
    pairs, asks, answer = line.partition("?")
    known = dict(zip(pairs[::2], pairs[1::2], strict=False))
    if asks:
        if not answer:
            return uniform("".join(known))
        return {(known[answer[0]] + "\n")[len(answer) - 1]: 1.0}
    if len(pairs) % 2:
        return uniform(recall.VALUES)
    ends = ending(len(known), recall.MOST)
    left = "".join(key for key in recall.KEYS if key not in known)
    return {"?": ends} | (uniform(left, 1 - ends) if left else {})


def after_reber(line: str) -> Expected:
    if len(line) in (0, 2):
        return {"B": 1.0}
    if len(line) == 1:
        return uniform("TP")
    state, rest = 0, line[3:]
    while rest and state != reber.END:
        state = dict(reber.ARCS[state])[rest[0]]
        rest = rest[1:]
    if state == reber.END:
        return {("E" + line[1] + "E\n")[len(rest)]: 1.0}
    return uniform("".join(symbol for symbol, _ in reber.ARCS[state]))


def after_flipflop(text: str) -> Expected:
    if not text:
        return {"w": 1.0}
    if text[-1] == "r":
        return {next(b for a, b in reversed(list(pairwise(text))) if a == "w"): 1.0}
    if text[-1] in "wi":
        return uniform("01")
    writes, reads = flipflop.WRITES, flipflop.READS
    return {"w": writes, "r": reads, "i": 1 - writes - reads}


AFTER: dict[str, Callable[[str], Expected]] = {
    "copy": after_copy,
    "reverse": after_reverse,
    "parity": after_parity,
    "anbn": after_anbn,
    "recall": after_recall,
    "reber": after_reber,
    "flipflop": after_flipflop,
}


def task_of(name: str) -> TextTask:
    task = tasks()[name]
    assert isinstance(task, TextTask)
    return task


def beginnings(name: str, text: str) -> list[str]:
    """What decides each character of `text`: the line so far, or the last part of a stream."""
    if name == "flipflop":
        return [text[max(0, at - 400 + at % 2) : at] for at in range(len(text))]
    return [text[text.rfind("\n", 0, at) + 1 : at] for at in range(len(text))]


@pytest.mark.slow
@pytest.mark.parametrize("name", quick_where(AFTER, lambda name: name in ("copy", "parity")))
def test_the_best_possible_model_scores_the_floor(name: str) -> None:
    task = task_of(name)
    text = task.text(RandomState(5), 60_000)
    nats = 0.0
    for char, before in zip(text, beginnings(name, text), strict=True):
        expected = AFTER[name](before)
        assert sum(expected.values()) == pytest.approx(1)
        nats -= math.log(expected[char])
    assert nats / len(text) == pytest.approx(task.floor(), rel=0.02)


@pytest.mark.parametrize(
    ("name", "module", "sizes"),
    [
        ("copy", copying, {"WORD": 3, "LONGEST_GAP": 4}),
        ("reverse", reversal, {"LONGEST": 4}),
        ("parity", parity, {"LONGEST": 6}),
        ("anbn", anbn, {"MOST": 24}),
        ("recall", recall, {"MOST": 2}),
    ],
)
def test_the_floor_is_that_of_all_lines_there_can_be(
    name: str, module: ModuleType, sizes: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for constant, size in sizes.items():
        monkeypatch.setattr(module, constant, size)
    lines = dict(every_line(AFTER[name]))
    assert math.fsum(lines.values()) == pytest.approx(1)
    entropy = -math.fsum(p * math.log(p) for p in lines.values())
    length = math.fsum(p * len(line) for line, p in lines.items())
    assert task_of(name).floor() == pytest.approx(entropy / length, rel=1e-9)
    drawn = task_of(name).text(RandomState(1), 2000).splitlines(keepends=True)
    assert set(drawn) <= lines.keys()


def every_line(
    after: Callable[[str], Expected], before: str = "", share: float = 1.0
) -> Iterator[tuple[str, float]]:
    """Every line that can follow, with its probability."""
    for char, p in after(before).items():
        if char == "\n":
            yield before + char, share * p
        elif p:
            yield from every_line(after, before + char, share * p)


@pytest.mark.parametrize("name", AFTER)
def test_a_probe_is_certain_for_a_model_that_remembers(name: str) -> None:
    text = task_of(name).text(RandomState(6), 4000)
    before = beginnings(name, text)
    found = probes(name, text)
    assert len(found) > 50
    assert [probe.at for probe in found] == sorted({probe.at for probe in found})
    for probe in found:
        assert AFTER[name](before[probe.at]) == {text[probe.at]: 1.0}
        assert text[probe.at] in probe.candidates and len(set(probe.candidates)) > 1
        assert 0 < probe.distance <= probe.at


@pytest.mark.parametrize("name", ["copy", "reverse", "parity", "recall", "reber"])
def test_what_a_probe_depends_on_is_at_its_distance(name: str) -> None:
    """Another character there, and the answer is another one."""
    text = task_of(name).text(RandomState(6), 4000)
    for probe in probes(name, text):
        line = text.rfind("\n", 0, probe.at) + 1
        source = probe.at - probe.distance
        assert source >= line
        other = next(char for char in probe.candidates if char != text[source])
        changed = text[line:source] + other + text[source + 1 : probe.at]
        assert text[probe.at] not in AFTER[name](changed)


def test_examples() -> None:
    assert probes("copy", "\ncabd..=cabd\n") == [(n, 7, "abcd") for n in range(8, 12)]
    assert probes("reverse", "\nab=ba\n") == [(4, 2, "abcd"), (5, 4, "abcd")]
    assert probes("parity", "x\n101=0\n") == [(6, 4, "01")]
    assert probes("anbn", "\naabb\n") == [(4, 3, "b\n"), (5, 4, "b\n")]
    assert probes("anbn", "\nab\n") == [(3, 2, "b\n")]
    assert probes("recall", "\nb1c2?b1\n") == [(7, 5, recall.VALUES)]
    assert probes("reber", "\nBPBTXSEPE\n") == [(8, 6, "TP")]
    assert probes("flipflop", "w1i0r1i0i0r1") == [(5, 4, "01"), (11, 6, "01")]
    assert probes("brackets", "{[()]}") == [(3, 1, ")]}"), (4, 3, ")]}"), (5, 5, ")]}")]


TEXTS = [name for name, task in tasks().items() if isinstance(task, TextTask) and task.probes]


def probes(name: str, text: str) -> list[Probe]:
    find = task_of(name).probes
    assert find is not None
    return list(find(text))


@pytest.mark.parametrize("name", TEXTS)
def test_a_part_of_a_text_has_some_of_its_probes_and_no_others(name: str) -> None:
    text = task_of(name).text(RandomState(7), 600)
    everywhere = set(probes(name, text))
    for first in range(0, 200, 7):
        found = probes(name, text[first:400])
        assert found
        assert {probe._replace(at=probe.at + first) for probe in found} <= everywhere


@pytest.mark.parametrize("name", TEXTS)
@settings(max_examples=examples(60), deadline=None)
@given(data=st.data())
def test_any_text_is_read(name: str, data: st.DataObject) -> None:
    alphabet = sorted(set(task_of(name).text(RandomState(1), 300)) | {"x", "\n"})
    text = "".join(data.draw(st.lists(st.sampled_from(alphabet), max_size=40)))
    for probe in probes(name, text):
        assert text[probe.at] in probe.candidates and probe.distance <= probe.at


# ---- counting -----------------------------------------------------------------------------------


def test_lines_are_complete_between_two_newlines() -> None:
    assert list(complete_lines("ab\ncd\n\nef")) == [(3, "cd"), (6, "")]
    assert list(complete_lines("")) == list(complete_lines("abc\n")) == []


def test_what_is_right_is_counted_by_distance() -> None:
    places = [Probe(9, distance, "ab") for distance in (1, 2, 3, 3, 16)]
    counted = by_distance(places, [True, False, True, True, False])
    assert counted == ((1, 1, 1, 1), (2, 3, 2, 3), (16, 31, 0, 1))
    assert [share.label for share in counted] == ["1", "2–3", "16–31"]
    with pytest.raises(ValueError):
        by_distance(places, [True])


def test_chance_is_a_guess_among_the_candidates() -> None:
    assert chance([Probe(1, 1, "ab"), Probe(2, 1, "abcd")]) == 0.375
    with pytest.raises(ValueError, match="no probes"):
        chance([])


# ---- adding -------------------------------------------------------------------------------------


def series(**changes: str | bool) -> ValueData:
    recipe = Recipe().replace(task="values", source="corpus:adding", **changes)
    data = load(recipe)
    assert isinstance(data, ValueData)
    return data


def test_sums_are_those_of_the_two_marked_numbers() -> None:
    rows = adding.rows(RandomState(2), 5000)
    assert rows == adding.rows(RandomState(2), 5000) and len(rows) == 5000
    marked: list[int] = []
    expected = []
    for at, (number, mark) in enumerate(rows):
        if mark == adding.ANSWER:
            first, second = marked
            assert second == at - 1 and number == rows[first][0] + rows[second][0]
            expected.append((at, at - first, 0, adding.CLOSE))
            marked = []
        else:
            assert 0 <= number < 1 and mark in (0.0, 1.0)
            marked += [at] if mark else []
    assert list(adding.probes(rows)) == expected[1:], "the first sum may have begun earlier"
    rounded = [(number, mark + 1e-12) for number, mark in rows]
    assert adding.probes(rounded) == adding.probes(rows)


def test_the_best_possible_prediction_of_a_row_scores_the_floor() -> None:
    data = series(split=0.0)
    pending: list[float] = []
    total = 0.0
    for number, mark in data.values.tolist():
        expected = (sum(pending), adding.ANSWER) if len(pending) == 2 else (0.5, adding.MARKED)
        total += ((number - expected[0]) ** 2 + (mark - expected[1]) ** 2) / 2
        pending = [] if len(pending) == 2 else pending + [number] * (mark == 1)
    assert total / len(data.values) == pytest.approx(data.floor, rel=0.01)


def test_the_floor_follows_the_scale_and_is_unknown_for_other_rows() -> None:
    plain, scaled = series(), series(standardize=True)
    assert plain.floor == pytest.approx(sum(adding.variances()) / 2)
    shares = np.array(adding.variances()) / scaled.deviation**2
    assert scaled.floor == pytest.approx(shares.sum() / 2)
    assert series(columns="number").floor is None
    assert series(difference=True).floor is None


def test_a_column_of_a_generated_table_is_read_again() -> None:
    whole, marks = series(), series(columns="mark")
    assert (whole.features, marks.features) == (("number", "mark"), ("mark",))
    again = read_again(marks, "corpus:adding", None, 1_000_000)
    assert again.rows is not None and again.rows.shape == (adding.ROWS, 1)
    np.testing.assert_array_equal(again.rows[: len(whole.values), 0], whole.values[:, 1])
    recipe = Recipe().replace(task="values", source="corpus:adding")
    known = load(recipe, known=marks)
    assert isinstance(known, ValueData) and known.features == ("mark",)
