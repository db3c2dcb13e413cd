"""Draws numbers as rows of glyphs: pure functions, each block exactly of the requested size."""
