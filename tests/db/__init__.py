"""Tests of the store: real SQLite files and a real PostgreSQL."""
