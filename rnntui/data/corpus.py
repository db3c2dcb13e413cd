"""The corpora that come with the program: bundled, generated, or found on the machine.

This module does not import NumPy: listing the corpora is immediate.
"""

from __future__ import annotations

import sysconfig
from functools import cache
from pathlib import Path
from typing import Literal

from rnntui.data.generated import tasks
from rnntui.data.generated.task import SeriesTask, TextTask
from rnntui.dataclass import dataclass
from rnntui.errors import DataError, UsageError
from rnntui.numbers import size_in_words
from rnntui.suggestions import nearest
from rnntui.text import fit, safe_text

PYTHON_BYTES = 2_000_000


@dataclass(frozen=True)
class CorpusInfo:
    """What a list says of a corpus. `size` is in words.

    `floor` is in nats per character, or the ½ squared error of a row in the units of the corpus.
    `note` is what a user who trains on it should know; empty for most.
    """

    name: str
    kind: Literal["text", "values"]
    description: str
    size: str
    source: str
    floor: float | None = None
    note: str = ""

    def info(self) -> CorpusInfo:
        """Itself: nothing of it needs to be reckoned."""
        return self


@dataclass(frozen=True)
class _Bundled:
    name: str
    file: str
    kind: Literal["text", "values"]
    description: str
    source: str
    note: str = ""

    def info(self) -> CorpusInfo:
        size = _file_size(self)
        return CorpusInfo(self.name, self.kind, self.description, size, self.source, note=self.note)


_BUNDLED = (
    _Bundled(
        name="tales",
        file="tales.txt",
        kind="text",
        description="English tales in plain prose",
        source="written for rnntui",
    ),
    _Bundled(
        name="sunspots",
        file="sunspots.csv",
        kind="values",
        description="sunspot number of each year, 1700 to 2008",
        source="SIDC Brussels / NOAA, as carried by statsmodels; public domain",
    ),
    _Bundled(
        name="co2",
        file="co2.csv",
        kind="values",
        description="carbon dioxide in the air of Mauna Loa, weekly, 1958 to 2001",
        source="Keeling & Whorf, CDIAC, as carried by statsmodels; public domain",
        note="missing weeks of the measurements are filled by linear interpolation",
    ),
    _Bundled(
        name="elnino",
        file="elnino.csv",
        kind="values",
        description="sea surface temperature off Peru, monthly, 1950 to 2010",
        source="NOAA Climate Prediction Center, as carried by statsmodels; public domain",
    ),
)


def _generated(task: TextTask | SeriesTask) -> CorpusInfo:
    name, description, floor = task.name, task.description, task.floor()
    if isinstance(task, SeriesTask):
        return CorpusInfo(name, "values", description, f"{task.length} rows", "generated", floor)
    size = size_in_words(task.characters())
    return CorpusInfo(name, "text", description, size, "generated", floor)


_PYTHON = CorpusInfo(
    "python",
    "text",
    "source of this Python's own standard library",
    "up to 2 MB",
    "found on this machine",
)

_ON_DISK: tuple[_Bundled | CorpusInfo, ...] = (*_BUNDLED, _PYTHON)


@cache
def names() -> tuple[str, ...]:
    """The names of all corpora. The modules of generated ones are imported only now."""
    return (*(corpus.name for corpus in _ON_DISK), *tasks())


@cache
def catalogue() -> tuple[CorpusInfo, ...]:
    """Every corpus there is, text first."""
    return tuple(sorted(map(find_corpus, names()), key=lambda info: info.kind))


@cache
def find_corpus(name: str) -> CorpusInfo:
    """The corpus of that name; of the others nothing is reckoned.

    Raises UsageError with the nearest name.
    """
    for corpus in _ON_DISK:
        if corpus.name == name:
            return corpus.info()
    if name in tasks():
        return _generated(tasks()[name])
    hint = nearest(name, names(), "see 'rnntui corpora'")
    raise UsageError(f"no corpus '{fit(safe_text(name), 40)}'{hint}")


def bundled_path(name: str) -> Path | None:
    """The file of a bundled corpus; None for the others. Raises DataError if it is missing."""
    for corpus in _BUNDLED:
        if corpus.name == name:
            path = _folder() / corpus.file
            if not path.is_file():
                raise DataError(f"corpus {name}: {corpus.file} is missing: install rnntui again")
            return path
    return None


def python_source(most: int = PYTHON_BYTES) -> str:
    """The modules of this Python's standard library, in the order of their names.

    Modules that are not plain ASCII are left out, and so is what is beyond `most` bytes.
    Raises DataError where an installation has no source files.
    """
    folder = Path(sysconfig.get_path("stdlib"))
    parts: list[str] = []
    left = most
    for path in sorted(folder.glob("*.py")):
        if left <= 0:
            break
        try:
            text = path.read_bytes()[:left].decode("ascii")
        except (OSError, UnicodeDecodeError):
            continue
        parts.append(text.replace("\r\n", "\n"))
        left -= len(text)
    if not parts:
        shown = fit(safe_text(str(folder)), 60)
        raise DataError(f"corpus python: this Python has no source files in {shown}")
    return "".join(parts)


def _folder() -> Path:
    """Where the bundled files are: in the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1] / "corpora"
    return package if package.is_dir() else Path(__file__).parents[2] / "corpora"


def _file_size(corpus: _Bundled) -> str:
    try:
        return size_in_words((_folder() / corpus.file).stat().st_size)
    except OSError:
        return "missing"
