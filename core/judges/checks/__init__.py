"""One file a check: a judge that needs no model, found by its ``JUDGE``."""
