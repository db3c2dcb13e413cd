"""A sweep on disk: `.sweeps/NAME` in the directory of the runs.

`sweep.json` and `recipe.toml` are written once. `trials.jsonl` is a journal: a line for each trial
with its settings, and lines for what happened to it. A sweep appears complete or not at all.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

from rnntui.dataclass import dataclass
from rnntui.errors import DataError, RunError, RunTakenError, UsageError
from rnntui.recipe import Recipe, find, from_toml, to_toml
from rnntui.recipe.rules import check
from rnntui.runs.store.create import is_there
from rnntui.runs.store.files import FILES, failed, read_file, remove_tree, shown, write_new
from rnntui.runs.store.journal import Journal, Line, read_journal, whole
from rnntui.runs.store.json_record import MOST_BYTES, read_record, to_bytes
from rnntui.runs.store.lock import RunLock, claim, take
from rnntui.runs.store.lock_owner import live_lock_owner, read_lock_owner, where
from rnntui.runs.store.names import check_name, names_for
from rnntui.runs.store.root import make_root
from rnntui.sweep.contents import sweep_leftovers
from rnntui.sweep.trials import Trial
from rnntui.text import fit, safe_text

SWEEPS, INFO, RECIPE, JOURNAL = ".sweeps", "sweep.json", "recipe.toml", "trials"
FORMAT = 1
SAMPLERS = ("random", "tpe")
_NAMES_TRIED = 100


@dataclass(frozen=True)
class SweepInfo:
    """What is fixed at the start of a sweep."""

    format: int
    name: str
    recipe: str  # name of the recipe
    started: float  # seconds since 1970
    jobs: int
    halving: tuple[int, ...]
    source_sha256: str
    trials: int = 0  # of the whole sweep
    sampler: str = "random"  # or "tpe": later trials are chosen by what earlier ones gave
    draws: tuple[str, ...] = ()  # as --draw takes them
    draw_seed: int = 0
    argv: tuple[str, ...] = ()
    on: str = "local"  # where it is trained, as --on takes it


class Sweep:
    """A stored sweep; `hold` it to change it."""

    def __init__(self, root: Path, info: SweepInfo, recipe: Recipe, lines: list[Line]) -> None:
        self.root, self.info, self.recipe = root, info, recipe
        self.lines = lines  # of the journal, oldest first
        self._journal = Journal(self.directory, JOURNAL, self._report)
        self._trouble: str | None = None

    @property
    def directory(self) -> Path:
        """Where it is stored."""
        return self.root / SWEEPS / self.info.name

    @property
    def name(self) -> str:
        """Its name, with which those of its runs begin."""
        return self.info.name

    def run_name(self, trial: int) -> str:
        """Return the name of a trial's run."""
        return f"{self.info.name}-{trial}"

    def run_path(self, trial: int) -> Path:
        """Return the directory of a trial's run, which may not exist yet."""
        return self.root / self.run_name(trial)

    @property
    def trials(self) -> list[Trial]:
        """All trials so far, by number. Raises DataError for a key or value that is unknown."""
        try:
            found = [trial for line in self.lines if (trial := _trial(line)) is not None]
        except UsageError as error:
            raise DataError(f"{shown(self.directory)}: {error}") from None
        return sorted(found, key=lambda trial: trial.number)

    def add(self, line: Line) -> None:
        """Append a line, on disk when this returns. Raises RunError."""
        self._journal.append(line)
        if not self._journal.sync():
            raise RunError(f"cannot write to {shown(self.directory)}: {self._trouble}")
        self.lines.append(line)

    def _report(self, _what: str, why: str | None) -> None:
        self._trouble = why

    @contextlib.contextmanager
    def hold(self, terminal: str = "") -> Iterator[None]:
        """Keep other processes from running the sweep. Raises RunTakenError or RunError."""
        lock = self._lock(terminal)
        lock.keep(lambda _what, _why: None)
        try:
            self.lines[:] = _lines(self.directory)
            yield
        finally:
            self._journal.close()
            lock.release()

    def _lock(self, terminal: str) -> RunLock:
        try:
            return take(self.directory, self.name, terminal=terminal)
        except RunTakenError:
            raise self._taken() from None

    @contextlib.contextmanager
    def claim(self) -> Iterator[None]:
        """Keep other processes from running the sweep, without writing to it. Raises as `hold`."""
        with contextlib.ExitStack() as claimed:
            try:
                claimed.enter_context(claim(self.directory))
            except RunTakenError:
                raise self._taken() from None
            yield

    def _taken(self) -> RunTakenError:
        found = None
        with contextlib.suppress(OSError, DataError):
            found = read_lock_owner(self.directory)
        who = where(found[0]) if found else "another process"
        return RunTakenError(f"sweep {self.name} is being run by {who}")

    @property
    def held(self) -> bool:
        """Whether a process runs it."""
        with contextlib.suppress(OSError, DataError):
            return live_lock_owner(self.directory) is not None
        return False


def _trial(line: Line) -> Trial | None:
    """Read a line that describes a trial; None for any other."""
    number, settings = whole(line, "trial"), line.get("settings")
    if not number or not isinstance(settings, dict):
        return None
    kernels = line.get("kernels", "")
    checked = {key: check(find(key), value) for key, value in settings.items()}
    return Trial(number, checked, kernels if isinstance(kernels, str) else "")


def line_of(trial: Trial) -> Line:
    """Return the journal's line that describes a trial."""
    kernels = {"kernels": trial.kernels} if trial.kernels else {}
    return {"trial": trial.number, "settings": trial.settings, **kernels}


