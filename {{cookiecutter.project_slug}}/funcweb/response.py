"""The response of an app as the worker can carry it: one value a header, and the whole body at once."""

from collections.abc import Iterable
from typing import Any

import azure.functions as func

from funcweb.cookies import portable_cookie

# These belong to one connection (RFC 9110 section 7.6.1); the host speaks to the client on another.
HOP_BY_HOP = frozenset(
    ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"]
)

Headers: Any = type(func.HttpResponse().headers)


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
        Set-Cookie, which it carries apart.
        """
        self.status_code = status
        self.headers = Headers()
        self.body = b""
        add = self.headers.add
        names: set[str] = set()
        for header, value in headers:
            name = header.lower()
            if name == "set-cookie":
                cookie = portable_cookie(value)
                if cookie is not None:
                    add(header, cookie)
            elif name in names:
                self.headers[name] = f"{self.headers[name]}, {value}"
            elif name not in HOP_BY_HOP:
                names.add(name)
                add(header, value)

    def get_body(self) -> bytes:
        """Return the body."""
        return self.body

    def complete(self, method: str, body: bytes) -> None:
        """Take the body; an answer to HEAD and one with status 1xx, 204 or 304 has none (RFC 9110 section 6.4.1)."""
        if method != "HEAD" and self.status_code not in (204, 304) and self.status_code >= 200:
            self.body = body
