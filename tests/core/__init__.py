"""Tests of what SLaM knows."""
