"""Machines that models run on: those at hand, and those that are rented."""
