"""A stand-in for Slurm: `sbatch` runs the job on this machine at once, `scancel` ends it."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

_SBATCH = """\
#!/bin/sh
if [ "$1" = --test-only ]; then
  grep -q '^#SBATCH -A nobody$' "$2" || exit 0
  echo 'sbatch: error: Invalid account or account/partition combination' >&2
  exit 1
fi
cp "$1" "{folder}/job-$$.sh"
setsid sh "{folder}/job-$$.sh" >"{folder}/job-$$.log" 2>&1 </dev/null &
echo $! >>"{folder}/jobs"
echo "Submitted batch job $!"
"""
_SCANCEL = """\
#!/bin/sh
for job; do kill -TERM -- "-$job" 2>/dev/null; done
exit 0
"""


def stand_in(folder: Path) -> Path:
    """Write the commands; return the directory to be put on the path."""
    folder.mkdir()
    for name, text in (("sbatch", _SBATCH), ("scancel", _SCANCEL)):
        (folder / name).write_text(text.format(folder=folder) if name == "sbatch" else text)
        (folder / name).chmod(0o755)
    return folder


def jobs(folder: Path) -> list[int]:
    """Return the process group of each job that was submitted, oldest first."""
    with contextlib.suppress(FileNotFoundError):
        return [int(line) for line in (folder / "jobs").read_text().split()]
    return []


def lives(job: int) -> bool:
    """Return whether a process of a job is left."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(job, 0)
        return True
    return False


def lose(job: int) -> None:
    """Kill all processes of a job, as when its machine fails."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(job, signal.SIGKILL)
