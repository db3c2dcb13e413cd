"""Filters that select runs, such as `lr>=0.001 cell=gru state:finished notes*`. Pure."""
