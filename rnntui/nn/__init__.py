"""The maths: recurrent networks, their gradients and update rules on NumPy arrays. No I/O."""
