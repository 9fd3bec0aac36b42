"""The evaluation daemon: schedule, work engine, health, shutdown."""
