"""A run on disk: recording, resuming, and the trained model."""
