"""Draws runs beside each other: their losses in one plot, and a table of what differs."""
