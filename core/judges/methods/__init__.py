"""One module a judge; each holds its ``JUDGE``."""
