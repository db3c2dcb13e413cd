"""Start what trains the trials of a sweep: on this machine, or on several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnntui.errors import EngineError
from rnntui.sweep.local import LocalWorkers
from rnntui.sweep.remote.place import SLURM, Place, parse_place
from rnntui.sweep.store import Sweep
from rnntui.sweep.task import Workers

if TYPE_CHECKING:
    from rnntui.sweep.remote.workers import Cluster


def workers_for(sweep: Sweep) -> Workers:
    """Start the workers of a sweep, wherever it is trained. Raises UsageError or EngineError."""
    place, jobs = parse_place(sweep.info.on), sweep.info.jobs
    if place.is_local:
        return LocalWorkers(jobs)
    from rnntui.sweep.remote.workers import RESUME, DaskWorkers

    try:
        return DaskWorkers(_cluster(place, sweep, jobs), jobs)
    except EngineError as error:
        raise EngineError(f"{error}: {RESUME}") from None


def _cluster(place: Place, sweep: Sweep, jobs: int) -> Cluster:
    if place.kind == SLURM:
        from rnntui.sweep.remote.slurm_cluster import SlurmCluster

        return SlurmCluster(sweep.recipe, sweep.root, jobs)
    from rnntui.sweep.remote.ssh_cluster import SshCluster

    return SshCluster(place.hosts, sweep.recipe, sweep.root, jobs)
