"""A `dataclass` that writes a class's methods when its first instance is made.

The standard library's writes and compiles up to six methods of each class at once. Of the program's
few hundred classes, a run uses a tenth before its first update, which waited for all of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls=None, /, **options):
        """Make a dataclass, with the options of the standard library's."""

        def decorate(cls: type) -> type:
            # Slots need a new class, and a class that has its own `__init__` keeps it.
            if "slots" in options or "init" in options or "__init__" in vars(cls):
                return dataclasses.dataclass(**options)(cls)
            return _postpone(cls, options)

        return decorate if cls is None else decorate(cls)


_FIELDS, _OPTIONS = "__dataclass_fields__", "__dataclass_params__"
_completing = RLock()  # one for all: a class completes those that it inherits from


class _Fields:
    """The fields of a class that is not complete; whoever asks for them completes it."""

    def __init__(self, cls: type, complete: Callable[[], None]) -> None:
        self._cls, self._complete = cls, complete

    def __get__(self, _instance: object, _owner: type | None = None) -> dict[str, Any]:
        self._complete()
        return dict(vars(self._cls)[_FIELDS])


def _postpone(cls: Any, options: dict[str, bool]) -> type:
    """Let the class be completed by its first instance, or by a request for its fields."""

    def complete() -> None:
        with _completing:
            if vars(cls)["__init__"] is first:
                with _undone_by_a_signal(cls):
                    dataclasses.dataclass(init=False, **options)(cls)
                    cls.__init__ = _init_of(cls)

    def first(self: object, *args: Any, **given: Any) -> None:
        complete()
        cls.__init__(self, *args, **given)

    cls.__init__ = first
    setattr(cls, _FIELDS, _Fields(cls, complete))
    return cast(type, cls)


@contextmanager
def _undone_by_a_signal(cls: type) -> Iterator[None]:
    """Take back what was half done when an exception comes, so that it can be done again."""
    before = dict(vars(cls))
    try:
        yield
    except BaseException:
        for name in vars(cls).keys() - before.keys():
            delattr(cls, name)
        for name, value in before.items():
            if vars(cls).get(name) is not value:
                setattr(cls, name, value)
        raise


def _init_of(cls: Any) -> Callable[..., None]:
    """Write the class's `__init__`, on another class: this one is never without, for threads."""
    names = [name for name in (_FIELDS, _OPTIONS, "__post_init__") if hasattr(cls, name)]
    base = type(cls.__name__, (), {name: getattr(cls, name) for name in names})
    same = {"__doc__": cls.__name__, "__module__": cls.__module__, "__qualname__": cls.__qualname__}
    write = dataclasses.dataclass(
        repr=False, eq=False, match_args=False, frozen=getattr(cls, _OPTIONS).frozen
    )
    written = vars(write(type(cls.__name__, (base,), same)))
    return cast(Callable[..., None], written["__init__"])
