"""The one error that this package shows to a person without a traceback of its own."""

from __future__ import annotations


class HostError(Exception):
    """Something the person who started the host can put right; its text says what and how."""

    def __init__(self, message: str, *, traceback: str = "") -> None:
        """Keep the sentence, and the app's own `traceback` where there is one."""
        super().__init__(message)
        self.traceback = traceback
