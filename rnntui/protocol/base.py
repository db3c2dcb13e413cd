"""What every message is: a frozen dataclass, the types of its fields, and what a request is.

A `Safe` text has been through `safe_text`; other texts are raw and must be sanitized when shown.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from rnntui.dataclass import dataclass

REQUESTS: dict[str, type[Request]] = {}  # by name; each class enters itself


class Request:
    """What a viewer asks of a training process; every subclass may be sent.

    One that only `observes` is open to read-only viewers. All others but Stop are commands: the
    session registers a handler for each. `does` names for users what those that change the run do.
    """

    observes: ClassVar[bool] = False
    does: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        REQUESTS[cls.__name__] = cls


@dataclass(frozen=True)
class Within:
    """The allowed range of a number, or of the length of a text."""

    least: float
    most: float


@dataclass(frozen=True)
class OneOf:
    """The texts allowed where a field's declaration cannot list them as a `Literal`."""

    texts: tuple[str, ...]


Count = Annotated[int, Within(1, 1_000_000)]
Mark = Annotated[int, Within(0, 2**53)]
Safe = Annotated[str, "safe to show on a terminal, as text"]
