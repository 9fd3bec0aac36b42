"""Measurements: each runs ours and a named comparison in one run and prints a ratio."""
