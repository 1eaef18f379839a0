"""From an HTTP request to the trigger's message, and from the worker's result to a response.

The rules are those of the host (azure-functions-host: GrpcMessageConversionExtensions,
GrpcMessageExtensionUtilities, RawScriptResult) and of the server under it (ASP.NET Core:
PathString, StringValues, SetCookieHeaderValue). The worker's own part is left to the runtime packages.

Where the real behavior is unknown or varies, this is what happens here:

* ``%2F`` in a path becomes ``/``, as it does in Azure (host issue #3998, where a front end decodes
  it). `func start` leaves it alone, so an app that works with both works everywhere.
* the trace context has no attributes; the real one names the host's process and instance.
* a body on a 204 or 304 is dropped; the real server ends the request with an error.
* a function that returns a plain ``str`` gets it back as text/plain. The real host first tries to
  read it as JSON, and an object with a ``body`` in it as a whole response.
"""

from __future__ import annotations

import codecs
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_to_bytes

from .messages import SAME_SITE, Message
from .project import Function

# What PathString leaves as it is, besides letters, digits and a valid %XX (PathStringHelper).
_PATH_SAFE = "/!$&'()*+,-.:;=@_~"
_ESCAPE = re.compile("(%[0-9A-Fa-f]{2})")
_TRACEPARENT = re.compile("00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})")
_CONTROL = re.compile("[^\x20-\x7e\t]")
_NO_BODY = (204, 304)


class BadRequest(Exception):
    """A request that the server under the host answers with 400 before any function sees it."""


class InvalidResponse(Exception):
    """A response that the server under the host refuses to send; the client gets an empty 500."""


@dataclass(frozen=True)
class Request:
    """A request as the host sees it: headers by lower-case name, the path decoded."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    fields: list[tuple[bytes, bytes]]

    @property
    def target(self) -> str:
        """The path, encoded again, and the query as it came: what the app gets."""
        return encode_path(self.path) + (f"?{self.query}" if self.query else "")

    @property
    def content_length(self) -> int | None:
        """The body's length where the client gave it; None for a chunked request."""
        try:
            return int(self.headers["content-length"])
        except (KeyError, ValueError):
            return None

    @property
    def params(self) -> dict[str, str]:
        """The query by name: names compare without regard to case, repeats join, none is empty."""
        pairs = parse_qsl(self.query, keep_blank_values=True, errors="replace")
        return {name: value for name, value in _joined(pairs).items() if value}


@dataclass
class Response:
    """A response, ready to send."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


def _keep_escaped(error: UnicodeError) -> tuple[str, int]:
    # Kestrel leaves an escape that is no UTF-8 as it came.
    assert isinstance(error, UnicodeDecodeError)
    bad = error.object[error.start : error.end]
    return "".join(f"%{byte:02X}" for byte in bad), error.end


codecs.register_error("keep-escaped", _keep_escaped)


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Join repeats as StringValues.ToString does: with a comma and without the empty ones."""
    spelling: dict[str, str] = {}
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(spelling.setdefault(name.lower(), name), []).append(value)
    return {name: ",".join(filter(None, all_values)) for name, all_values in values.items()}


def decode_path(raw: bytes) -> str:
    """Decode a path as the host's server does: escapes first, then dot segments."""
    path = unquote_to_bytes(raw).decode("utf-8", "keep-escaped")
    if "\0" in path:
        raise BadRequest("The path holds a null character.")
    kept: list[str] = []
    parts = path.split("/")[1:]
    for number, part in enumerate(parts):
        if part not in (".", ".."):
            kept.append(part)
            continue
        if part == ".." and kept:
            kept.pop()
        if number == len(parts) - 1:
            kept.append("")
    return "/" + "/".join(kept)


def encode_path(path: str) -> str:
    """Encode a decoded path (PathString.ToUriComponent); what looks like an escape is left as it is."""
    return "".join(
        piece if number % 2 else quote(piece, safe=_PATH_SAFE) for number, piece in enumerate(_ESCAPE.split(path))
    )


def read_request(scope: dict[str, Any]) -> Request:
    """Read an ASGI http scope."""
    try:
        headers = _joined((n.decode("latin-1"), v.decode()) for n, v in scope["headers"])
    except UnicodeDecodeError:
        raise BadRequest("A header is not UTF-8.") from None
    return Request(
        method=scope["method"],
        path=decode_path(scope["raw_path"]),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        fields=list(scope["headers"]),
    )


