"""A run on disk: its directory, lock, journals and checkpoints.

Modules that only read (`summary`, `find`, `directory`, `status`, `journal`, `lock_owner`) need no
NumPy.
"""
