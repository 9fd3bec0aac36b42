"""Which responses are missing; make one; store it."""
