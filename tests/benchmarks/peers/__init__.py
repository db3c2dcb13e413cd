"""Implementations that are compared, each a process of its own (see `tests.benchmarks.rotation`).

A program gets a problem (see `problem`) in a file, checks that it computes the same, says so, and
then does as many updates, or characters, as each line of its input asks for. Those of others import
nothing of rnntui: they may run in a Python that has only NumPy and their own library.
"""