def trigger_data(request: Request, route_params: dict[str, str], body: bytes) -> Message:
    """Return the TypedData of an HTTP trigger.

    The body is bytes (capability RawHttpBodyBytes) or, when empty, not set at all.
    """
    http = Message(
        method=request.method,
        url=f"http://{request.headers.get('host', '')}{request.target}",
        headers=request.headers,
        query=request.params,
        params=route_params,
        body=Message(bytes=body or None),
    )
    return Message(http=http)


def route_params_only(route_params: dict[str, str]) -> Message:
    """Return the TypedData of a trigger whose request the worker gets over HTTP.

    The capabilities HttpUri and RequiresRouteParameters ask for that.
    """
    empty = Message(bytes=None)
    http = Message(method="", url="", headers={}, query={}, params=route_params, body=empty)
    return Message(http=http)


def trace_context(request: Request) -> Message:
    """Return the trace context: the caller's trace if there is one, and a span of the host's."""
    found = _TRACEPARENT.fullmatch(request.headers.get("traceparent", ""))
    if found is None:
        return new_trace(request.headers.get("tracestate", ""))
    trace, flags = found.groups()
    return Message(
        trace_parent=f"00-{trace}-{secrets.token_hex(8)}-{flags}",
        trace_state=request.headers.get("tracestate", ""),
        attributes={},
    )


def new_trace(state: str = "") -> Message:
    """Return the trace context of what no caller's trace goes on in, such as a timer or a message."""
    return Message(
        trace_parent=f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00", trace_state=state, attributes={}
    )


def set_cookie(cookie: Message) -> str:
    """Build a Set-Cookie header from the worker's cookie message.

    The value is escaped (ResponseCookies.Append), an attribute that the worker sent empty is
    written empty, and one it has no field for (Partitioned, Priority) was lost before.
    """
    parts = [f"{cookie.name}={quote(cookie.value, safe='')}"]
    if cookie.expires is not None:
        parts.append(f"expires={formatdate(cookie.expires.value.seconds, usegmt=True)}")
    if cookie.max_age is not None:
        parts.append(f"max-age={int(cookie.max_age.value)}")
    if cookie.domain is not None:
        parts.append(f"domain={cookie.domain.value}")
    if cookie.path is not None:
        parts.append(f"path={cookie.path.value}")
    if cookie.secure is not None and cookie.secure.value:
        parts.append("secure")
    same_site = SAME_SITE[cookie.same_site]
    if same_site:
        parts.append(f"samesite={same_site}")
    if cookie.http_only is not None and cookie.http_only.value:
        parts.append("httponly")
    return "; ".join(parts)


def _plain(data: Message) -> Response:
    kind = data.WhichOneof("data")
    value = data.get(kind) if kind else ""
    if isinstance(value, bytes):
        return Response(200, [("content-type", "application/octet-stream")], value)
    return Response(200, [("content-type", "text/plain; charset=utf-8")], str(value).encode())


def _from_http(http: Message) -> Response:
    headers: dict[str, tuple[str, str]] = {}
    for name, value in http.headers.items():
        # Of two spellings of a name the first stays; Content-Type alone is overwritten.
        if name.lower() == "content-type" or name.lower() not in headers:
            headers[name.lower()] = (name, value)
    fields = [*headers.values(), *(("set-cookie", set_cookie(c)) for c in http.cookies or ())]
    for name, value in fields:
        if _CONTROL.search(name) or _CONTROL.search(value):
            raise InvalidResponse(f"The header {name!r} holds a character that is not ASCII text.")
    status = int(http.status_code) if str(http.status_code).isdigit() else 200
    body = http.body.bytes if http.body is not None else b""
    return Response(status, fields, b"" if status in _NO_BODY else body)


def read_response(function: Function, invocation: Message) -> Response:
    """Return what the client gets for a function that succeeded."""
    binding = function.first("http")
    if binding is None:
        return Response(204)
    data = invocation.return_value
    if binding["name"] != "$return":
        named = {output.name: output.data for output in invocation.output_data}
        data = named.get(binding["name"])
    if data is None:
        return Response(204)
    return _from_http(data.http) if data.WhichOneof("data") == "http" else _plain(data)
