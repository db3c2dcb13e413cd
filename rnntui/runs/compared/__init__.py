"""Several runs beside each other: read, followed, ordered, and as a table. Without NumPy."""
