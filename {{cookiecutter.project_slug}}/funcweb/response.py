"""The response of an app as the worker can carry it: one value a header, and the whole body at once."""

from collections.abc import Iterable

import azure.functions as func

from funcweb.cookies import portable_cookie

# These belong to one connection (RFC 9110 section 7.6.1); the host speaks to the client on another.
HOP_BY_HOP = frozenset(
    ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"]
)


def make_response(method: str, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> func.HttpResponse:
    """Return the HttpResponse of an app's answer, as faithful as the worker can carry it.

    The worker keeps only the last of several headers of a name, so they are joined (RFC 9110 section 5.3), but for
    Set-Cookie, which it carries apart. An answer to HEAD and one with status 1xx, 204 or 304 has no body.
    """
    if method == "HEAD" or status in (204, 304) or status < 200:
        body = b""
    response = func.HttpResponse(body, status_code=status)
    sent = response.headers
    add = sent.add
    names: set[str] = set()
    for header, value in headers:
        name = header.lower()
        if name == "set-cookie":
            cookie = portable_cookie(value)
            if cookie is not None:
                add(header, cookie)
        elif name in names:
            sent[name] = f"{sent[name]}, {value}"
        elif name not in HOP_BY_HOP:
            names.add(name)
            add(header, value)
    return response
