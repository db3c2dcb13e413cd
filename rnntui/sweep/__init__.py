"""Sweeps: many runs that differ in a few settings, several at a time, ranked by their validation.

A trial is an ordinary run, trained by a child process through the session package. What is to be
trained and what came of it is stored beside the runs, so that a sweep survives the end of every
process that takes part in it.
"""
