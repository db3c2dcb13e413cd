"""What every message is: a frozen dataclass, the types of its fields, and what a request is.

A `Safe` text has been through `safe_text`; other texts are raw and must be sanitized when shown.
"""

from __future__ import annotations

from dataclasses import MISSING, FrozenInstanceError, dataclass, fields
from typing import Annotated, Any, ClassVar, TypeVar, dataclass_transform


class Base:
    """Creates, prints, compares and hashes a message by its fields, which are never set again.

    Generating these methods for each class would multiply the time to import the messages, which
    the first frame and the first update wait for.
    """

    _defaults: ClassVar[dict[str, Any]] = {}  # of each field, or MISSING

    def __init__(self, *args: Any, **given: Any) -> None:
        known = self._defaults
        first = dict(zip(known, args, strict=False))
        values = known | first | given  # in the order of the fields
        wrong = len(args) > len(known) or not given.keys().isdisjoint(first)
        if wrong or len(values) > len(known) or any(v is MISSING for v in values.values()):
            raise TypeError(f"{type(self).__name__} needs: {', '.join(known)}")
        self.__dict__.update(values)

    def __setattr__(self, name: str, _value: object) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __repr__(self) -> str:
        pairs = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({pairs})"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    def __hash__(self) -> int:
        return hash((type(self), *vars(self).values()))


Class = TypeVar("Class")


@dataclass_transform(frozen_default=True, eq_default=True)
def message(cls: type[Class]) -> type[Class]:
    """Make a dataclass that leaves all methods to `Base`; its defaults are immutable values."""
    made = dataclass(init=False, repr=False, eq=False)(cls)
    defaults = {field.name: field.default for field in fields(made)}  # type: ignore[arg-type]
    setattr(made, "_defaults", defaults)  # noqa: B010
    return made


REQUESTS: dict[str, type[Request]] = {}  # by name; each class enters itself


class Request(Base):
    """What a viewer asks of a training process; every subclass may be sent.

    One that only `observes` is open to read-only viewers. All others but Stop are commands: the
    session registers a handler for each. `does` names for users what those that change the run do.
    """

    observes: ClassVar[bool] = False
    does: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        REQUESTS[cls.__name__] = cls


@message
class Within(Base):
    """The allowed range of a number, or of the length of a text."""

    least: float
    most: float


@message
class OneOf(Base):
    """The texts allowed where a field's declaration cannot list them as a `Literal`."""

    texts: tuple[str, ...]


Count = Annotated[int, Within(1, 1_000_000)]
Mark = Annotated[int, Within(0, 2**53)]
Safe = Annotated[str, "safe to show on a terminal, as text"]
