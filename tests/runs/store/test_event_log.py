"""The events of a run: as the journal has them, without parsing more than is needed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.runs.edits import EDIT_WORDS, REPEATED_WORDS, edits_of, journaled
from rnntui.runs.store import event_log
from rnntui.runs.store.event_log import NEWEST, EventLog
from rnntui.runs.store.journal import EVENTS, read_journal, segment, to_line
from rnntui.session.run_history import RunHistory
from tests.conftest import examples

TEXTS = st.text('ab{}"\\\n→\0', max_size=8)
RECORDS = st.fixed_dictionaries(
    {"step": st.integers(0, 50), "kind": st.sampled_from(["lr", "sample", "end"]), "text": TEXTS},
    optional={"edit": st.just("lr"), "value": st.floats(0, 1), "more": st.just({"a": {}})},
)


def write(directory: Path, data: bytes) -> None:
    segment(directory, EVENTS, 0).write_bytes(data)


@settings(deadline=None, max_examples=examples(150))
@given(st.lists(st.tuples(RECORDS, st.integers(0, 60)), max_size=30), st.integers(0, 40))
def test_it_has_the_lines_that_the_journal_has(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[dict[str, Any], int]], after: int
) -> None:
    directory = tmp_path_factory.mktemp("run")
    data = b""
    for record, kept in records:
        line = to_line(record)
        # Some are broken off, and ended by the next writer.
        data += line if kept > 20 else line[:kept].rstrip(b"\n") + b"\n"
    write(directory, data)
    lines, bad = read_journal(directory, EVENTS)
    log = EventLog(directory, EDIT_WORDS, REPEATED_WORDS, after=after)
    log.read()
    assert (log.count, log.bad) == (len(lines), bad)
    assert log.newest() == lines
    assert all(lines[number] == line for number, line in log.every)
    assert edits_of(line for _, line in log.every) == edits_of(lines)
    edits = {number for number, _ in log.every}
    rest = [line for number, line in enumerate(lines) if number >= after and number not in edits]
    assert journaled(log.recent) == journaled(rest)


def test_a_rollback_voids_the_newest_events(tmp_path: Path) -> None:
    write(tmp_path, b'{"step":1}\n{"step":5}\n{"rollback":3}\n{"step":4,"kind":"rollback"}\n')
    log = EventLog(tmp_path)
    assert log.read() == log.count == 2
    assert log.newest() == read_journal(tmp_path, EVENTS)[0]


@pytest.mark.slow
def test_of_many_events_few_are_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a run that resumed from update 90 000 of 100 000."""
    text = "learning rate 0.1 → 0.05"
    lines = [
        {"step": n, "seconds": 1.0, "kind": "lr", "text": text, "edit": "lr", "value": 0.1}
        for n in range(1, 100_001)
    ]
    write(tmp_path, b"".join(map(to_line, lines)))
    parsed, parse_line = 0, event_log.parse_line

    def counted(row: bytes) -> Any:
        nonlocal parsed
        parsed += 1
        return parse_line(row)

    monkeypatch.setattr(event_log, "parse_line", counted)
    log = EventLog(tmp_path, EDIT_WORDS, REPEATED_WORDS, after=20, step=99_990)
    log.read()
    assert log.count == 100_000 and len(log.newest()) == NEWEST
    assert [line["step"] for _, line in log.every] == list(range(99_990, 100_001))
    assert parsed < 2 * NEWEST


def test_of_many_events_that_come_again_the_newest_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log, "MOST_RECENT", 100)
    lines: list[dict[str, Any]] = [
        {"step": n, "kind": "sample", "text": "x"} for n in range(1, 1001)
    ]
    lines[3] |= {"edit": "lr", "value": 0.5}
    write(tmp_path, b"".join(map(to_line, lines)))
    log = EventLog(tmp_path, EDIT_WORDS, REPEATED_WORDS)
    log.read()
    assert [line["step"] for _, line in log.every] == [4]
    assert [line["step"] for line in log.recent] == list(range(901, 1001))


@pytest.mark.parametrize(
    "wrong",
    [
        {"step": 10**401},
        {"step": -1},
        {"step": "5"},
        {"step": True},
        {"seconds": 10**401},
        {"seconds": float("nan")},
        {"at": float("-inf")},
        {"at": 10**401},
        {"kind": ["lr"]},
        {"kind": "of a newer version"},
        {"text": 5},
        {"who": {"a": 1}},
        {"value": 10**401, "edit": "lr"},
        {"value": float("nan"), "edit": "lr"},
        {"edit": ["lr"], "value": 0.1},
    ],
    ids=str,
)
def test_a_damaged_event_harms_no_other(tmp_path: Path, wrong: dict[str, Any]) -> None:
    good = {"step": 5, "seconds": 1.0, "kind": "lr", "text": "x", "at": 1.0, "who": "tty"}
    edit = {**good, "edit": "lr", "value": 0.5}
    lines = [edit, {**good, **wrong}, edit]
    write(tmp_path, b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    log = EventLog(tmp_path, EDIT_WORDS)
    log.read()
    events = RunHistory().events
    for line in log.newest():
        events.keep_line(line)
    assert len(events.since(0)) in (2, 3) and events.since(0)[-1].text == "x"
    assert [edit.value for edit in edits_of(line for _, line in log.every)] == [0.5, 0.5]
    assert not journaled(log.recent)
