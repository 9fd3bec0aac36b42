"""Seeded chance: the same parts always give the same throws, on every machine and in every run."""

import hashlib
import random


def seeded_random(*parts: object) -> random.Random:
    """Give a random number generator whose whole course is decided by `parts`."""
    # Not hash(): Python salts that anew in every process.
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()
    return random.Random(int.from_bytes(digest))  # noqa: S311 - repeatable texts, no secrets
