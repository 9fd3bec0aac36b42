"""Tests of the layouts, one file each."""
