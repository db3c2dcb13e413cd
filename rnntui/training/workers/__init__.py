"""Data-parallel training: processes that share the parameters, each with streams of its own.

Every update goes as in one process, each step of it on all processes at once:

    gradient   each over its streams of the batch, into a vector of its own
    reduce     each sums a part of all vectors, always in the same order, and squares it
    apply      each clips and updates that part of the parameters, given the norm of the whole

The trainer's process, number 0, takes part, and signals the others when the next phase begins.
The result depends on the number of processes, by the order of the sums, but never on timing.
"""
