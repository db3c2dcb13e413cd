"""Implementations by the names that a recipe key accepts.

The schema declares the names; each implementation registers itself under one of them, in the file
that defines it. No other list of the names is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from rnntui.recipe.schema import find

T = TypeVar("T")


class Registry(Mapping[str, T]):
    """The implementations of a recipe key's choices, in the order of the schema."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._choices = find(key).rule.choices
        self._found: dict[str, T] = {}

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that enters a class or function under `name`.

        Raises ValueError if the name is not a choice of the key, or is taken.
        """
        if name not in self._choices:
            raise ValueError(f"{name!r} is not a choice of the recipe key {self._key!r}")
        if name in self._found:
            raise ValueError(f"{self._key} {name!r} is registered twice")

        def enter(implementation: T) -> T:
            self._found[name] = implementation
            return implementation

        return enter

    def __getitem__(self, name: str) -> T:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._choices if name in self._found)

    def __len__(self) -> int:
        return len(self._found)
