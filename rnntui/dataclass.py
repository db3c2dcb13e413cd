"""A `dataclass` that writes a class's methods when its first instance is made.

The standard library's writes and compiles up to six methods of each class at once. Of the program's
few hundred classes, a run uses a third before its first update, which waited for all of them.
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
        """Make a dataclass, with the options of the standard library's; `InitVar` is unknown."""

        def decorate(cls: type) -> type:
            # Slots need a new class, and a class that has its own `__init__` keeps it.
            if "slots" in options or "init" in options or "__init__" in vars(cls):
                return dataclasses.dataclass(**options)(cls)
            return _postpone(cls, options)

        return decorate if cls is None else decorate(cls)


_FIELDS, _OPTIONS = "__dataclass_fields__", "__dataclass_params__"
# Names in an `__init__`, which no field has.
_SET, _MISSING, _DEFAULT, _MAKE = "__set", "__missing", "__default_", "__make_"
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
    """Write the class's `__init__` without changing the class, which other threads may use."""
    fields = dataclasses.fields(cls)
    names: dict[str, Any] = {_SET: object.__setattr__, _MISSING: dataclasses.MISSING}
    names |= {f"{_DEFAULT}{f.name}": f.default for f in fields}
    names |= {f"{_MAKE}{f.name}": f.default_factory for f in fields}
    parameters = ["self", *(_parameter(f) for f in fields if f.init and not f.kw_only)]
    by_name = [_parameter(f) for f in fields if f.init and f.kw_only]
    set_it = f"{_SET}(self, {{0!r}}, {{1}})" if getattr(cls, _OPTIONS).frozen else "self.{0} = {1}"
    body = [set_it.format(f.name, value) for f in fields if (value := _value(f))]
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    given = ", ".join([*parameters, *(["*", *by_name] if by_name else [])])
    exec(f"def __init__({given}):\n " + "\n ".join(body or ["pass"]), names)
    written: Any = names["__init__"]
    written.__qualname__, written.__module__ = f"{cls.__qualname__}.__init__", cls.__module__
    return cast(Callable[..., None], written)


def _is_made(f: dataclasses.Field[Any]) -> bool:
    return f.default_factory is not dataclasses.MISSING


def _parameter(f: dataclasses.Field[Any]) -> str:
    optional = _is_made(f) or f.default is not dataclasses.MISSING
    return f"{f.name}={_DEFAULT}{f.name}" if optional else f.name


def _value(f: dataclasses.Field[Any]) -> str:
    """The expression of what a field is set to; empty if its default is the class's attribute."""
    made = f"{_MAKE}{f.name}()"
    if not f.init:
        return made if _is_made(f) else ""
    return f"{made} if {f.name} is {_MISSING} else {f.name}" if _is_made(f) else f.name
