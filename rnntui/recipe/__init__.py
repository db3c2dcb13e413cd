"""Recipes: every setting of a run. This package imports neither NumPy nor Textual."""

from rnntui.recipe.recipe import (
    Recipe,
    bundled,
    from_dict,
    from_toml,
    load_recipe,
    parsed,
    to_dict,
    to_toml,
)
from rnntui.recipe.rules import Leaf, Rule, Value, check, parse
from rnntui.recipe.sampling import DIALS, DRAWING_KEYS, SAMPLING_KEYS, SamplingSettings
from rnntui.recipe.schema import SECTIONS, find, keys, keys_of
from rnntui.recipe.sections.data import Data
from rnntui.recipe.sections.model import Model
from rnntui.recipe.sections.sample import Sample
from rnntui.recipe.sections.train import Train

__all__ = [
    "DIALS",
    "DRAWING_KEYS",
    "SAMPLING_KEYS",
    "SECTIONS",
    "Data",
    "Leaf",
    "Model",
    "Recipe",
    "Rule",
    "Sample",
    "SamplingSettings",
    "Train",
    "Value",
    "bundled",
    "check",
    "find",
    "from_dict",
    "from_toml",
    "keys",
    "keys_of",
    "load_recipe",
    "parse",
    "parsed",
    "to_dict",
    "to_toml",
]
