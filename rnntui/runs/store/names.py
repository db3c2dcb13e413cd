"""Names of runs, such as `tales-calm-heron` and `tales-lr0.01`: easy to say, or descriptive."""

from __future__ import annotations

import itertools
import random
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence

from rnntui.errors import UsageError
from rnntui.text import fit, safe_text

LONGEST = 64
_LONGEST_LABEL = 32
_GIVEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LONGEST_NUMBER = 6  # with its hyphen
_PAIRS_TRIED = 20  # before numbers are added

_ADJECTIVES = (
    "agile amber bold brave bright brisk calm clear cosy crisp deft eager early fair fleet fond "
    "fresh gentle glad golden happy hardy keen kind lively lucid lucky mellow merry mild neat "
    "nimble noble plain proud quick quiet rapid ready rosy sharp shy silver sleek smart snug soft "
    "solid spry steady still sunny swift tidy vivid warm wise witty young"
)
_ANIMALS = (
    "badger bear beaver bison crane crow deer dove duck eagle elk falcon ferret finch fox gecko "
    "goose hare hawk heron ibis jay kite koala lark lemur lion llama lynx marten mole moose newt "
    "orca osprey otter owl panda petrel pike plover puffin quail rabbit raven robin salmon seal "
    "shrew sparrow squid stoat stork swallow swan tapir tern thrush tiger toad trout turtle vole "
    "walrus weasel whale wolf wren yak zebra"
)

Choose = Callable[[Sequence[str]], str]


def names_for(
    label: str, changes: Sequence[str] = (), choose: Choose | None = None
) -> Iterator[str]:
    """Yield names to try for a run with this label, without end.

    `changes`: words for what the run changes of its recipe; those that fit into the name follow the
    label, and a number if the name is taken. Otherwise two random words follow.
    """
    stem = slug(label)
    if changes:
        yield from _numbered(stem, changes)
    # Not from the user's seed: names differ between runs.
    choose = choose or random.SystemRandom().choice
    adjectives, animals = _ADJECTIVES.split(), _ANIMALS.split()
    tried = 0
    while True:
        tried += 1
        number = f"-{tried}" if tried > _PAIRS_TRIED else ""
        yield f"{stem}-{choose(adjectives)}-{choose(animals)}{number}"


def _numbered(stem: str, changes: Sequence[str]) -> Iterator[str]:
    for word in changes:
        if len(stem) + 1 + len(word) <= LONGEST - _LONGEST_NUMBER:
            stem += f"-{word}"
    yield stem
    yield from (f"{stem}-{number}" for number in itertools.count(2))


def slug(label: str) -> str:
    """Convert a label to lower-case letters, digits and hyphens: "My Notes" → "my-notes"."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return words[:_LONGEST_LABEL].strip("-") or "run"


def check_name(name: str) -> str:
    """Return a name given by the user if it is valid. Raises UsageError."""
    if len(name) <= LONGEST and _GIVEN.fullmatch(name):
        return name
    shown = fit(safe_text(name), 40)
    raise UsageError(
        f"name '{shown}': use up to {LONGEST} letters, digits, '.', '_' or '-', starting with "
        "a letter or digit"
    )
