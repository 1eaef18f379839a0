"""HTTP as an Azure Function sees it: where a request came from, and what a response can carry.

The Functions host hands the worker a method, an absolute URL, lower-cased headers and the whole body, and takes a
status, headers and the whole body back. The middleware stands between that and the app.
"""

import os
import re
from collections.abc import Iterable, Mapping
from datetime import UTC
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from urllib.parse import urlsplit

import azure.functions as func

TRUSTED_PROXIES_SETTING = "TRUSTED_PROXIES"

# These belong to one connection (RFC 9110 section 7.6.1); the host speaks to the client on another.
HOP_BY_HOP = frozenset(
    ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"]
)

ESCAPED_COOKIE_OCTET = re.compile("%(21|2[3-9ABD-F]|3[0-9AC-F]|[46][0-9A-F]|5[0-9ABD-F]|7[0-9A-E])", re.IGNORECASE)


def trusted_proxies() -> int:
    """Return how many proxies in front of the app are believed: the app setting TRUSTED_PROXIES.

    In Azure it is 1 where it is not set: everybody comes through the platform's front end, which appends the address
    it saw to X-Forwarded-For. Elsewhere it is 0, as anybody could have written that header. X-Forwarded-Host and -Proto
    are believed from 2 on, for the front end passes them through as the client wrote them.

    Raises:
        ValueError: the setting is not a whole number.
    """
    value = os.environ.get(TRUSTED_PROXIES_SETTING)
    if value is None:
        return 1 if "WEBSITE_SITE_NAME" in os.environ else 0
    if not value.isdecimal():
        raise ValueError(f"The app setting {TRUSTED_PROXIES_SETTING} must be a whole number such as 1, not {value!r}.")
    return int(value)


def split_url(url: str) -> tuple[str, str, str]:
    """Split a URL into scheme and authority, path, and query string, leaving the percent-encoding alone."""
    url, _, query = url.partition("?")
    if url.startswith("/"):
        return "", url, query
    path_start = url.find("/", url.find("//") + 2)
    if path_start < 0:
        return url, "/", query
    return url[:path_start], url[path_start:], query


@lru_cache(maxsize=64)
def server_address(authority: str) -> tuple[str, str, int]:
    """Return scheme, host and port of `https://example.org:8443`.

    What is missing, or makes no sense in the Host header that a client has sent, is taken from http://localhost.
    """
    scheme = authority.partition("://")[0] if "://" in authority else "http"
    default_port = 443 if scheme == "https" else 80
    try:
        parts = urlsplit(authority)
        return scheme, parts.hostname or "localhost", default_port if parts.port is None else parts.port
    except ValueError:
        return scheme, "localhost", default_port


def forwarded(authority: str, headers: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    """Return scheme and authority, and the headers with the Host, that the client used, as a trusted proxy tells it."""
    scheme, _, host = authority.rpartition("://")
    scheme = last_hop(headers.get("x-forwarded-proto", scheme))
    host = last_hop(headers.get("x-forwarded-host", host))
    return f"{scheme}://{host}", {**headers, "host": host}


def last_hop(value: str) -> str:
    """Return what the nearest proxy wrote into a header to which each proxy may append."""
    return value.rpartition(",")[2].strip()


def client_address(headers: Mapping[str, str], proxies: int) -> tuple[str, int] | None:
    """Return address and port (0 where unknown) of the client, or None where no trusted proxy tells it.

    Each proxy appends the address that it saw to X-Forwarded-For, so the entry of the outermost trusted one, counted
    from the right, is the client: 192.0.2.1, 192.0.2.1:4711, 2001:db8::1 or [2001:db8::1]:4711.
    """
    if not proxies:
        return None
    hops = headers.get("x-forwarded-for", "").split(",")
    if proxies > len(hops):
        return None
    hop = hops[-proxies].strip()
    host, separator, port = hop.rpartition(":")
    if not separator or (":" in host and not host.endswith("]")):
        host, port = hop, ""
    host = host.strip("[]")
    return (host, int(port) if port.isdecimal() else 0) if host else None


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
            add(header, portable_cookie(value))
        elif name in names:
            sent[name] = f"{sent[name]}, {value}"
        elif name not in HOP_BY_HOP:
            names.add(name)
            add(header, value)
    return response


def portable_cookie(cookie: str) -> str:
    """Return a Set-Cookie value that means the same and that the worker can carry.

    The worker raises on an Expires in any but the preferred format, which loses the response, and a cookie with both
    Expires and Max-Age has failed in the host (azure-functions-python-worker #1790). Max-Age wins over Expires
    (RFC 6265 section 5.3), so it goes alone where both are given.
    """
    pair, *parts = (part.strip() for part in cookie.split(";"))
    attributes = {part.partition("=")[0].strip().lower(): part for part in parts}
    if "expires" not in attributes:
        return cookie
    try:
        date = parsedate_to_datetime(attributes["expires"].partition("=")[2])
        attributes["expires"] = f"Expires={format_datetime(date.replace(tzinfo=UTC), usegmt=True)}"
    except ValueError:
        del attributes["expires"]  # A browser ignores it too.
    if "max-age" in attributes:
        attributes.pop("expires", None)
    return "; ".join([pair, *attributes.values()])


def restored_cookies(header: str) -> str:
    """Return a Cookie header with the values that the app once set.

    The host percent-encodes the value of each cookie in a response, but does not decode it in a request, so that a
    session such as `eyJhIjoxfQ==` would come back as `eyJhIjoxfQ%3D%3D` (azure-functions-python-worker #1794). What may
    not stand in a cookie's value (RFC 6265 section 4.1.1), such as `%3B`, stays as it is.
    """
    return ESCAPED_COOKIE_OCTET.sub(lambda escape: chr(int(escape[1], 16)), header)
