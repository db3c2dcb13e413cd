"""The thinned curve of a run: bounded, the same however it was read, and without voided lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rnntui.runs.store.curve import MOST, Curve, CurveReader


def line(step: int, loss: float | None, updates: int = 1, **more: Any) -> dict[str, Any]:
    return {"step": step, "updates": updates, "loss": loss, "seconds": step / 10, **more}


def write(directory: Path, *lines: dict[str, Any], part: str = "metrics.jsonl") -> None:
    with (directory / part).open("a") as file:
        file.writelines(json.dumps(one, separators=(",", ":")) + "\n" for one in lines)


def read(directory: Path) -> Curve:
    reader = CurveReader(directory)
    while reader.advance():
        pass
    return reader.curve()


def losses(curve: Curve) -> list[tuple[int, float | None]]:
    return [*zip(curve.training.updates, curve.training.losses, strict=True)]


def test_without_a_journal_there_is_no_curve(tmp_path: Path):
    curve = read(tmp_path)
    assert (losses(curve), curve.validation, curve.best, curve.lowest) == ([], (), None, None)
    assert (curve.update, curve.seconds) == (0, 0.0)


def test_a_point_is_in_the_middle_of_its_updates(tmp_path: Path):
    write(tmp_path, line(10, 3.0, 10), line(30, 2.0, 20, validation=2.5))
    curve = read(tmp_path)
    assert losses(curve) == [(5, 3.0), (20, 2.0)]
    assert [tuple(point) for point in curve.validation] == [(30, 3.0, 2.5)]
    assert (curve.update, curve.seconds) == (30, 3.0)


def test_a_long_run_has_few_points_with_the_means_of_their_updates(tmp_path: Path):
    count = 10 * MOST
    write(tmp_path, *(line(n, float(n), validation=float(count - n)) for n in range(1, count + 1)))
    curve = read(tmp_path)
    assert MOST / 2 <= len(losses(curve)) <= MOST and len(curve.validation) <= MOST
    for point in curve.training.points:
        assert point.loss == pytest.approx(point.update, abs=1)
    assert curve.validation[-1].update == count
    assert curve.best is not None and curve.best.loss == 0.0


def test_losses_that_are_not_numbers_are_gaps(tmp_path: Path):
    write(tmp_path, line(1, 2.0), line(2, None), line(3, 1.0), line(5, 4.0, 2, bad=1))
    assert losses(read(tmp_path)) == [(1, 2.0), (2, None), (3, 1.0), (4, 4.0)]


def test_lines_that_were_rolled_back_are_gone(tmp_path: Path):
    write(tmp_path, *(line(n, 1.0, validation=n / 10) for n in range(1, 9)))
    write(tmp_path, {"rollback": 5}, line(6, 9.0, validation=9.0))
    curve = read(tmp_path)
    assert losses(curve) == [(n, 1.0) for n in range(1, 6)] + [(6, 9.0)]
    assert [point.loss for point in curve.validation] == [0.1, 0.2, 0.3, 0.4, 0.5, 9.0]


def test_a_rollback_voids_the_best_validation_too(tmp_path: Path):
    write(tmp_path, line(1, 1.0, validation=3.0), line(2, 1.0, validation=1.0))
    write(tmp_path, {"rollback": 1}, line(2, 1.0, validation=2.0))
    assert read(tmp_path).best == (2, 0.2, 2.0)


def test_a_validation_made_because_the_run_ended_is_void_once_it_continues(tmp_path: Path):
    write(tmp_path, line(1, 1.0, validation=3.0), line(2, 1.0))
    write(tmp_path, line(2, 1.0, 0, validation=0.5, final=True))
    assert read(tmp_path).best == (2, 0.2, 0.5)
    write(tmp_path, line(3, 1.0))
    assert read(tmp_path).best == (1, 0.1, 3.0)


@pytest.mark.parametrize("cut", [1, 40, 399, 700])
def test_a_stored_curve_continues_as_if_it_had_been_read_at_once(tmp_path: Path, cut: int):
    lines = [line(n, 5.0 / n, validation=6.0 / n) for n in range(1, 900)]
    lines[500:500] = [{"rollback": 300}]
    write(tmp_path, *lines[:cut])
    reader = CurveReader(tmp_path)
    while reader.advance():
        pass
    again = CurveReader(tmp_path)
    again.load(json.loads(json.dumps(reader.stored())))
    write(tmp_path, *lines[cut:])
    while again.advance():
        pass
    fresh, continued = read(tmp_path), again.curve()
    assert continued.training == fresh.training
    assert (continued.validation, continued.best) == (fresh.validation, fresh.best)


def test_a_journal_in_several_parts_is_read_to_its_end(tmp_path: Path):
    write(tmp_path, line(1, 1.0), line(2, 1.0))
    write(tmp_path, {"rollback": 1}, line(2, 7.0), part="metrics-00001.jsonl")
    assert losses(read(tmp_path)) == [(1, 1.0), (2, 7.0)]


def test_damaged_lines_are_skipped(tmp_path: Path):
    write(tmp_path, line(1, 1.0))
    with (tmp_path / "metrics.jsonl").open("ab") as file:
        file.write(b'{"step":2,"lo\n\xff\xfe\n[]\n{"step":-4,"loss":1}\n{"step":"x"}\n')
    write(tmp_path, line(1, 9.0), line(3, 3.0, validation="x"))
    curve = read(tmp_path)
    assert losses(curve) == [(1, 1.0), (2, 3.0)]
    assert [point.loss for point in curve.validation] == [None] and curve.best is None


def test_the_smoothed_loss_is_the_mean_of_neighbouring_updates(tmp_path: Path):
    write(tmp_path, *(line(n, float(n % 2)) for n in range(1, 201)))
    smoothed = read(tmp_path).smoothed
    assert all(loss == pytest.approx(0.5, abs=0.05) for loss in smoothed.losses)
    assert smoothed.updates == list(range(1, 201))


def test_if_nothing_is_held_out_the_lowest_is_that_of_the_smoothed_loss(tmp_path: Path):
    write(tmp_path, *(line(n, abs(n - 60) / 10 + 1) for n in range(1, 101)))
    assert read(tmp_path).lowest is None, "a validation is still to come"
    reader = CurveReader(tmp_path)
    assert reader.advance()
    lowest = reader.curve(validated=False).lowest
    assert lowest is not None and lowest.update == 60
