"""Several runs generate with one prompt; one that cannot says why."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rnntui.foreground.texts import main
from tests.conftest import Ended
from tests.support.real_runs import FOX


def generated(capsys: pytest.CaptureFixture[str], prompt: str, *paths: Path) -> list[dict]:
    capsys.readouterr()
    assert main(json.dumps({"paths": [str(path) for path in paths], "prompt": prompt})) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_texts_and_forecasts_are_generated_from_one_prompt(
    rnntui: Callable[..., Ended], runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rnntui("train", *FOX, "--steps", "5", "--plain", "--name", "fox").code == 0
    assert rnntui("train", "sine", "--steps", "5", "--plain", "--name", "sine").code == 0
    (runs / "broken").mkdir()
    fox, broken, sine = generated(capsys, "the ", runs / "fox", runs / "broken", runs / "sine")
    assert fox["path"] == str(runs / "fox")
    assert fox["text"].startswith("the ") and len(fox["text"]) > 100 and fox["notes"] == []
    (fox,) = generated(capsys, "theÜ ☃", runs / "fox")
    assert fox["text"].startswith("the ")
    assert fox["notes"] == ["ignored (not in the vocabulary): Ü ☃"]
    assert "run.json" in broken["error"]
    assert "number" in sine["error"], "a forecast has a prompt of numbers"
    (sine,) = generated(capsys, "", runs / "sine")
    assert len(sine["text"].splitlines()) > 10 and "," in sine["text"]
