"""HTTP as an Azure Function sees it: where a request came from, and what a response can carry.

The Functions host hands the worker a method, an absolute URL, lower-cased headers and the whole body, and takes a
status, headers and the whole body back. The middleware stands between that and the app.
"""

import json
import os
from collections.abc import Iterable, Mapping
from datetime import UTC
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Self, cast
from urllib.parse import urlsplit

import azure.functions as func

ROUTE_PREFIX_SETTING = "AzureFunctionsJobHost__extensions__http__routePrefix"
TRUSTED_PROXIES_SETTING = "TRUSTED_PROXIES"

# These belong to one connection (RFC 9110 section 7.6.1); the host speaks to the client on another.
HOP_BY_HOP = frozenset(
    ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"]
)


class Origin(NamedTuple):
    """Who sent a request and to which address, as the app should see it."""

    scheme: str
    server: str
    port: int
    client: tuple[str, int] | None
    """Address and port (0 where unknown) of the client; None where nothing that can be trusted names it."""


def route_prefix() -> str:
    """Return `extensions.http.routePrefix` of the host.json beside this module.

    The app setting of the same name wins over it, as in the host, whose own default is `api`.

    Raises:
        ValueError: host.json is not JSON.
    """
    for name, value in os.environ.items():
        if name.casefold() == ROUTE_PREFIX_SETTING.casefold():
            return value
    host_json = Path(__file__).with_name("host.json")
    if not host_json.exists():
        return "api"
    try:
        settings = json.loads(host_json.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise ValueError(f"{host_json} must be JSON without comments, to tell the route prefix: {error}") from error
    prefix: str = settings.get("extensions", {}).get("http", {}).get("routePrefix", "api")
    return prefix


def as_root_path(prefix: str) -> str:
    """Return `api/v1` as `/api/v1`, the form in which an app learns where it stands, and no prefix as ""."""
    prefix = prefix.strip("/")
    return f"/{prefix}" if prefix else ""


def trusted_proxies() -> int:
    """Return how many proxies in front of the app are believed: the app setting TRUSTED_PROXIES.

    In Azure it is 1 where it is not set: everybody comes through the platform's front end, which appends the address
    it saw to X-Forwarded-For. Elsewhere it is 0, as anybody could have written that header.

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
    url, _, query = url.partition("#")[0].partition("?")
    scheme_end = url.find("://")
    path_start = url.find("/", scheme_end + 3 if scheme_end >= 0 else 0)
    if path_start < 0:
        return url, "/", query
    return url[:path_start], url[path_start:], query


def split_root_path(path: str, root_path: str) -> tuple[str, str]:
    """Split a decoded path into the root path, spelt as in the request, and the rest.

    The host matches routes without regard to case: `/API/hello` reaches a function under `/api`.
    """
    end = len(root_path)
    if root_path and path[:end].lower() == root_path.lower() and path[end : end + 1] in ("", "/"):
        return path[:end], path[end:]
    return "", path


def believed_headers(headers: Mapping[str, str], proxies: int) -> Mapping[str, str]:
    """Return the headers with the Host that the client asked for, if trusted proxies tell it (see request_origin)."""
    if proxies < 2 or "x-forwarded-host" not in headers:
        return headers
    return {**headers, "host": last_hop(headers["x-forwarded-host"])}


def request_origin(authority: str, headers: Mapping[str, str], proxies: int) -> Origin:
    """Return who sent a request to which address, believing as many proxies as given and nobody else.

    Each proxy appends the address that it saw to X-Forwarded-For: the entry of the outermost trusted one, counted
    from the right, is the client. X-Forwarded-Host and -Proto are believed from the second proxy on, for the
    platform's front end passes them through as the client wrote them.
    """
    if not proxies:
        return Origin(*server_address(authority), None)
    hops = headers.get("x-forwarded-for", "").split(",")
    client = client_address(hops[-proxies].strip()) if len(hops) >= proxies else None
    if proxies > 1:
        scheme, _, server = authority.rpartition("://")
        scheme = last_hop(headers.get("x-forwarded-proto", scheme))
        authority = f"{scheme}://{last_hop(headers.get('x-forwarded-host', server))}"
    return Origin(*server_address(authority), client)


def last_hop(value: str) -> str:
    """Return what the nearest proxy wrote into a header to which each proxy may append."""
    return value.rpartition(",")[2].strip()


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


def client_address(hop: str) -> tuple[str, int] | None:
    """Read one entry of X-Forwarded-For: 192.0.2.1, 192.0.2.1:4711, 2001:db8::1 or [2001:db8::1]:4711."""
    host, separator, port = hop.rpartition(":")
    if not separator or (":" in host and not host.endswith("]")):
        host, port = hop, ""
    host = host.strip("[]")
    return (host, int(port) if port.isdecimal() else 0) if host else None


def function_context(context: func.Context | None) -> dict[str, Any]:
    """Return what azure-functions' middlewares tell the app of the invocation, under the same keys."""
    if context is None:
        return {}
    return {
        "azure_functions.function_directory": context.function_directory,
        "azure_functions.function_name": context.function_name,
        "azure_functions.invocation_id": context.invocation_id,
        "azure_functions.thread_local_storage": context.thread_local_storage,
        "azure_functions.trace_context": context.trace_context,
        "azure_functions.retry_context": context.retry_context,
    }


class HeaderPairs(list[tuple[str, str]]):
    """Headers as HttpResponse reads them, through items(), but able to repeat a name."""

    def items(self) -> Self:
        """Return the pairs themselves."""
        return self


def make_response(method: str, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> func.HttpResponse:
    """Return the HttpResponse of an app's answer, as faithful as the worker can carry it.

    The worker keeps only the last of several headers of a name, so they are joined (RFC 9110 section 5.3), but for
    Set-Cookie, which it carries apart. An answer to HEAD and one with status 1xx, 204 or 304 has no body.
    """
    pairs = HeaderPairs()
    seen: dict[str, int] = {}
    for name, value in headers:
        lowered = name.lower()
        if lowered == "set-cookie":
            pairs.append((name, portable_cookie(value)))
        elif lowered in seen:
            position = seen[lowered]
            pairs[position] = (pairs[position][0], f"{pairs[position][1]}, {value}")
        elif lowered not in HOP_BY_HOP:
            seen[lowered] = len(pairs)
            pairs.append((name, value))
    if method == "HEAD" or status in (204, 304) or status < 200:
        body = b""
    return func.HttpResponse(body, status_code=status, headers=cast("Mapping[str, str]", pairs))


def portable_cookie(cookie: str) -> str:
    """Return a Set-Cookie value that means the same and that the worker can carry.

    The worker raises on an Expires in any but the preferred format, which loses the response, and a cookie with both
    Expires and Max-Age has failed in the host (azure-functions-python-worker #1790, #1794). Max-Age wins over Expires
    (RFC 6265 section 5.3), so it goes alone where both are given.
    """
    pair, *attributes = (part.strip() for part in cookie.split(";"))
    by_name = {attribute.partition("=")[0].strip().lower(): attribute for attribute in attributes}
    if "expires" not in by_name:
        return cookie
    expires = by_name.pop("expires").partition("=")[2]
    if "max-age" not in by_name:
        try:
            date = parsedate_to_datetime(expires.replace("-", " "))
            by_name["expires"] = f"Expires={format_datetime(date.replace(tzinfo=UTC), usegmt=True)}"
        except ValueError:
            pass  # No browser can read it either: a session cookie.
    return "; ".join([pair, *by_name.values()])
