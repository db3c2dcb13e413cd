"""A page about a run: one HTML file that needs no network, with everything inside."""
