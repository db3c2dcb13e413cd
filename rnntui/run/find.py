"""Which run a user means: by name, by the beginning of a name or of a word in it, by path."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path

from rnntui.errors import UsageError
from rnntui.run.directory import INFO
from rnntui.run.files import failed, shown
from rnntui.run.summary import list_runs, run_paths
from rnntui.text import fit, safe_text


def find_run(root: Path, given: str | None) -> Path:
    """The directory of the run that `given` means; None: the one begun or resumed last.

    Raises UsageError with what was probably meant, or RunError where the root cannot be read.
    """
    try:
        if given is None:
            return _newest(root)
        return _by_path(given) or _by_name(root, given)
    except OSError as error:
        raise failed("read", root, error) from None


def _newest(root: Path) -> Path:
    runs = list_runs(root, measure=False)
    sound = [run for run in runs if run.state != "damaged"] or runs
    if not sound:
        raise UsageError(f"no runs in {shown(root)}: rnntui train begins one")
    return sound[0].path


def _by_path(given: str) -> Path | None:
    """The run at a path; what has no separator in it is a name before it is a path."""
    if os.sep not in given and given not in (".", ".."):
        return None
    try:
        path = Path(given).expanduser().resolve()
    except (RuntimeError, ValueError):
        raise UsageError(f"{shown(Path(given))} is not a path") from None
    if not _is_run(path):
        raise UsageError(f"{shown(path)} is not a run: it has no {INFO}")
    return path


def _by_name(root: Path, given: str) -> Path:
    names = [path.name for path in run_paths(root)]
    if given in names:
        return root / given
    begun = [name for name in names if name.startswith(given)]
    inside = [name for name in names if f"-{given}" in name]
    for matching in (begun, inside):
        if given and len(matching) == 1:
            return root / matching[0]
    if given and _is_run(Path(given)):
        return Path(given).absolute()
    wanted = fit(safe_text(given), 40)
    if matching := begun or inside:
        raise UsageError(f"'{wanted}' is {len(matching)} runs: {_listed(matching)}")
    close = get_close_matches(given, names, n=1, cutoff=0.5)
    if close:
        raise UsageError(f"no run '{wanted}': did you mean '{safe_text(close[0])}'?")
    raise UsageError(f"no run '{wanted}' in {shown(root)}: rnntui runs lists them")


def _is_run(path: Path) -> bool:
    try:
        return (path / INFO).is_file()
    except OSError:  # such as a name that is too long
        return False


def _listed(names: list[str]) -> str:
    """Some names, as many as a line has room for."""
    text = ", ".join(map(safe_text, names[:3]))
    return fit(text if len(names) <= 3 else f"{text} …", 110)