def check_free(root: Path, name: str, trials: int) -> str:
    """Return the name of a new sweep if it is valid and nothing has it.

    Raises UsageError, or RunError if that cannot be found out.
    """
    check_name(f"{name}-{trials}")
    if is_there(root / SWEEPS / check_name(name)):
        raise _exists(name)
    for number in range(1, trials + 1):
        if is_there(root / f"{name}-{number}"):
            raise UsageError(f"run '{name}-{number}' already exists: give the sweep another --name")
    return name


def _exists(name: str) -> UsageError:
    return UsageError(f"sweep '{name}' already exists: rnntui sweep resume {name} continues it")


def free_name(root: Path, label: str, trials: int) -> str:
    """Return a new name for a sweep. Raises RunError."""
    for name, _ in zip(names_for(label), range(_NAMES_TRIED), strict=False):
        with contextlib.suppress(UsageError):
            return check_free(root, name, trials)
    raise RunError(f"no free name for a sweep in {shown(root)}")


def create(root: Path, info: SweepInfo, recipe: Recipe, trials: Sequence[Trial]) -> Sweep:
    """Store a new sweep. Raises RunError or UsageError."""
    make_root(root)
    make_root(root / SWEEPS)
    sweep_leftovers(root / SWEEPS)
    beside = root / SWEEPS / f".new-{uuid.uuid4()}"
    sweep = Sweep(root, info, recipe, [line_of(trial) for trial in trials])
    journal = Journal(beside, JOURNAL, lambda _what, _why: None)
    try:
        FILES.mkdir(beside)
        write_new(FILES, beside / INFO, to_bytes(info))
        write_new(FILES, beside / RECIPE, to_toml(recipe).encode())
        for line in sweep.lines:
            journal.append(line)
        if not journal.close():
            raise RunError(f"cannot write to {shown(beside)}")
        FILES.rename(beside, sweep.directory)
    except BaseException as error:
        with contextlib.suppress(OSError):
            remove_tree(FILES, beside)
        if not isinstance(error, OSError):
            raise
        if sweep.directory.exists():  # another process was faster
            raise _exists(info.name) from None
        raise failed("create a sweep in", root / SWEEPS, error) from None
    return sweep


def open_sweep(root: Path, name: str) -> Sweep:
    """Open a stored sweep. Raises UsageError, DataError or RunError."""
    from rnntui.suggestions import nearest

    known = sweep_names(root)
    if name not in known:
        hint = nearest(name, known, "rnntui sweep SOURCE --grid KEY=VALUES starts one")
        raise UsageError(f"no sweep '{fit(safe_text(name), 40)}' in {shown(root)}{hint}")
    directory = root / SWEEPS / name
    try:
        info = read_record(SweepInfo, directory / INFO)
        text = read_file(directory / RECIPE, MOST_BYTES).decode("utf-8")
    except FileNotFoundError:
        raise DataError(f"{shown(directory / RECIPE)}: is missing") from None
    except OSError as error:
        raise failed("read", directory, error) from None
    except UnicodeDecodeError:
        raise DataError(f"{shown(directory / RECIPE)}: not UTF-8") from None
    if info.format > FORMAT:
        raise DataError(f"sweep {name} was written by a newer version of rnntui")
    if info.name != name:  # whatever is done to it would be done to another sweep, or to none
        own = fit(safe_text(info.name), 40)
        raise DataError(f"{shown(directory)}: is that of sweep '{own}': give it that name again")
    if wrong := _wrong_field(info):
        raise DataError(f"{shown(directory / INFO)}: {wrong} has a wrong value")
    sweep = Sweep(root, info, _recipe(text, info.recipe, directory / RECIPE), _lines(directory))
    _check_whole(sweep)
    return sweep


def _wrong_field(info: SweepInfo) -> str:
    """Return the name of a field with which the sweep could not continue; empty: none."""
    rungs = list(info.halving)
    right = {
        "jobs": info.jobs >= 1,
        "trials": info.trials >= 0,
        "halving": rungs == sorted(set(rungs)) and all(rung >= 1 for rung in rungs),
        "sampler": info.sampler in SAMPLERS,
    }
    return next((name for name, is_right in right.items() if not is_right), "")


def _recipe(text: str, name: str, path: Path) -> Recipe:
    """Read what the trials share. Raises DataError."""
    if not text.strip():  # it would be read as a recipe of defaults
        raise DataError(f"{shown(path)}: is empty")
    try:
        return from_toml(text, name + ".toml")
    except UsageError as error:
        why = str(error).removeprefix(f"{name}.toml: ")
        raise DataError(f"{shown(path)}: {why}") from None


def _check_whole(sweep: Sweep) -> None:
    """Raise DataError if trials that were written at the start are missing from the journal."""
    info, found = sweep.info, len(sweep.trials)
    if found < info.trials and info.sampler == "random":
        raise DataError(
            f"{shown(sweep.directory)}: damaged, {found:,} of {info.trials:,} trials are left: "
            f"rnntui compare --where '{info.name}-*' shows the runs"
        )


def _lines(directory: Path) -> list[Line]:
    try:
        return read_journal(directory, JOURNAL)[0]
    except OSError as error:
        raise failed("read", directory, error) from None


def sweep_names(root: Path) -> list[str]:
    """Return the names of all sweeps, the one started last first."""
    try:
        found = [path for path in (root / SWEEPS).iterdir() if (path / INFO).exists()]
        found = [path for path in found if not path.name.startswith(".")]
        return [p.name for p in sorted(found, key=lambda p: -(p / INFO).stat().st_mtime)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise failed("read", root / SWEEPS, error) from None


def now() -> float:
    """Return the seconds since 1970, for a journal."""
    return round(time.time(), 3)
