"""Screening: what a session's behaviour says about the care that went into it.

A rule is one file in `core.rating.screening.rules`. It sees how a person answered, never whether
others answered likewise and never which model wrote what.
"""
