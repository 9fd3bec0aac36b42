"""Tests of the pages and their charts."""
