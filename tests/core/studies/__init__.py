"""Tests of how a study is defined, kept and versioned."""
