"""Find the run that a user means.

`find_run` is for commands that only read: a prefix of the name, or of a word in it, is enough.
`exact_run` is for commands that stop or remove something: it requires the full name.
"""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path

from rnntui.errors import DataError, RunError, UsageError
from rnntui.runs.store.directory import INFO, open_run
from rnntui.runs.store.files import failed, shown
from rnntui.runs.store.scan import run_paths
from rnntui.runs.store.summary import list_runs
from rnntui.text import fit, safe_text

_MOST_LISTED = 110  # characters of names in an error


def find_run(root: Path, given: str | None) -> Path:
    """Return the directory of the run that `given` means; None: the last one started or resumed.

    Raises UsageError with a suggestion, or RunError if the root cannot be read.
    """
    if given is None:
        return _newest(root)
    return _by_path(given) or _by_name(root, given)


def exact_run(root: Path, given: str) -> Path:
    """Return the run with exactly that name, or at exactly that path directly in `root`.

    Raises UsageError, or RunError if the root cannot be read.
    """
    names = [path.name for path in run_paths(root)]
    name = _name_at(root, given) if os.sep in given else given
    if name in names:
        return root / name
    wanted = fit(safe_text(given), 40)
    if os.sep in given or given in (".", ".."):
        raise UsageError(f"'{wanted}' is not a run in {shown(root)}: give the run's full name")
    meant = [n for n in names if given and (n.startswith(given) or f"-{given}" in n)]
    meant = meant or get_close_matches(given, names, n=1, cutoff=0.5)
    if not meant:
        raise UsageError(f"no run '{wanted}' in {shown(root)}: rnntui runs lists them")
    hint = f"did you mean '{safe_text(meant[0])}'?" if len(meant) == 1 else _listed(meant)
    raise UsageError(f"no run has the full name '{wanted}': {hint}")


def _name_at(root: Path, given: str) -> str | None:
    """Return the name of a path directly in the root; None for any other path.

    Paths with `..` are refused, because their meaning depends on links.
    """
    path = Path(given)
    try:
        if ".." in path.parts or not path.name or not path.parent.samefile(root):
            return None
    except (OSError, ValueError):
        return None
    return path.name


def live_run(root: Path) -> Path:
    """Return the only run being trained. Raises UsageError unless there is exactly one."""
    live = [run.path for run in list_runs(root, measure=False) if run.live]
    if len(live) == 1:
        return live[0]
    if not live:
        raise UsageError(f"no run in {shown(root)} is being trained: rnntui runs lists them")
    names = _listed(sorted(path.name for path in live))
    raise UsageError(f"{len(live)} runs are being trained, name one: {names}")


def _newest(root: Path) -> Path:
    runs = list_runs(root, measure=False)
    usable = [run for run in runs if run.usable] or runs
    if not usable:
        raise UsageError(f"no runs in {shown(root)}: rnntui train starts one")
    return usable[0].path


def _by_path(given: str) -> Path | None:
    """Return the run at a path; without a separator, `given` is a name first."""
    if os.sep not in given and given not in (".", ".."):
        return None
    try:
        path = Path(given).expanduser().resolve()
        there = (path / INFO).is_file()
    except (RuntimeError, ValueError):
        raise UsageError(f"{shown(Path(given))} is not a path") from None
    except OSError as error:
        raise failed("open", Path(given), error) from None
    if not there:
        raise UsageError(f"{shown(path)} is not a run: it has no {INFO}")
    return path


def _by_name(root: Path, given: str) -> Path:
    names = [path.name for path in run_paths(root)]
    if given in names:
        return root / given
    begun = [name for name in names if name.startswith(given)]
    inside = [name for name in names if f"-{given}" in name]
    for matching in (begun, inside):
        if given and (one := _only(root, matching)):
            return root / one
    if given and _is_run(Path(given)):
        return Path(given).absolute()
    wanted = fit(safe_text(given), 40)
    if matching := begun or inside:
        raise UsageError(f"'{wanted}' matches {len(matching)} runs: {_listed(matching)}")
    close = get_close_matches(given, names, n=1, cutoff=0.5)
    if close:
        raise UsageError(f"no run '{wanted}': did you mean '{safe_text(close[0])}'?")
    raise UsageError(f"no run '{wanted}' in {shown(root)}: rnntui runs lists them")


def _only(root: Path, names: list[str]) -> str | None:
    """Return the only usable name among several, if there is exactly one."""
    usable = names if len(names) == 1 else [name for name in names if _opens(root / name)]
    return usable[0] if len(usable) == 1 else None


def _opens(path: Path) -> bool:
    try:
        open_run(path)
    except (DataError, RunError):
        return False
    return True


def _is_run(path: Path) -> bool:
    try:
        return (path / INFO).is_file()
    except (OSError, ValueError):  # for example, a name that is too long
        return False


def _listed(names: list[str]) -> str:
    """List names, as many as fit in a line."""
    text = ", ".join(map(safe_text, names[:3]))
    return fit(text if len(names) <= 3 else f"{text} …", _MOST_LISTED)
