"""The sections of a recipe, one module each, which declare its keys."""
