"""The registry: one module per format, and what each needs."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from rnntui.errors import UsageError
from rnntui.export import all_formats, find_format
from rnntui.export.format import Export, Format
from tests.conftest import ROOT
from tests.test_boundaries import loaded


def test_every_module_registers_a_format_and_nothing_else_lists_it():
    modules = {path.stem for path in (ROOT / "rnntui/export/formats").glob("[!_]*.py")}
    assert set(all_formats()) == modules


def test_an_unknown_format_is_refused_with_the_closest_name():
    with pytest.raises(UsageError, match="did you mean 'torch'"):
        find_format("troch")


def test_a_missing_extra_is_named_before_anything_is_read(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    needy = Format("x", "", "", lambda *_: None, extra="onnx", modules=("onnx",))
    with pytest.raises(UsageError, match=r"x needs onnx: pip install 'rnntui\[onnx\]'"):
        needy.check(Export(Path("run")))


def test_an_option_without_effect_is_refused():
    with pytest.raises(UsageError, match="--size has no effect on toml"):
        find_format("toml").check(Export(Path("run"), size=(80, 24)))


def test_listing_the_formats_loads_nothing_heavy():
    found = loaded("from rnntui.cli import run\nrun(['export', '--list'])")
    assert not found & {"numpy", "textual", "rich", "asyncio", "safetensors"}
