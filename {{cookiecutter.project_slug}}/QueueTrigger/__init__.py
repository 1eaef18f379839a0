"""The function that does the jobs in the queue. What it does is in jobs.py."""

from jobs import on_message as main

__all__ = ["main"]
