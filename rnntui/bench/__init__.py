"""Speed of this machine: matrix products, training and generation."""
