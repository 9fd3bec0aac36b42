"""Tests of the judges: what they ask, how they read, what they measure."""
