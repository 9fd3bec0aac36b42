"""Tests of the backends: real clients over real HTTP against the sandbox."""
