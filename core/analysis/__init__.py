"""Rows in, frames and figures out."""
