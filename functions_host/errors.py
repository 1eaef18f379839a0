"""The error that the command line shows as one sentence, without this package's own traceback."""

from __future__ import annotations


class HostError(Exception):
    """Something that the person who started the host can put right; the text says what and how."""

    def __init__(self, message: str, *, traceback: str = "") -> None:
        """Keep the sentence, and the app's own `traceback` where there is one."""
        super().__init__(message)
        self.traceback = traceback
