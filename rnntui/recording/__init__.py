"""A run and its directory: what training writes there, and how it goes on from there."""
