"""One module a rule; each holds its ``RULE``."""
