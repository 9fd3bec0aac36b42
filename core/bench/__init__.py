"""Prices and, from them, cost."""
