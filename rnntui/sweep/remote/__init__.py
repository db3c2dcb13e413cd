"""Sweeps on several machines: Dask starts the trials over SSH or in jobs of Slurm.

Nothing here is imported for a sweep on this machine, and Dask only where a cluster is started.
"""
