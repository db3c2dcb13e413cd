"""A run on disk: its directory, lock, journals and checkpoints.

What only reads (`summary`, `find`, `directory`, `status`, `journal`, `holder`) needs no NumPy.
"""
