"""Which judgments are missing; make one; store it."""
