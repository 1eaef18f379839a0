"""What any server for WSGI needs of PEP 3333."""

import logging
import re
import sys
from collections.abc import Callable, Iterable
from functools import lru_cache
from types import TracebackType
from typing import Any

Environ = dict[str, Any]
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]
WsgiApp = Callable[[Environ, Any], Iterable[bytes]]

STATUS = re.compile(r"[1-9][0-9]{2} [^\x00-\x1f\x7f]*")

logger = logging.getLogger(__name__)


def close(iterable: Iterable[bytes]) -> None:
    """Close what the app has returned, if it can be (PEP 3333, "Specification Details").

    An exception is logged and does not get any further: the answer is complete, or another exception is on its way.
    """
    try:
        if hasattr(iterable, "close"):
            iterable.close()
    except Exception:
        logger.exception("The WSGI app raised an exception when its response was closed.")


@lru_cache(maxsize=512)
def environ_key(header: str) -> str | None:
    """Return the environ variable of a lower-case header name, or None for one that would pass for another's.

    Such a name has an underscore, where that of the other has a hyphen.
    """
    if "_" in header:
        return None
    key = header.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


@lru_cache(maxsize=128)
def status_code(status: str) -> int:
    """Return the number of a status such as `404 Not Found`.

    Raises:
        ValueError: it is not three digits, a space and a reason.
    """
    if not STATUS.fullmatch(status):
        raise ValueError(f"The WSGI app sent the status {status!r}, which must be like '200 OK'.")
    return int(status[:3])


class ErrorLog:
    """The `wsgi.errors` of one request: its lines go to logging (PEP 3333, "Input and Error Streams")."""

    __slots__ = ("line", "logging")

    def __init__(self) -> None:
        self.line = ""
        self.logging = False

    def write(self, text: str) -> None:
        """Log each line that `text` completes."""
        *lines, self.line = (self.line + text).split("\n")
        for line in lines:
            self.log(line)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write one text after the other."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Log what was written since the last end of line."""
        if self.line:
            line, self.line = self.line, ""
            self.log(line)

    def log(self, line: str) -> None:
        """Log one line, or print it where a log handler, being set up to write to wsgi.errors, would come back here."""
        if self.logging:
            print(line, file=sys.stderr)
            return
        self.logging = True
        try:
            logger.error("%s", line)
        finally:
            self.logging = False


def to_wsgi(text: str) -> str:
    """Return text as WSGI wants it, each byte of its UTF-8 form as one character (PEP 3333, "Unicode Issues")."""
    return text.encode().decode("latin-1")
