"""Tests of the studio's charts."""
