"""What a format is, and what it gets to write."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rnntui.dataclass import dataclass
from rnntui.errors import UsageError

if TYPE_CHECKING:
    from rnntui.export.picture import Screen

CHECKPOINT = "checkpoint"
PICTURE = ("view", "theme", "size")


class Draw(Protocol):
    """Draws what the dashboard shows of a run."""

    def __call__(self, run: Path, view: str, theme: str, size: tuple[int, int]) -> Screen:
        """Return a view; `size` is in columns and rows. Raises RnntuiError."""
        ...


@dataclass(frozen=True)
class Pictures:
    """What can be drawn, by whoever can: this package has no dashboard."""

    views: tuple[str, ...]
    themes: tuple[str, ...]
    draw: Draw


@dataclass(frozen=True)
class Export:
    """A run to export, and the options, None where not given.

    `pictures` draws them, `note` reports what the user should know in one line.
    """

    run: Path
    checkpoint: str | None = None
    view: str | None = None
    theme: str | None = None
    size: tuple[int, int] | None = None
    pictures: Pictures | None = None
    note: Callable[[str], None] = field(default=lambda _: None)

    @property
    def which(self) -> str:
        """The checkpoint: the one that was asked for, or the last."""
        return self.checkpoint or "last"


def _never(_export: Export) -> bool:
    return False


@dataclass(frozen=True)
class Format:
    """A format that runs can be exported to.

    `create` makes the file or folder at a path that does not exist yet; it raises RnntuiError with
    one line, or OSError. `suffix` ends the default name. `options` are those that it takes.
    `modules` are what it imports from the packages of `extra`.
    """

    name: str
    about: str
    suffix: str
    create: Callable[[Export, Path], None]
    folder: Callable[[Export], bool] = _never
    options: tuple[str, ...] = ()
    extra: str = ""
    modules: Sequence[str] = ()

    def check(self, export: Export) -> None:
        """Raise UsageError for an option that it doesn't take, or a missing extra."""
        for option in (CHECKPOINT, *PICTURE):
            if getattr(export, option) is not None and option not in self.options:
                raise UsageError(f"--{option} has no effect on {self.name}; remove it")
        missing = [name for name in self.modules if importlib.util.find_spec(name) is None]
        if missing:
            raise UsageError(
                f"{self.name} needs {', '.join(missing)}: pip install 'rnntui[{self.extra}]'"
            )

    def default_name(self, export: Export) -> str:
        """Return the name for the file or folder, in the current directory."""
        if self.folder(export) and self.suffix.startswith("."):
            return f"{export.run.name}-{self.name}"
        view = f"-{export.view}" if export.view else ""
        return f"{export.run.name}{view}{self.suffix}"


def always(_export: Export) -> bool:
    """Say that a format is a folder, whatever the options."""
    return True
