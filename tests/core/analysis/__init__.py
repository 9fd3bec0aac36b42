"""Tests of the analysis: hand examples, independent implementations, properties."""
