"""GPU machines rented from AWS by the hour: launch, list, take down, sweep.

The tags of a machine are the store; no table of ours knows of it. ``boto3`` is imported when a
session is opened and nowhere else, so that everything but hosting works without the extra ``aws``.
"""
