"""Tests of prices, estimates, confirmations and spend."""
