"""Start what trains the trials of a sweep: on this machine, or on several."""

from __future__ import annotations

from rnntui.sweep.local import LocalWorkers
from rnntui.sweep.remote.place import SLURM, parse_place
from rnntui.sweep.store import Sweep
from rnntui.sweep.task import Workers


def workers_for(sweep: Sweep) -> Workers:
    """Start the workers of a sweep, wherever it is trained. Raises UsageError or EngineError."""
    place, jobs = parse_place(sweep.info.on), sweep.info.jobs
    if place.is_local:
        return LocalWorkers(jobs)
    from rnntui.sweep.remote.workers import DaskWorkers

    if place.kind == SLURM:
        from rnntui.sweep.remote.slurm_cluster import SlurmCluster

        return DaskWorkers(SlurmCluster(sweep.recipe, sweep.root, jobs), jobs)
    from rnntui.sweep.remote.ssh_cluster import SshCluster

    return DaskWorkers(SshCluster(place.hosts, sweep.recipe, sweep.root, jobs), jobs)
