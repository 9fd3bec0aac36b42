"""The `slam` command, and what `make run` starts."""
