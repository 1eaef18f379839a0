"""The function that runs on a schedule. What it does is in jobs.py."""

from jobs import on_schedule as main

__all__ = ["main"]
