"""What this machine can do: matrix products, training and writing, per second."""
