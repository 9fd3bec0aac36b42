"""Tests of the providers: real clients over real HTTP against the sandbox."""
