"""The response of an app as the worker can carry it: one value a header, and the whole body at once."""

import logging
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import azure.functions as func

from funcweb.cookies import portable_cookie

# Seconds after which Azure's front end has given up a request, whatever functionTimeout says ("Azure Functions hosting
# options", on the timeout of a function app).
AZURE_TIMEOUT = 230.0

# These belong to one connection (RFC 9110 section 7.6.1); the host speaks to the client on another.
HOP_BY_HOP = frozenset(
    ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"]
)

TOKEN = re.compile(r"[!#$%&'*+.^`|~\w-]+", re.ASCII)  # RFC 9110 section 5.6.2.

Headers: Any = type(func.HttpResponse().headers)

logger = logging.getLogger(__name__)


class AppResponse(func.HttpResponse):
    """The HttpResponse of an app, made of status and headers as soon as the app sends them; the body comes later.

    HttpResponse itself wants all of it at once, and takes most of its time for an empty list of headers. So this has
    the same public face, which is all that the worker uses, and nothing else of it.
    """

    # What the worker makes a Content-Type of, where the app has sent none.
    mimetype = "text/plain"
    charset = "utf-8"

    status_code = 0
    headers: Any = None

    def __init__(self, status: int, headers: Iterable[tuple[str, str]]) -> None:
        """Take status and headers.

        The worker keeps only the last of several headers of a name, so they are joined (RFC 9110 section 5.3), but for
        Set-Cookie, which it carries apart, and for the two that have one value only.

        Raises:
            ValueError: a header has a name that HTTP does not allow, or Content-Length makes no sense.
        """
        self.status_code = status
        self.headers = Headers()
        self.length: int | None = None
        self.body = b""
        add = self.headers.add
        names: set[str] = set()
        for header, value in headers:
            name = field_name(header)
            if name == "set-cookie":
                cookie = portable_cookie(value)
                if cookie is not None:
                    add(header, cookie)
            elif name in names:
                one_value = name in ("content-type", "content-length")
                self.headers[name] = value if one_value else f"{self.headers[name]}, {value}"
            elif name not in HOP_BY_HOP:
                names.add(name)
                add(header, value)
            if name == "content-length":
                self.set_length(str(value))

    def get_body(self) -> bytes:
        """Return the body."""
        return self.body

    def set_length(self, value: str) -> None:
        """Take the Content-Length (RFC 9110 section 8.6); the app may send the same one twice.

        Raises:
            ValueError: it is not a whole number, or another one than before.
        """
        if not value.isdecimal():
            raise ValueError(f"The app sent the Content-Length {value!r}, which must be a whole number.")
        length = int(value)
        if self.length not in (None, length):
            raise ValueError(f"The app sent a Content-Length of {self.length} and another one of {length}.")
        self.length = length

    def complete(self, method: str, body: bytes) -> None:
        """Take the body.

        An answer to HEAD and one with status 1xx, 204 or 304 has none (RFC 9110 section 6.4.1), and with 1xx or 204 no
        Content-Length either (section 8.6). A body that is longer than its Content-Length is cut, as servers do, and
        that is logged.

        Raises:
            RuntimeError: the body is shorter than its Content-Length, so something is missing.
        """
        status, length = self.status_code, self.length
        if status == 204 or status < 200:
            self.headers.pop("Content-Length", None)
        elif method != "HEAD" and status != 304:
            if length is not None and length != len(body):
                mismatch = f"The app sent {len(body)} bytes where its Content-Length says {length}"
                if length > len(body):
                    raise RuntimeError(f"{mismatch}.")
                logger.warning("%s: the rest was cut off.", mismatch)
                body = body[:length]
            self.body = body


def too_late(seconds: float) -> TimeoutError:
    """Return the error of a response that nobody can receive any more; it is an OSError."""
    return TimeoutError(
        f"The response was not complete after {seconds:g} seconds, and Azure gives up a request after"
        f" {AZURE_TIMEOUT:g}: responses that go on for longer need async_mode=streaming."
    )


@lru_cache(maxsize=512)
def field_name(header: str) -> str:
    """Return the name of a header in lower case.

    Raises:
        ValueError: it has a character that no name may have, such as a space or an end of line.
    """
    if not TOKEN.fullmatch(header):
        raise ValueError(f"The app sent a header with the name {header!r}, which HTTP does not allow.")
    return header.lower()
